import os
from uuid import UUID

import pytest

from vault.crypto.aad import RowBinding
from vault.crypto.keyring import Keyring, KeyUse, TenantKey

ACME = "5e0c7f0a-8f4e-4a43-9d0f-3f1c2a7b9e10"
INITECH = "b8a7c1d2-33aa-4f0b-8a55-90f1e2d3c4b5"
ROW = UUID("7d3f0a9c-1b2d-4e5f-8a6b-0c1d2e3f4a5b")


def new_key(scope: str = ACME, purpose: str = "data", version: int = 1, use: KeyUse = KeyUse.WRAP) -> TenantKey:
    """A tenant key of fresh random bytes."""
    return TenantKey(os.urandom(32), scope=scope, purpose=purpose, version=version, use=use)


@pytest.fixture
def keyring() -> Keyring:
    """Acme's data keys: one, which writes."""
    return Keyring(ACME, "data").with_key(new_key(), active=True)


@pytest.fixture
def binding() -> RowBinding:
    """Where a value of acme's belongs."""
    return RowBinding(ACME, "secrets_secretversion", "payload", ROW, 3)

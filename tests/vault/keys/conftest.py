from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from pytest_django import Settings

from vault.crypto.rootkey import RootKey, generate_root_key_text
from vault.keys import keyrings
from vault.keys.models import WrappedKey
from vault.keys.purposes import KeyState, Purpose
from vault.keys.services import create_tenant_key


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """Every test begins and ends with no keyring and no root key in memory."""
    keyrings.forget()
    yield
    keyrings.forget()


@pytest.fixture
def scope() -> str:
    """The scope of an organization that nobody else has."""
    return str(uuid4())


@pytest.fixture
def use_root_keys(settings: Settings) -> Callable[..., list[RootKey]]:
    """`use_root_keys(text, …)`: from now on these are the root keys of the process, the first wraps."""

    def use(*texts: str) -> list[RootKey]:
        settings.ROOT_KEY, settings.ROOT_KEY_FILE = " ".join(texts), None
        keyrings.forget()
        return [RootKey.from_text(text) for text in texts]

    return use


@pytest.fixture
def root_key_text() -> str:
    """A root key that nothing is wrapped with yet."""
    return generate_root_key_text()


def supersede(scope: str, purpose: Purpose) -> WrappedKey:
    """Put the active key out of writing and make the next version; what rotation will do."""
    active = WrappedKey.objects.filter(scope=scope, purpose=purpose.value, state=KeyState.ACTIVE.value)
    active.update(state=KeyState.DECRYPT_ONLY.value)
    return create_tenant_key(scope=scope, purpose=purpose)

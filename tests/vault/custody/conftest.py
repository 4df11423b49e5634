"""Secrets to keep, and a root key that can take over."""

from collections.abc import Iterator
from typing import Any

import pytest

from orgs.models import Membership, Project
from orgs.roles import Role
from orgs.services import create_project
from tests.cast import Cast, make_person
from vault.crypto.rootkey import RootKey, generate_root_key_text
from vault.keys import keyrings
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.services import create_secret


@pytest.fixture
def stored(cast: Cast) -> list[Secret]:
    """Seven values of acme, `canary 0` to `canary 6`."""
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Website")
    place = project.environments.earliest("position")
    return [
        create_secret(
            actor=cast.alice, environment=place, kind=Kind.VALUE, name=f"NAME_{i}", values={"value": f"canary {i}"}
        )
        for i in range(7)
    ]


@pytest.fixture
def next_root(settings: Any) -> Iterator[RootKey]:
    """A second root key, configured after the one that wraps."""
    text = generate_root_key_text()
    settings.ROOT_KEY = f"{settings.ROOT_KEY} {text}"
    keyrings.forget()
    yield RootKey.from_text(text)
    keyrings.forget()


@pytest.fixture
def second_owner(cast: Cast) -> Membership:
    """Olga, who owns acme beside alice."""
    return Membership.objects.create(organization=cast.acme, user=make_person("Olga"), role=Role.OWNER)

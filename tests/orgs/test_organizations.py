"""Founding and renaming: an organization has a key of its own from the first moment."""

import pytest
from django.core.exceptions import ValidationError

from audit.models import Event
from orgs.models import Membership, Organization
from orgs.permissions import AccessDenied
from orgs.roles import Role
from orgs.services import create_organization, rename_organization
from tests.cast import Cast
from vault.keys.models import WrappedKey


def test_it_makes_the_founder_the_owner_and_creates_a_key(cast: Cast) -> None:
    organization = create_organization(actor=cast.bob, name="  Bob’s   Burgers ")
    assert organization.name == "Bob’s Burgers"
    assert Membership.objects.get(organization=organization).role == Role.OWNER
    key = WrappedKey.objects.get(scope=organization.key_scope)
    event = Event.objects.get(action="organization.created")
    assert event.key_id is not None
    assert bytes(event.key_id) == bytes(key.key_id)
    assert event.organization_id == organization.uid


def test_it_founds_nothing_when_the_event_cannot_be_written(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("orgs.services.organizations.append", fail)
    before = (Organization.objects.count(), WrappedKey.objects.count())
    with pytest.raises(RuntimeError):
        create_organization(actor=cast.bob, name="Nothing")
    assert (Organization.objects.count(), WrappedKey.objects.count()) == before


def test_it_renames_with_one_event(cast: Cast) -> None:
    rename_organization(actor=cast.adam, organization=cast.acme, name="Acme & Co")
    rename_organization(actor=cast.adam, organization=cast.acme, name="Acme & Co")
    assert Event.objects.get().details == {"from": "Acme", "to": "Acme & Co"}


def test_it_refuses_those_who_may_not_rename(cast: Cast) -> None:
    for person in (cast.bob, cast.vera, cast.charlie):
        with pytest.raises(AccessDenied):
            rename_organization(actor=person, organization=cast.acme, name="Mine")


@pytest.mark.parametrize("name", ["", " ", "a" * 101, "a\x00", "\u202eevil", "a\u2066b"])
def test_it_refuses_names_that_cannot_be_shown(cast: Cast, name: str) -> None:
    with pytest.raises(ValidationError):
        create_organization(actor=cast.bob, name=name)
    with pytest.raises(ValidationError):
        rename_organization(actor=cast.alice, organization=cast.acme, name=name)

"""What somebody deletes past the program is missed: at its next use, and at the latest by the hourly verification."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import TOTPDevice, User
from accounts.selectors import authenticator_of as found_authenticator
from audit.actions import Action
from audit.actor import Actor
from audit.models import Event
from orgs.models import ClassPolicy, NetworkPolicy, Project
from orgs.permissions import Permission, decide
from orgs.services import create_project
from orgs.services.networks import add_network
from tests.accounts.doors import code_of, enter_code, sign_in
from tests.cast import Cast, authenticator_of, signed_in_client
from tests.invariants import attacker as sql
from tests.vault.secrets.classified import proof_of
from vault.seals import reporting
from vault.seals.models import Seal
from vault.seals.services import verify_authority

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _untold() -> None:
    """The process has not said anything about these rows within the hour: they are the same in each test."""
    reporting.forget()


def alerts() -> set[tuple[str, str]]:
    events = Event.objects.filter(action=Action.AUTHORITY_SEAL_BROKEN)
    return set(events.values_list("details__model", "details__reason"))


def missed() -> set[str]:
    """What a verification says, by kind."""
    return {fault.kind for fault in verify_authority(actor=Actor.system()).faults}


def delete(row: object, table: str, *, key: str, with_seal: bool) -> None:
    """As somebody with SQL would, with or without the seal."""
    sql.delete(table, **{key: row.pk})  # type: ignore[attr-defined]  # a model
    if with_seal:
        sql.delete("seals_seal", kind=row.seal_kind(), row=row.seal_row())  # type: ignore[attr-defined]  # a sealed one


@pytest.mark.parametrize("with_seal", [False, True], ids=["alone", "with its seal"])
def test_it_misses_an_authenticator(cast: Cast, with_seal: bool) -> None:
    device = authenticator_of(cast.alice)
    code = code_of(device)
    delete(device, "accounts_totpdevice", key="id", with_seal=with_seal)
    client = Client()
    sign_in(client, cast.alice.email)
    enter_code(client, code)
    assert client.get(reverse("accounts:profile")).status_code != 200
    assert ("accounts.totpdevice", "deleted") in alerts()
    assert missed() == ({"seals.tally"} if with_seal else {"accounts.totpdevice"})


def test_nobody_enrols_anew_in_place_of_one_that_is_gone(cast: Cast) -> None:
    client = signed_in_client(cast.alice, verified=False)
    delete(authenticator_of(cast.alice), "accounts_totpdevice", key="id", with_seal=True)
    client.get(reverse("accounts:second_factor_enrol"))
    client.post(reverse("accounts:second_factor_enrol"), {"password": "seven green bicycles"})
    assert not TOTPDevice.objects.filter(user=cast.alice).exists()


def test_it_misses_none_that_somebody_removed_themselves(cast: Cast) -> None:
    device = authenticator_of(cast.alice)
    stale = User.objects.get(pk=cast.alice.pk)
    device.delete()
    alice = User.objects.get(pk=cast.alice.pk)
    alice.has_authenticator = False
    alice.save()
    assert stale.has_authenticator
    assert found_authenticator(stale) is None
    assert alerts() == set()


@pytest.mark.parametrize("with_seal", [False, True], ids=["alone", "with its seal"])
def test_it_misses_a_policy(cast: Cast, with_seal: bool) -> None:
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Website")
    assert decide(cast.bob, Permission.SECRET_REVEAL, project).allowed
    policy = ClassPolicy.objects.get(organization=cast.acme, classification=3)
    delete(policy, "orgs_classpolicy", key="uid", with_seal=with_seal)
    assert not decide(cast.bob, Permission.SECRET_REVEAL, project).allowed
    assert alerts() == {("orgs.classpolicy", "deleted: that of what is critical")}
    assert missed() == ({"seals.tally"} if with_seal else {"orgs.classpolicy"})


@pytest.mark.parametrize("with_seal", [False, True], ids=["alone", "with its seal"])
def test_it_misses_what_says_which_networks_there_are(cast: Cast, with_seal: bool) -> None:
    add_network(actor=cast.alice, organization=cast.acme, cidr="127.0.0.0/8", note="here", proof=proof_of(cast.alice))
    page = reverse("orgs:members", args=[cast.acme.pk])
    assert signed_in_client(cast.bob).get(page).status_code == 200
    policy = NetworkPolicy.objects.get(organization=cast.acme)
    delete(policy, "orgs_networkpolicy", key=policy._meta.pk.attname, with_seal=with_seal)
    assert signed_in_client(cast.bob).get(page).status_code in (403, 404)
    assert ("orgs.networkpolicy", "deleted") in alerts()
    assert missed() == ({"seals.tally"} if with_seal else {"orgs.networkpolicy"})


def test_it_misses_a_network(cast: Cast) -> None:
    """Without its rule the organization would be open to all the world."""
    rule = add_network(
        actor=cast.alice, organization=cast.acme, cidr="127.0.0.0/8", note="here", proof=proof_of(cast.alice)
    )
    page = reverse("orgs:members", args=[cast.acme.pk])
    delete(rule, "orgs_networkrule", key="uid", with_seal=True)
    assert signed_in_client(cast.bob).get(page).status_code in (403, 404)
    assert ("orgs.networkpolicy", "does not fit its networks") in alerts()
    assert missed() == {"seals.tally"}


def test_nothing_is_missed_of_what_is_there(cast: Cast) -> None:
    signed_in_client(cast.bob).get(reverse("orgs:members", args=[cast.acme.pk]))
    assert Seal.objects.exists()
    assert alerts() == set()
    assert missed() == set()

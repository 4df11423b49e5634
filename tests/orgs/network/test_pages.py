"""The pages of networks: what is shown before it is saved, and what it takes to save it."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from orgs.models import NetworkRule
from orgs.services import create_machine
from tests.accounts.doors import code_of
from tests.cast import Cast, authenticator_of
from tests.orgs.network.rules import HOME, NETWORK, OFFICE, let_in

ClientFor = Callable[..., Client]


def url(cast: Cast, name: str = "network_add", *more: object) -> str:
    return reverse(f"orgs:{name}", args=[cast.acme.uid, *more])


def test_it_says_that_people_come_from_anywhere(cast: Cast, client_for: ClientFor) -> None:
    page = client_for(cast.alice, REMOTE_ADDR=OFFICE).get(url(cast, "networks")).content.decode()
    assert "From anywhere" in page
    assert OFFICE in page


def test_it_asks_before_it_saves_and_then_for_a_proof(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.alice, REMOTE_ADDR=OFFICE)
    form = {"cidr": NETWORK, "note": "Office", "machine": ""}
    asked = client.post(url(cast), form)
    assert asked.status_code == 200
    assert "lock yourself out" not in asked.content.decode()
    assert client.post(url(cast), {**form, "confirmed": "yes", "code": "000000"}).status_code == 422
    assert not NetworkRule.objects.exists()
    code = code_of(authenticator_of(cast.alice))
    assert client.post(url(cast), {**form, "confirmed": "yes", "code": code}).status_code == 302
    page = client.get(url(cast, "networks")).content.decode()
    assert NETWORK in page
    assert "Office" in page
    removal = url(cast, "network_remove", NetworkRule.objects.get().uid)
    assert "From anywhere" in client.get(removal).content.decode()
    assert client.post(removal, {"confirmed": "yes"}).status_code == 302  # the proof is fresh
    assert not NetworkRule.objects.exists()


def test_whoever_would_be_outside_types_that_it_is_meant(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.alice, REMOTE_ADDR=HOME)
    form = {"cidr": NETWORK, "note": "", "machine": ""}
    assert "lock yourself out" in client.post(url(cast), form).content.decode()
    code = code_of(authenticator_of(cast.alice))
    answer = client.post(url(cast), {**form, "confirmed": "yes", "code": code, "confirmation": "acme"})
    assert answer.status_code == 422
    assert HOME in answer.content.decode()
    assert not NetworkRule.objects.exists()
    assert client.post(url(cast), {**form, "confirmed": "yes", "confirmation": "Acme"}).status_code == 302
    assert client.get(url(cast, "networks")).status_code == 403
    assert client_for(cast.alice, REMOTE_ADDR=OFFICE).get(url(cast, "networks")).status_code == 200


@pytest.mark.parametrize(
    ("cidr", "said"),
    [
        ("", "Enter an address or a network"),
        ("203.0.113.9/24", "203.0.113.0/24"),
        ("fe80::1%eth0", "Leave out the %"),
        ("x" * 300, "at most 100 characters"),
        ("<script>", "neither an address nor a network"),
    ],
)
def test_it_says_what_is_wrong_at_the_field(cast: Cast, client_for: ClientFor, cidr: str, said: str) -> None:
    answer = client_for(cast.alice).post(url(cast), {"cidr": cidr, "note": "Kept", "machine": ""})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert said in text
    assert "Kept" in text
    assert "<script>" not in text.replace('<script type="module"', "").replace("<script src", "")


def test_a_foreign_machine_is_no_choice(cast: Cast, client_for: ClientFor) -> None:
    foreign = create_machine(actor=cast.charlie, organization=cast.initech, name="Theirs")
    answer = client_for(cast.alice).post(url(cast), {"cidr": NETWORK, "note": "", "machine": str(foreign.uid)})
    assert answer.status_code == 422
    assert "Choose the organization" in answer.content.decode()


def test_a_machine_has_a_list_of_its_own(cast: Cast, client_for: ClientFor) -> None:
    machine = create_machine(actor=cast.alice, organization=cast.acme, name="Deployer")
    client = client_for(cast.alice, REMOTE_ADDR=HOME)
    form = {"cidr": NETWORK, "note": "", "machine": str(machine.uid)}
    assert "about the machine Deployer alone" in client.post(url(cast), form).content.decode()
    code = code_of(authenticator_of(cast.alice))
    client.post(url(cast), {**form, "confirmed": "yes", "code": code})
    assert NetworkRule.objects.get().machine == machine
    page = client.get(url(cast, "networks"))
    assert page.status_code == 200
    assert "Deployer" in page.content.decode()


def test_it_asks_as_often_for_many_as_for_few(cast: Cast, client_for: ClientFor) -> None:
    from django.db import connection

    from tests.statements import Statements

    let_in(cast.alice, cast.acme, NETWORK)
    client = client_for(cast.alice, REMOTE_ADDR=OFFICE)
    client.get(url(cast, "networks"))
    counts = []
    for index in range(2):
        with Statements(connection) as captured:
            assert client.get(url(cast, "networks")).status_code == 200
        counts.append(len(captured))
        let_in(cast.alice, cast.acme, *(f"10.{number}.{index}.0/24" for number in range(5)))
    assert counts[0] == counts[1]

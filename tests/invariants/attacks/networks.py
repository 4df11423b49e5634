"""Gaining access by writing from where an organization can be used."""

from collections.abc import Iterator

from django.urls import reverse

from orgs.models import NetworkRule
from orgs.services.networks import add_network
from tests.cast import Cast, signed_in_client
from tests.invariants import attacker as sql
from tests.invariants.attacks.stage import SEAL, attack
from tests.vault.secrets.classified import proof_of

RULE, POLICY = "orgs_networkrule", "orgs_networkpolicy"
ELSEWHERE = "203.0.113.0/24"


def shut_out(cast: Cast) -> NetworkRule:
    """The organization is used from a network that bob does not come from: its one rule."""
    name, proof = cast.acme.name, proof_of(cast.alice)
    add_network(actor=cast.alice, organization=cast.acme, cidr=ELSEWHERE, confirmation=name, proof=proof)
    assert not gets_in(cast)
    return NetworkRule.objects.get(organization=cast.acme)


def gets_in(cast: Cast) -> bool:
    """Whether bob sees a page of the organization from where he is."""
    page = reverse("orgs:members", args=[cast.acme.pk])
    return signed_in_client(cast.bob).get(page).status_code == 200


@attack("put one's own network in the place of another")
def exchange_network(cast: Cast) -> Iterator[bool]:
    sql.update(RULE, {"uid": shut_out(cast).uid}, cidr="127.0.0.0/8")
    yield gets_in(cast)


@attack("add one's own network")
def add_own_network(cast: Cast) -> Iterator[bool]:
    row = sql.one(RULE, uid=shut_out(cast).uid)
    sql.insert(RULE, row, uid=sql.new_uid(), cidr="127.0.0.0/8")
    yield gets_in(cast)


@attack("delete a network with its seal, so that there is none to come from")
def delete_network(cast: Cast) -> Iterator[bool]:
    rule = shut_out(cast)
    sql.delete(RULE, uid=rule.uid)
    sql.delete(SEAL, kind="orgs.networkrule", row=rule.uid.hex)
    yield gets_in(cast)


@attack("delete the networks with what says which there are, and the seals of both")
def delete_all_networks(cast: Cast) -> Iterator[bool]:
    shut_out(cast)
    for table, kind in ((RULE, "orgs.networkrule"), (POLICY, "orgs.networkpolicy")):
        sql.delete(table, organization_id=cast.acme.uid)
        sql.delete(SEAL, kind=kind, organization_id=cast.acme.uid)
    yield gets_in(cast)


@attack("say that there are no networks")
def clear_policy(cast: Cast) -> Iterator[bool]:
    shut_out(cast)
    sql.delete(RULE, organization_id=cast.acme.uid)
    sql.update(POLICY, {"organization_id": cast.acme.uid}, fingerprint="")
    yield gets_in(cast)

"""Who may change the list, what it takes, and that nobody locks himself out unawares."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.services import Proof
from audit.actions import Action
from audit.actor import Actor
from audit.models import Event
from audit.services import append
from orgs.errors import InvalidNetwork, LockedOut, ProofNeeded
from orgs.models import Membership, NetworkRule
from orgs.networks import MAX_RULES
from orgs.permissions import AccessDenied, Permission, decide
from orgs.roles import Role
from orgs.selectors.networks import rules_in, visitors_outside
from orgs.services import add_network, clear_networks, create_machine, remove_network
from tests.cast import Cast
from tests.harness.roles import as_table_owner
from tests.orgs.network.rules import HOME, NETWORK, OFFICE, let_in, proof_of
from tests.orgs.parallel import in_parallel
from tests.sealing import change, tamper, unguarded

From = Callable[[str | None], AbstractContextManager[None]]


def listed(cast: Cast) -> set[str]:
    rules = rules_in(cast.acme.uid)
    assert rules is not None
    return {rule.cidr for rule in rules}


def test_it_takes_a_fresh_proof_of_the_one_who_acts(cast: Cast) -> None:
    old = Proof(person=cast.alice.pk, at=int(time.time()) - 3600, method="password")
    for proof in (None, old, proof_of(cast.adam)):
        with pytest.raises(ProofNeeded):
            add_network(actor=cast.alice, organization=cast.acme, cidr=NETWORK, proof=proof)
    (rule,) = let_in(cast.alice, cast.acme, NETWORK)
    with pytest.raises(ProofNeeded):
        remove_network(actor=cast.alice, rule=rule)
    assert listed(cast) == {NETWORK}


@pytest.mark.parametrize("who", ["bob", "vera", "charlie"])
def test_it_refuses_whoever_does_not_configure_the_organization(cast: Cast, who: str) -> None:
    actor = getattr(cast, who)
    (rule,) = let_in(cast.alice, cast.acme, NETWORK)
    with pytest.raises(AccessDenied):
        add_network(actor=actor, organization=cast.acme, cidr=HOME, proof=proof_of(actor))
    with pytest.raises(AccessDenied):
        remove_network(actor=actor, rule=rule, proof=proof_of(actor))
    assert listed(cast) == {NETWORK}


def test_a_machine_of_another_organization_is_as_one_that_is_not_there(cast: Cast) -> None:
    foreign = create_machine(actor=cast.charlie, organization=cast.initech, name="Deployer")
    refused = []
    for uid in (foreign.pk, uuid4()):
        with pytest.raises(AccessDenied) as denied:
            add_network(actor=cast.alice, organization=cast.acme, cidr=NETWORK, machine=uid, proof=proof_of(cast.alice))
        refused.append((denied.value.visible, denied.value.decision.because))
    assert refused[0] == refused[1]
    assert not NetworkRule.objects.exists()


def test_a_rule_of_another_organization_is_as_one_that_is_not_there(cast: Cast) -> None:
    (rule,) = let_in(cast.charlie, cast.initech, NETWORK)
    with pytest.raises(AccessDenied):
        remove_network(actor=cast.alice, rule=rule, proof=proof_of(cast.alice))
    rule.organization = cast.acme  # as a form would have it that swaps one of the two ids
    with pytest.raises(AccessDenied):
        remove_network(actor=cast.alice, rule=rule, proof=proof_of(cast.alice))
    assert NetworkRule.objects.count() == 1


def test_it_refuses_one_that_is_there_already_however_it_is_written(cast: Cast) -> None:
    let_in(cast.alice, cast.acme, NETWORK)
    for same in (NETWORK, "::ffff:203.0.113.0/120", " 203.0.113.0/024 "):
        with pytest.raises(InvalidNetwork):
            let_in(cast.alice, cast.acme, same)
    machine = create_machine(actor=cast.alice, organization=cast.acme, name="Deployer")
    let_in(cast.alice, cast.acme, NETWORK, machine=machine)
    with pytest.raises(InvalidNetwork):
        let_in(cast.alice, cast.acme, NETWORK, machine=machine)


def test_there_is_a_limit(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_RULES == 200
    monkeypatch.setattr("orgs.services.networks.MAX_RULES", 2)
    let_in(cast.alice, cast.acme, NETWORK, HOME)
    with pytest.raises(InvalidNetwork):
        let_in(cast.alice, cast.acme, "192.0.2.0/24")


@pytest.mark.parametrize("address", [HOME, "2001:db8::1", None])
def test_nobody_locks_himself_out_unawares(cast: Cast, coming_from: From, address: str | None) -> None:
    proof = proof_of(cast.alice)
    with coming_from(address):
        for typed in ("", "acme", "Acme Ltd"):
            with pytest.raises(LockedOut):
                add_network(actor=cast.alice, organization=cast.acme, cidr=NETWORK, proof=proof, confirmation=typed)
        assert decide(cast.alice, Permission.ORG_VIEW, cast.acme).allowed
        add_network(actor=cast.alice, organization=cast.acme, cidr=NETWORK, proof=proof, confirmation="Acme")
        assert not decide(cast.alice, Permission.ORG_VIEW, cast.acme).allowed
    assert Event.objects.filter(action="network.added").latest("id").details["forced"] is True


def test_to_take_the_own_network_off_locks_out_and_the_last_one_does_not(cast: Cast, coming_from: From) -> None:
    office, home = let_in(cast.alice, cast.acme, NETWORK, HOME)
    proof = proof_of(cast.alice)
    with coming_from(OFFICE):
        with pytest.raises(LockedOut):
            remove_network(actor=cast.alice, rule=office, proof=proof)
        remove_network(actor=cast.alice, rule=home, proof=proof)
        remove_network(actor=cast.alice, rule=office, proof=proof)
    with coming_from("192.0.2.1"):
        assert decide(cast.bob, Permission.ORG_VIEW, cast.acme).allowed


def test_a_list_of_a_machine_locks_no_person_out(cast: Cast, coming_from: From) -> None:
    machine = create_machine(actor=cast.alice, organization=cast.acme, name="Deployer")
    with coming_from(HOME):
        let_in(cast.alice, cast.acme, NETWORK, machine=machine)
        assert decide(cast.alice, Permission.ORG_VIEW, cast.acme).allowed


def test_a_change_does_not_make_genuine_what_somebody_put_there(cast: Cast) -> None:
    (rule,) = let_in(cast.alice, cast.acme, NETWORK)
    tamper(NetworkRule.objects.filter(pk=rule.pk), cidr="0.0.0.0/1")
    with pytest.raises(InvalidNetwork):
        let_in(cast.alice, cast.acme, HOME)
    assert rules_in(cast.acme.uid) is None


def test_the_operator_lets_people_in_again_whatever_was_wrong(cast: Cast, coming_from: From) -> None:
    machine = create_machine(actor=cast.alice, organization=cast.acme, name="Deployer")
    let_in(cast.alice, cast.acme, NETWORK, HOME)
    let_in(cast.alice, cast.acme, NETWORK, machine=machine)
    (theirs,) = let_in(cast.charlie, cast.initech, NETWORK)
    unguarded(NetworkRule.objects.filter(machine=None, cidr=f"{HOME}/32"))._raw_delete(using="default")
    with coming_from(OFFICE):
        assert not decide(cast.alice, Permission.ORG_VIEW, cast.acme).allowed
    assert clear_networks(actor=Actor.system("operator"), organization=cast.acme) == 1
    with coming_from(HOME):
        assert decide(cast.alice, Permission.ORG_VIEW, cast.acme).allowed
    assert listed(cast) == {NETWORK}
    assert rules_in(cast.initech.uid) == [theirs]
    event = Event.objects.latest("id")
    assert (event.action, event.risk, event.details) == ("networks.cleared", "critical", {"removed": 1, "remaining": 1})
    with pytest.raises(TypeError):
        clear_networks(actor=cast.alice.audit_actor, organization=cast.acme)


def test_it_counts_who_was_here_from_outside(cast: Cast, coming_from: From) -> None:
    from orgs.models import Project
    from orgs.services import create_project

    for number, (person, address) in enumerate(
        [(cast.alice, OFFICE), (cast.alice, HOME), (cast.adam, HOME), (cast.alice, "2001:db8::1")]
    ):
        with coming_from(address):
            create_project(
                actor=person, organization=cast.acme, kind=Project.Kind.APPLICATION, name=f"Project {number}"
            )
    found = visitors_outside(cast.acme, [NETWORK])
    assert (found.number, found.wholly, found.more) == (2, 1, 0)
    by_name = {each.membership.user.name: each for each in found.outside}
    assert set(by_name["Alice"].addresses) == {HOME, "2001:db8::1"}
    assert not by_name["Alice"].wholly
    assert by_name["Adam"].wholly
    assert visitors_outside(cast.acme, [NETWORK, "198.51.100.0/24", "2001:db8::/32"]).outside == []
    for person in (cast.alice, cast.adam):  # what they did in the one says nothing about the other
        Membership.objects.create(organization=cast.initech, user=person, role=Role.OWNER)
    assert visitors_outside(cast.initech, [NETWORK]).number == 0
    change(Membership.objects.filter(organization=cast.acme, user=cast.adam), status=Membership.Status.REMOVED)
    assert [each.membership.user for each in visitors_outside(cast.acme, [NETWORK]).outside] == [cast.alice]
    assert Membership.objects.filter(role=Role.OWNER).exists()


def test_it_looks_at_no_more_than_the_latest_and_says_so(
    cast: Cast, coming_from: From, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orgs.services import rename_organization

    for person, address in ((cast.adam, HOME), (cast.alice, HOME), (cast.alice, OFFICE)):
        with coming_from(address):
            rename_organization(actor=person, organization=cast.acme, name=f"Acme {person.name} {address}")
    assert visitors_outside(cast.acme, [NETWORK]).since is None
    monkeypatch.setattr("orgs.selectors.networks.EVENTS_LOOKED_AT", 2)
    found = visitors_outside(cast.acme, [NETWORK])
    assert [each.membership.user for each in found.outside] == [cast.alice]
    assert found.since == Event.objects.filter(organization_id=cast.acme.pk).order_by("-id")[2].occurred_at


def test_the_latest_are_found_by_an_index(cast: Cast) -> None:
    """Among many events of another organization; how few rows are read is up to the planner."""
    event = append(actor=cast.charlie.audit_actor, action=Action.SIGN_IN_SUCCEEDED, organization_id=cast.initech.pk)
    values = {each.attname: getattr(event, each.attname) for each in Event._meta.concrete_fields}
    Event.objects.bulk_create(Event(**values | {"id": None, "uid": uuid4()}) for _ in range(2000))
    with CaptureQueriesContext(connection) as captured:
        visitors_outside(cast.acme, [NETWORK])
    (grouped,) = [each["sql"] for each in captured if "GROUP BY" in each["sql"]]
    if connection.vendor == "postgresql":
        with as_table_owner(), connection.cursor() as cursor:
            cursor.execute("ANALYZE audit_event")
    with connection.cursor() as cursor:
        cursor.execute(("EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN ") + grouped)
        plan = str(cursor.fetchall())
    assert "event_of_organization" in plan, plan


@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_both_count(transactional_cast: Cast) -> None:
    cast = transactional_cast
    raised = in_parallel(
        lambda: let_in(cast.alice, cast.acme, NETWORK),
        lambda: let_in(cast.adam, cast.acme, HOME),
        lambda: let_in(cast.alice, cast.acme, "2001:db8::/48"),
    )
    assert raised == [None, None, None]
    assert listed(cast) == {NETWORK, f"{HOME}/32", "2001:db8::/48"}


@pytest.mark.django_db(transaction=True)
def test_two_who_take_each_the_others_way_in_off_leave_a_list_that_holds(transactional_cast: Cast) -> None:
    cast = transactional_cast
    office, home = let_in(cast.alice, cast.acme, NETWORK, HOME)
    raised = in_parallel(
        lambda: remove_network(actor=cast.alice, rule=office, proof=proof_of(cast.alice)),
        lambda: remove_network(actor=cast.adam, rule=home, proof=proof_of(cast.adam)),
        lambda: remove_network(actor=cast.alice, rule=home, proof=proof_of(cast.alice)),
    )
    assert sum(each is None for each in raised) == 2
    assert listed(cast) == set()

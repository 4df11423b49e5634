"""An organization is not used from outside of its networks, whatever is asked for."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from orgs import services as orgs
from orgs.classification import Classification
from orgs.models import NetworkPolicy, NetworkRule, Organization, Project
from orgs.permissions import Permission, decide, permissions_of, standing_of
from orgs.places import Scope
from orgs.roles import Role
from orgs.selectors import memberships_of, organizations_where, projects_where
from orgs.selectors.networks import organizations_outside
from orgs.services.grants import Terms
from tests.cast import Cast
from tests.orgs.network.rules import HOME, NETWORK, OFFICE, let_in, proof_of
from tests.sealing import change, tamper, unguarded
from vault.seals.models import Seal

From = Callable[[str | None], AbstractContextManager[None]]


def allowed(person: User, organization: Organization) -> bool:
    return decide(person, Permission.ORG_VIEW, organization).allowed


@pytest.mark.parametrize(
    ("address", "lets_in"),
    [
        (OFFICE, True),
        (f"::ffff:{OFFICE}", True),
        (HOME, False),
        ("2001:db8::1", False),
        (None, False),
        ("", False),
    ],
)
def test_it_lets_in_whoever_is_inside(cast: Cast, coming_from: From, address: str | None, lets_in: bool) -> None:
    let_in(cast.alice, cast.acme, NETWORK)
    for person in (cast.alice, cast.adam, cast.bob, cast.vera):
        with coming_from(address):
            assert allowed(person, cast.acme) is lets_in
            assert bool(permissions_of(person, cast.acme)) is lets_in


def test_it_lets_in_everybody_without_rules_and_commands_always(cast: Cast, coming_from: From) -> None:
    with coming_from(None):
        assert allowed(cast.bob, cast.acme)
    let_in(cast.alice, cast.acme, NETWORK)
    assert allowed(cast.bob, cast.acme)


def test_one_of_several_networks_is_enough(cast: Cast, coming_from: From) -> None:
    let_in(cast.alice, cast.acme, NETWORK, "2001:db8::/48", "::ffff:198.51.100.7")
    for address in (OFFICE, HOME, "2001:db8::77"):
        with coming_from(address):
            assert allowed(cast.bob, cast.acme)
    with coming_from("2001:db9::77"):
        assert not allowed(cast.bob, cast.acme)


def test_it_does_not_touch_other_organizations(cast: Cast, coming_from: From) -> None:
    let_in(cast.alice, cast.acme, NETWORK)
    with coming_from(HOME):
        assert allowed(cast.charlie, cast.initech)
        assert not allowed(cast.charlie, cast.acme)


def test_a_member_outside_learns_why_and_a_stranger_nothing(cast: Cast, coming_from: From) -> None:
    project = orgs.create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Shop")
    orgs.restrict_project(actor=cast.alice, project=project)
    let_in(cast.alice, cast.acme, NETWORK)
    with coming_from(HOME):
        member = decide(cast.bob, Permission.ORG_VIEW, cast.acme)
        unseen = decide(cast.bob, Permission.PROJECT_CONFIGURE, project)
        seen = decide(cast.alice, Permission.PROJECT_CONFIGURE, project)
        stranger = decide(cast.charlie, Permission.ORG_VIEW, cast.acme)
    assert (member.allowed, member.visible, member.outside) == (False, True, True)
    assert HOME in member.because
    assert not unseen.allowed
    assert not unseen.visible
    assert not seen.allowed
    assert seen.visible
    assert not stranger.visible
    assert not stranger.outside
    assert HOME not in stranger.because


def test_lists_across_organizations_leave_it_out(cast: Cast, coming_from: From) -> None:
    own = orgs.create_organization(actor=cast.bob, name="Bob's")
    orgs.create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Shop")
    let_in(cast.alice, cast.acme, NETWORK)
    with coming_from(OFFICE):
        assert set(organizations_where(cast.bob, Permission.ORG_VIEW)) == {own, cast.acme}
        assert {each.organization for each in memberships_of(cast.bob)} == {own, cast.acme}
        assert organizations_outside(cast.bob) == []
    with coming_from(HOME):
        assert cast.acme not in set(organizations_where(cast.bob, Permission.ORG_VIEW))
        assert {each.organization for each in memberships_of(cast.bob)} == {own}
        assert not projects_where(cast.bob, Permission.SECRET_LIST).exists()
        assert organizations_outside(cast.bob) == [cast.acme]


def test_a_machine_needs_its_own_list_and_the_organizations(cast: Cast, coming_from: From) -> None:
    machine = orgs.create_machine(actor=cast.alice, organization=cast.acme, name="Deployer")
    other = orgs.create_machine(actor=cast.alice, organization=cast.acme, name="Watcher")
    for each in (machine, other):
        tomorrow = timezone.now() + timedelta(days=1)
        terms = Terms(Scope(cast.acme.uid), ends_at=tomorrow, highest=Classification.CRITICAL)
        orgs.give_grant(actor=cast.alice, subject=each, role=Role.VIEWER, terms=terms)

    def reached(address: str | None) -> tuple[bool, bool]:
        with coming_from(address):
            return decide(machine, Permission.SECRET_LIST, cast.acme).allowed, decide(
                other, Permission.SECRET_LIST, cast.acme
            ).allowed

    assert reached(HOME) == (True, True)
    let_in(cast.alice, cast.acme, "203.0.113.9", machine=machine)
    assert reached(OFFICE) == (True, True)
    assert reached(HOME) == (False, True)
    assert reached(None) == (False, True)
    let_in(cast.alice, cast.acme, "203.0.113.0/25")
    assert reached(OFFICE) == (True, True)
    assert reached("203.0.113.10") == (False, True)
    assert reached(HOME) == (False, False)
    with coming_from(HOME):
        assert not allowed(cast.bob, cast.acme)


def test_questions_about_somebody_else_do_not_ask_from_where(cast: Cast, coming_from: From) -> None:
    let_in(cast.alice, cast.acme, NETWORK)
    with coming_from(HOME):
        assert decide(cast.bob, Permission.ORG_VIEW, cast.acme, here=False).allowed


@pytest.mark.parametrize("deed", ["rule", "rule and seal", "policy", "policy and seal", "all rules", "emptied", "cidr"])
def test_what_sql_takes_away_opens_nothing(cast: Cast, coming_from: From, deed: str) -> None:
    let_in(cast.alice, cast.acme, NETWORK, "198.51.100.0/25")
    rules, policies = (
        unguarded(NetworkRule.objects.all()),
        unguarded(NetworkPolicy.objects.filter(organization=cast.acme)),
    )
    one = rules.filter(cidr=NETWORK)
    if deed == "rule and seal":
        Seal.objects.filter(row=one.get().pk.hex).delete()
    if deed.startswith("rule"):
        one._raw_delete(using="default")
    elif deed == "all rules":
        rules._raw_delete(using="default")
    elif deed == "emptied":
        tamper(policies, fingerprint="")
        rules._raw_delete(using="default")
    elif deed == "cidr":
        tamper(one, cidr="198.51.100.0/24")
    else:
        if deed == "policy and seal":
            Seal.objects.filter(row=policies.get().pk.hex).delete()
        policies._raw_delete(using="default")
    for address in (HOME, OFFICE, "192.0.2.1"):
        with coming_from(address):
            decision = decide(cast.alice, Permission.ORG_VIEW, cast.acme)
            assert not decision.allowed
            assert "access networks" in decision.because
    with coming_from(HOME):
        assert allowed(cast.charlie, cast.initech)


def test_a_rule_that_was_taken_off_cannot_be_exchanged_for_another_by_sql(cast: Cast, coming_from: From) -> None:
    wide, _ = let_in(cast.alice, cast.acme, "198.51.0.0/16", NETWORK)
    kept_row, kept_seal = wide, Seal.objects.get(row=wide.pk.hex)
    orgs.remove_network(actor=cast.alice, rule=wide, proof=proof_of(cast.alice))
    brought = NetworkRule(uid=kept_row.pk, organization=cast.acme, cidr="198.51.0.0/16", created_at=timezone.now())
    brought.save_base(raw=True, force_insert=True)
    kept_seal.pk = None
    kept_seal.save(force_insert=True)
    unguarded(NetworkRule.objects.filter(cidr=NETWORK))._raw_delete(using="default")
    with coming_from(HOME):
        assert not allowed(cast.alice, cast.acme)


def test_it_asks_two_queries_at_most(cast: Cast, coming_from: From, django_assert_max_num_queries: object) -> None:
    let_in(cast.alice, cast.acme, *(f"10.{number}.0.0/16" for number in range(20)), NETWORK)
    with coming_from(OFFICE), django_assert_max_num_queries(3):  # type: ignore[operator]  # a fixture
        standing = standing_of(cast.alice, cast.acme.uid, permissions=(Permission.ORG_VIEW,))
    assert not standing.refusal


def test_the_denial_is_an_event_of_the_organization(cast: Cast, client_for: Callable[..., object]) -> None:
    let_in(cast.alice, cast.acme, NETWORK)
    client = client_for(cast.bob, REMOTE_ADDR=HOME)
    response = client.get(f"/organizations/{cast.acme.uid}/members/")  # type: ignore[attr-defined]  # a client
    assert response.status_code == 403
    text = response.content.decode()
    assert HOME in text
    assert "Alice" in text
    assert "Request access" not in text
    event = Event.objects.filter(action="access.denied").latest("id")
    assert event.organization_id == cast.acme.uid
    assert event.ip == HOME
    assert HOME in event.details["because"]


def test_when_the_list_was_tampered_with_the_page_sends_nobody_to_the_owners(
    cast: Cast, client_for: Callable[..., object]
) -> None:
    let_in(cast.alice, cast.acme, NETWORK)
    unguarded(NetworkRule.objects.all())._raw_delete(using="default")
    response = client_for(cast.bob, REMOTE_ADDR=OFFICE).get(f"/organizations/{cast.acme.uid}/members/")  # type: ignore[attr-defined]  # a client
    assert response.status_code == 403
    text = response.content.decode()
    assert "Tell whoever runs this server" in text
    assert "Alice" not in text


def test_changed_is_at_once(cast: Cast, coming_from: From) -> None:
    (rule,) = let_in(cast.alice, cast.acme, NETWORK)
    with coming_from(HOME):
        assert not allowed(cast.bob, cast.acme)
    orgs.remove_network(actor=cast.alice, rule=rule, proof=proof_of(cast.alice))
    with coming_from(HOME):
        assert allowed(cast.bob, cast.acme)
    assert change(NetworkPolicy.objects.filter(organization=cast.acme), fingerprint="0" * 64) == 1
    with coming_from(OFFICE):
        assert not allowed(cast.bob, cast.acme)

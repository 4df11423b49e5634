"""What somebody leaves behind, by the standings that decide."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from orgs import services as orgs
from orgs.classification import Classification
from orgs.models import Membership
from orgs.permissions import Permission, judge, standings_in
from orgs.permissions.authority import BROAD
from orgs.permissions.loading import authority_in
from orgs.roles import Role
from tests.sealing import change
from tests.statements import Statements
from tests.vault.access.leaving.scenes import Leaving
from vault.access.leaving import left_behind, plan_of
from vault.access.models import RequestedRole
from vault.access.services import ask_for_access, break_glass, name_for_break_glass
from vault.access.services.asking import Wish
from vault.secrets.models import Secret

INTERNAL, SENSITIVE, CRITICAL = Classification


def by_brute_force(leaving: Leaving, person: Membership) -> tuple[set[str], set[str]]:
    """The same, each secret judged for each member."""
    now = timezone.now()
    standings = [
        (subject, standing)
        for subject, standing in standings_in(leaving.cast.acme.uid)
        if isinstance(subject, Membership)
    ]
    alone, managed = set(), set()
    for secret in Secret.objects.select_related("environment").filter(trashed_at__isnull=True):
        readers = [
            subject
            for subject, standing in standings
            if judge(standing, Permission.SECRET_REVEAL, secret.place, at=now).allowed
        ]
        if person.pk not in {reader.pk for reader in readers}:
            continue
        others = [reader for reader in readers if reader.pk != person.pk]
        if not others:
            alone.add(secret.name)
        elif all(Role(reader.role) in BROAD for reader in others) and Role(person.role) not in BROAD:
            managed.add(secret.name)
    return alone, managed


def found(leaving: Leaving, person: Membership) -> tuple[set[str], set[str]]:
    places = left_behind(authority_in(leaving.cast.acme.uid), person, timezone.now())
    return {name for each in places for name in each.alone}, {name for each in places for name in each.managed}


@pytest.mark.parametrize("who", ["alice", "adam", "bob", "vera"])
def test_it_finds_what_a_look_at_everything_finds(leaving: Leaving, who: str) -> None:
    leaving.add("db/url")
    leaving.add("db/key", SENSITIVE)
    leaving.add("top", CRITICAL)
    leaving.grant_to(leaving.member(leaving.cast.vera), path="db/url")
    team = orgs.create_team(actor=leaving.cast.alice, organization=leaving.cast.acme, name="Ops")
    orgs.add_team_members(actor=leaving.cast.alice, team=team, members=[leaving.member(leaving.cast.vera)])
    person = leaving.member(getattr(leaving.cast, who))
    assert found(leaving, person) == by_brute_force(leaving, person)


def test_what_bob_alone_was_granted_is_left_to_owners_and_admins(leaving: Leaving) -> None:
    leaving.add("one")
    leaving.add("two", SENSITIVE)
    bob = leaving.member(leaving.cast.bob)
    assert found(leaving, bob) == (set(), {"one", "two"})
    leaving.grant_to(leaving.member(leaving.cast.vera), path="one")
    assert found(leaving, bob) == (set(), {"two"})


def test_what_somebody_lists_and_does_not_open_is_not_left_behind(leaving: Leaving) -> None:
    leaving.add("db")
    orgs.revoke_grants(actor=leaving.cast.alice, grants=[leaving.grant])
    vera = leaving.member(leaving.cast.vera)
    leaving.grant_to(vera, role=Role.VIEWER)
    assert found(leaving, vera) == (set(), set())


@pytest.mark.parametrize("how", ["deactivated", "ended", "soon over", "names only", "machine", "later"])
def test_company_that_opens_nothing_is_none(leaving: Leaving, how: str) -> None:
    leaving.add("one")
    vera = leaving.member(leaving.cast.vera)
    if how == "machine":
        leaving.grant_to(orgs.create_machine(actor=leaving.cast.alice, organization=leaving.cast.acme, name="CI"))
    else:
        grant = leaving.grant_to(vera, role=Role.VIEWER if how == "names only" else Role.MEMBER)
        if how == "ended":
            change([grant], starts_at=timezone.now() - timedelta(days=2), ends_at=timezone.now() - timedelta(days=1))
        elif how == "soon over":
            change([grant], ends_at=timezone.now() + timedelta(days=6))
        elif how == "later":
            change([grant], starts_at=timezone.now() + timedelta(days=1))
        elif how == "deactivated":
            change([leaving.cast.vera], is_active=False)
    assert found(leaving, leaving.member(leaving.cast.bob)) == (set(), {"one"})


def test_what_needs_approval_is_counted_and_not_handed_over(leaving: Leaving) -> None:
    from orgs.models import ClassPolicy, Grant

    leaving.add("calm")
    leaving.add("top", CRITICAL)
    change(ClassPolicy.objects.filter(organization=leaving.cast.acme, classification=CRITICAL), approvals=1)
    change([leaving.grant], highest=CRITICAL, approvals=1, origin=Grant.Origin.REQUESTED)
    (place,) = plan_of(leaving.cast.acme, leaving.member(leaving.cast.bob)).places
    assert (place.alone, place.managed, place.asking) == (("top",), ("calm",), 1)
    assert [scope.path for scope in place.scopes] == ["calm"]
    assert place.highest is INTERNAL
    assert not place.wider


def test_it_says_when_a_path_gives_more(leaving: Leaving) -> None:
    leaving.add("db")
    leaving.add("db/url")
    leaving.add("other")
    leaving.grant_to(leaving.member(leaving.cast.vera), path="db/url")
    leaving.grant_to(leaving.member(leaving.cast.vera), path="other")
    (place,) = plan_of(leaving.cast.acme, leaving.member(leaving.cast.bob)).places
    assert place.managed == ("db",)
    assert [scope.path for scope in place.scopes] == ["db"]
    assert place.wider


def test_it_names_what_was_theirs_to_look_after(leaving: Leaving) -> None:
    cast, adam = leaving.cast, leaving.member(leaving.cast.adam)
    named = name_for_break_glass(actor=cast.alice, organization=cast.acme, membership=adam.pk)
    break_glass(actor=cast.adam, person=named, reason="Fire")
    given = orgs.give_grant(actor=cast.adam, subject=leaving.member(cast.vera), role=Role.VIEWER, terms=_terms(leaving))
    machine = orgs.create_machine(actor=cast.adam, organization=cast.acme, name="CI")
    team = orgs.create_team(actor=cast.adam, organization=cast.acme, name="Ops")
    both = orgs.create_team(actor=cast.adam, organization=cast.acme, name="Both")
    orgs.add_team_members(actor=cast.alice, team=team, members=[adam])
    orgs.add_team_members(actor=cast.alice, team=both, members=[adam, leaving.member(cast.bob)])
    orgs.invite_member(actor=cast.adam, organization=cast.acme, email="new@example.com", role=Role.VIEWER)
    plan = plan_of(cast.acme, adam)
    assert given in plan.grants
    assert [each.pk for each in plan.namings] == [named.pk]
    assert len(plan.owed) == 1
    assert list(plan.machines) == [machine]
    assert list(plan.teams) == [team]
    assert plan.invitations == 1


def test_it_names_nothing_of_others_and_nothing_that_has_ended(leaving: Leaving) -> None:
    cast, adam = leaving.cast, leaving.member(leaving.cast.adam)
    named = name_for_break_glass(actor=cast.alice, organization=cast.acme, membership=leaving.member(cast.bob).pk)
    break_glass(actor=cast.bob, person=named, reason="Fire")
    wish = Wish(role=RequestedRole.MEMBER, minutes=60, reason="Why not")
    ask_for_access(actor=cast.bob, organization=cast.acme, wish=wish)
    orgs.give_grant(actor=cast.adam, subject=adam, role=Role.VIEWER, terms=_terms(leaving))
    orgs.disable_machine(
        actor=cast.adam, machine=orgs.create_machine(actor=cast.adam, organization=cast.acme, name="CI")
    )
    invited = orgs.invite_member(actor=cast.adam, organization=cast.acme, email="new@example.com", role=Role.VIEWER)
    orgs.revoke_invitation(actor=cast.adam, invitation=invited.invitation)
    late = orgs.invite_member(actor=cast.adam, organization=cast.acme, email="late@example.com", role=Role.VIEWER)
    change([late.invitation], expires_at=timezone.now())
    plan = plan_of(cast.acme, adam)
    assert not any((plan.grants, plan.namings, plan.owed, plan.requests, plan.machines, plan.invitations))
    assert plan_of(cast.acme, leaving.member(cast.bob)).requests


def _terms(leaving: Leaving) -> Any:
    from orgs.places import Scope
    from orgs.services.grants import Terms

    return Terms(Scope(leaving.cast.acme.uid, leaving.hidden.uid))


def test_it_asks_as_often_for_much_as_for_little(leaving: Leaving) -> None:
    bob = leaving.member(leaving.cast.bob)
    leaving.add("first")

    def queries() -> int:
        with Statements(connection) as captured:
            plan_of(leaving.cast.acme, bob)
        return len(captured)

    queries()
    few = queries()
    for number in range(6):
        leaving.add(f"db/{number}")
        machine = orgs.create_machine(actor=leaving.cast.alice, organization=leaving.cast.acme, name=f"m{number}")
        leaving.grant_to(machine, path=f"db/{number}")
    assert queries() == few
    assert few < 25

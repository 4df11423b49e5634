"""Nobody gives, changes or takes away more than they hold: every way to more that we could think of."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import Event
from orgs.classification import Classification
from orgs.errors import BeyondReach, InvalidGrant, InvalidTeam, RoleOutOfReach
from orgs.models import Grant, TeamMembership
from orgs.permissions import AccessDenied, Permission, permissions_of
from orgs.roles import Role
from orgs.services import (
    add_team_members,
    change_grant,
    change_open_role,
    create_machine,
    create_role,
    create_team,
    delete_team,
    disable_machine,
    enable_machine,
    move_team,
    remove_member,
    remove_team_member,
    restrict_project,
    revoke_grants,
    update_role,
)
from tests.orgs.access.authority import Scene
from tests.sealing import change

LIST, REVEAL, GRANTS = Permission.SECRET_LIST, Permission.SECRET_REVEAL, Permission.GRANT_MANAGE


def test_a_manager_of_grants_gives_himself_nothing_more(scene: Scene) -> None:
    """Bob manages grants on Payroll and sees names there, and no more than that."""
    bob = scene.cast.bob
    manager = scene.role(GRANTS, LIST, name="Gatekeeper")
    more = scene.role(GRANTS, LIST, REVEAL, name="Reader")
    scene.give(bob, manager, scene.scope(scene.payroll))
    payroll, team = scene.scope(scene.payroll), scene.team("Bob's", bob)
    attempts: dict[str, Callable[[], object]] = {
        "owner": lambda: scene.give(bob, Role.OWNER, payroll, by=bob),
        "admin": lambda: scene.give(bob, Role.ADMIN, payroll, by=bob),
        "a custom role with more": lambda: scene.give(bob, more, payroll, by=bob),
        "a team he is in": lambda: scene.give(team, more, payroll, by=bob),
        "a machine of his": lambda: scene.give(
            create_machine(actor=scene.cast.alice, organization=scene.acme, name="Runner"), more, payroll, by=bob
        ),
        "a higher class": lambda: scene.give(bob, manager, payroll, by=bob, highest=Classification.SENSITIVE),
    }
    for attempt in attempts.values():
        with pytest.raises((BeyondReach, RoleOutOfReach)):
            attempt()
    for scope in (scene.scope(), scene.scope(scene.website)):
        with pytest.raises(AccessDenied):
            scene.give(bob, manager, scope, by=bob)
    assert permissions_of(bob, scene.payroll) == {Permission.ORG_VIEW, GRANTS, LIST}
    assert Grant.objects.filter(granted_by=bob).count() == 0


def test_he_gives_what_he_has(scene: Scene) -> None:
    manager = scene.role(GRANTS, LIST, name="Gatekeeper")
    scene.give(scene.cast.bob, manager, scene.scope(scene.payroll))
    given = scene.give(scene.cast.vera, manager, scene.scope(scene.payroll), by=scene.cast.bob)
    assert given.granted_by == scene.cast.bob
    narrower = scene.scope(scene.payroll, scene.environment(scene.payroll), "db")
    assert scene.give(scene.cast.vera, manager, narrower, by=scene.cast.bob).path == "db"


def test_owner_is_granted_by_nobody(scene: Scene) -> None:
    for project in (None, scene.website):
        with pytest.raises(RoleOutOfReach):
            scene.give(scene.cast.bob, Role.OWNER, scene.scope(project))


def test_an_admin_does_not_give_what_only_owners_have(scene: Scene) -> None:
    everything = scene.role(*Permission, name="Everything")
    with pytest.raises(BeyondReach) as caught:
        scene.give(scene.cast.adam, everything, by=scene.cast.adam)
    assert caught.value.field == "role"
    assert "delete the organization" in str(caught.value)
    scene.give(scene.cast.adam, everything, by=scene.cast.alice)


def test_a_role_is_never_edited_to_hold_more_than_its_editor_has(scene: Scene) -> None:
    bob = scene.cast.bob
    keeper = scene.role(Permission.ROLE_MANAGE, LIST, name="Keeper of roles")
    scene.give(bob, keeper)
    with pytest.raises(BeyondReach):  # the one that he holds himself
        update_role(
            actor=bob,
            role=keeper,
            name="Keeper of roles",
            permissions=[Permission.ROLE_MANAGE, LIST, REVEAL],
            description="",
        )
    strong = scene.role(LIST, REVEAL, name="Reader")
    with pytest.raises(BeyondReach):  # one that holds more than he has, whatever it is to become
        update_role(actor=bob, role=strong, name="Reader", permissions=[LIST], description="")
    with pytest.raises(BeyondReach):
        create_role(actor=bob, organization=scene.acme, name="Other", permissions=[LIST, REVEAL])


def test_a_role_outlives_whoever_has_access_for_a_time_only(scene: Scene) -> None:
    bob = scene.cast.bob
    keeper = scene.role(Permission.ROLE_MANAGE, name="Keeper")
    scene.give(bob, keeper, ends=timezone.now() + timedelta(days=5))
    with pytest.raises(BeyondReach) as caught:
        create_role(actor=bob, organization=scene.acme, name="Mine", permissions=[Permission.ROLE_MANAGE])
    assert "only until" in str(caught.value)


def test_nobody_extends_his_own_window(scene: Scene) -> None:
    now = timezone.now()
    manager = scene.role(GRANTS, LIST, name="Gatekeeper")
    own = scene.give(scene.cast.bob, manager, scene.scope(scene.payroll), ends=now + timedelta(days=5))
    for ends in (None, now + timedelta(days=5, seconds=1)):
        with pytest.raises(BeyondReach) as caught:
            change_grant(actor=scene.cast.bob, grant=own, starts_at=None, ends_at=ends)
        assert caught.value.field == "ends_at"
        with pytest.raises(BeyondReach):
            scene.give(scene.cast.vera, manager, scene.scope(scene.payroll), by=scene.cast.bob, ends=ends)
    own.refresh_from_db()
    assert own.ends_at == now + timedelta(days=5)
    scene.give(scene.cast.vera, manager, scene.scope(scene.payroll), by=scene.cast.bob, ends=own.ends_at)


def test_a_gap_in_what_the_giver_has_counts(scene: Scene) -> None:
    """Both ends are covered, by two grants, and what lies between is not."""
    now = timezone.now()
    manager = scene.role(GRANTS, LIST, name="Gatekeeper")
    payroll = scene.scope(scene.payroll)
    scene.give(scene.cast.bob, manager, payroll, ends=now + timedelta(days=2))
    scene.give(scene.cast.bob, manager, payroll, starts=now + timedelta(days=5), ends=now + timedelta(days=9))
    with pytest.raises(BeyondReach):
        scene.give(scene.cast.vera, manager, payroll, by=scene.cast.bob, ends=now + timedelta(days=7))
    scene.give(scene.cast.vera, manager, payroll, by=scene.cast.bob, ends=now + timedelta(days=2))


def test_nobody_revokes_more_than_he_has(scene: Scene) -> None:
    manager = scene.role(GRANTS, LIST, name="Gatekeeper")
    payroll = scene.scope(scene.payroll)
    scene.give(scene.cast.bob, manager, payroll)
    theirs = scene.give(scene.cast.vera, Role.MEMBER, payroll)
    mine = scene.give(scene.cast.vera, manager, payroll)
    with pytest.raises(BeyondReach):
        revoke_grants(actor=scene.cast.bob, grants=[mine, theirs])  # all of them, or none
    soon = timezone.now() + timedelta(hours=1)
    with pytest.raises(BeyondReach):  # nor lets it end sooner
        change_grant(actor=scene.cast.bob, grant=theirs, starts_at=None, ends_at=soon)
    for grant in (mine, theirs):
        grant.refresh_from_db()
        assert (grant.revoked_at, grant.ends_at) == (None, None)
    assert revoke_grants(actor=scene.cast.bob, grants=[mine, mine]) == [mine]
    assert Event.objects.filter(action="grant.revoked").count() == 1


def test_a_mixed_batch_of_scopes_changes_nothing(scene: Scene) -> None:
    manager = scene.role(GRANTS, LIST, name="Gatekeeper")
    scene.give(scene.cast.bob, manager, scene.scope(scene.payroll))
    within = scene.give(scene.cast.vera, manager, scene.scope(scene.payroll))
    beyond = scene.give(scene.cast.vera, manager, scene.scope(scene.website))
    before = Event.objects.count()
    with pytest.raises(AccessDenied):
        revoke_grants(actor=scene.cast.bob, grants=[within, beyond])
    within.refresh_from_db()
    assert within.revoked_at is None
    assert Event.objects.count() == before


def test_a_manager_of_teams_brings_nobody_to_more_than_he_has(scene: Scene) -> None:
    bob, vera = scene.cast.bob, scene.cast.vera
    scene.give(bob, scene.role(Permission.TEAM_MANAGE, name="Team lead"))
    strong = scene.team("Operations")
    scene.give(strong, Role.ADMIN, scene.scope(scene.payroll))
    below = scene.team("Night shift", parent=strong)
    harmless = scene.team("Choir")
    attempts: list[Callable[[], object]] = [
        lambda: add_team_members(actor=bob, team=strong, members=[scene.member(bob)]),
        lambda: add_team_members(actor=bob, team=below, members=[scene.member(bob)]),
        lambda: move_team(actor=bob, team=harmless, parent=strong),
        lambda: move_team(actor=bob, team=below, parent=None),
        lambda: delete_team(actor=bob, team=below),
    ]
    add_team_members(actor=bob, team=harmless, members=[scene.member(bob), scene.member(vera)])
    for attempt in attempts:
        with pytest.raises(BeyondReach):
            attempt()
    add_team_members(actor=scene.cast.alice, team=strong, members=[scene.member(vera)])
    with pytest.raises(BeyondReach):
        remove_team_member(actor=bob, team=strong, membership=scene.member(vera))
    assert TeamMembership.objects.filter(membership=scene.member(bob)).count() == 1
    made = create_team(actor=bob, organization=scene.acme, name="Also below", parent=strong)  # nobody is in it
    with pytest.raises(BeyondReach):
        add_team_members(actor=bob, team=made, members=[scene.member(bob)])


def test_a_grant_that_has_not_begun_counts_as_well(scene: Scene) -> None:
    bob = scene.cast.bob
    scene.give(bob, scene.role(Permission.TEAM_MANAGE, name="Team lead"))
    team = scene.team("Operations")
    scene.give(team, Role.ADMIN, scene.scope(scene.payroll), starts=timezone.now() + timedelta(days=1))
    with pytest.raises(BeyondReach):
        add_team_members(actor=bob, team=team, members=[scene.member(bob)])


def test_a_machine_is_stopped_by_anybody_who_manages_machines_and_started_within_reach(scene: Scene) -> None:
    bob = scene.cast.bob
    scene.give(bob, scene.role(Permission.MACHINE_MANAGE, name="Operator"))
    machine = create_machine(actor=bob, organization=scene.acme, name="Deployer")
    scene.give(machine, Role.MEMBER, scene.scope(scene.payroll))
    disable_machine(actor=bob, machine=machine)
    with pytest.raises(BeyondReach):
        enable_machine(actor=bob, machine=machine)
    assert enable_machine(actor=scene.cast.adam, machine=machine).is_active


def test_a_manager_of_members_removes_nobody_who_was_granted_more(scene: Scene) -> None:
    bob, vera = scene.cast.bob, scene.cast.vera
    scene.give(bob, scene.role(Permission.MEMBER_MANAGE, name="People"))
    scene.give(scene.team("Operations", vera), Role.ADMIN, scene.scope(scene.payroll))
    with pytest.raises(BeyondReach):
        remove_member(actor=bob, membership=scene.member(vera))
    remove_member(actor=scene.cast.adam, membership=scene.member(vera))


def test_a_project_is_opened_and_restricted_only_by_those_who_hold_it(scene: Scene) -> None:
    bob = scene.cast.bob
    scene.give(bob, scene.role(GRANTS, LIST, name="Gatekeeper"), scene.scope(scene.payroll))
    for role in (Role.MEMBER, Role.VIEWER):
        with pytest.raises(BeyondReach):
            change_open_role(actor=bob, project=scene.payroll, role=role)
    for actor in (scene.cast.bob, scene.cast.vera):
        with pytest.raises(AccessDenied):
            restrict_project(actor=actor, project=scene.website)
    with pytest.raises(RoleOutOfReach):
        change_open_role(actor=scene.cast.alice, project=scene.payroll, role=Role.ADMIN)


def test_whoever_manages_access_for_a_time_stops_what_lasts_longer(scene: Scene) -> None:
    """And only what they hold at this moment, and nothing else about it."""
    now, bob, vera = timezone.now(), scene.cast.bob, scene.cast.vera
    payroll = scene.scope(scene.payroll)
    manager = scene.role(GRANTS, LIST, name="Gatekeeper")
    scene.give(bob, manager, payroll, ends=now + timedelta(days=5))
    endless, later = scene.give(vera, manager, payroll), scene.give(scene.team("Ops"), manager, payroll)
    change_grant(actor=bob, grant=later, starts_at=None, ends_at=now + timedelta(days=2))
    for ends in (now + timedelta(days=9), None):
        with pytest.raises(BeyondReach):
            change_grant(actor=bob, grant=Grant.objects.get(pk=later.pk), starts_at=None, ends_at=ends)
    assert revoke_grants(actor=bob, grants=[endless])
    above = scene.give(vera, Role.ADMIN, payroll, ends=now + timedelta(days=1))
    with pytest.raises(BeyondReach):
        revoke_grants(actor=bob, grants=[above])


def test_what_others_approved_is_revoked_by_an_owner_and_extended_by_nobody(scene: Scene) -> None:
    ends = timezone.now() + timedelta(hours=8)
    approved = scene.give(scene.cast.bob, Role.MEMBER, scene.scope(scene.payroll), ends=ends)
    change([approved], approvals=2, origin=Grant.Origin.REQUESTED)
    with pytest.raises(InvalidGrant):
        change_grant(actor=scene.cast.alice, grant=approved, starts_at=None, ends_at=ends + timedelta(hours=1))
    change_grant(actor=scene.cast.alice, grant=approved, starts_at=None, ends_at=ends - timedelta(hours=1))
    assert revoke_grants(actor=scene.cast.alice, grants=[approved])


def test_a_team_is_not_nested_twice(scene: Scene) -> None:
    top = scene.team("Top")
    middle = scene.team("Middle", parent=top)
    attempts: list[Callable[[], object]] = [
        lambda: scene.team("Bottom", parent=middle),
        lambda: move_team(actor=scene.cast.alice, team=scene.team("Other"), parent=middle),
        lambda: move_team(actor=scene.cast.alice, team=top, parent=scene.team("Higher")),
        lambda: move_team(actor=scene.cast.alice, team=top, parent=top),
    ]
    for attempt in attempts:
        with pytest.raises(InvalidTeam):
            attempt()

"""Making, changing and deleting teams, roles and machines, and what goes with a member who goes."""

from collections.abc import Callable

import pytest

from audit.models import Event
from orgs.errors import InUse, InvalidTeam, NameTaken, NothingChosen
from orgs.models import CustomRole, Grant, Membership, Team, TeamMembership
from orgs.permissions import AccessDenied, Permission, decide
from orgs.permissions.words import GROUPS, LABELS
from orgs.role_templates import TEMPLATES
from orgs.roles import Role
from orgs.selectors import teams_of
from orgs.services import (
    accept_invitation,
    add_team_members,
    change_open_role,
    create_role,
    create_team,
    delete_role,
    delete_team,
    invite_member,
    leave_organization,
    move_team,
    remove_member,
    remove_team_member,
    restrict_project,
    revoke_grants,
    update_machine,
    update_role,
    update_team,
)
from orgs.services.machines import create_machine, disable_machine
from tests.orgs.access.authority import Scene
from tests.sealing import tamper

LIST = Permission.SECRET_LIST


def newest(action: str) -> Event:
    return Event.objects.filter(action=action).latest("id")


def test_a_team_is_made_renamed_moved_and_deleted(scene: Scene) -> None:
    alice = scene.cast.alice
    parent = scene.team("Engineering")
    team = create_team(actor=alice, organization=scene.acme, name="  Web  team ", description="Pages")
    assert (team.name, team.name_key, team.description) == ("Web team", "web team", "Pages")
    update_team(actor=alice, team=team, name="Web", description="Pages")
    event = newest("team.updated")
    assert event.details == {"from": "Web team", "to": "Web", "description_changed": False}
    move_team(actor=alice, team=team, parent=parent)
    assert newest("team.moved").details == {"from": None, "parent": "Engineering", "parent_id": str(parent.uid)}
    add_team_members(actor=alice, team=team, members=[scene.member(scene.cast.bob)])
    assert newest("team.members_added").details == {
        "names": ["bob@example.com"],
        "subjects": [str(scene.member(scene.cast.bob).uid)],
    }
    with pytest.raises(InUse, match="teams below it: Web"):
        delete_team(actor=alice, team=parent)
    delete_team(actor=alice, team=team)
    delete_team(actor=alice, team=parent)
    assert not Team.objects.exists()
    assert not TeamMembership.objects.exists()


def test_a_team_is_not_deleted_while_its_grants_hold(scene: Scene) -> None:
    team = scene.team("Operations", scene.cast.bob)
    grants = [scene.give(team, role, scene.scope(scene.payroll)) for role in (Role.VIEWER, Role.MEMBER)]
    with pytest.raises(InUse) as caught:
        delete_team(actor=scene.cast.alice, team=team)
    assert "Viewer on Payroll (Operations) and Member on Payroll (Operations)" in str(caught.value)
    revoke_grants(actor=scene.cast.alice, grants=grants)
    delete_team(actor=scene.cast.alice, team=team)
    assert not decide(scene.cast.bob, LIST, scene.payroll, partly=True).allowed


def test_a_name_is_taken_once_in_each_organization(scene: Scene) -> None:
    team, other = scene.team("Operations"), scene.team("Support")
    with pytest.raises(NameTaken):
        scene.team("ＯＰＥＲＡＴＩＯＮＳ")
    with pytest.raises(NameTaken):
        update_team(actor=scene.cast.alice, team=other, name="operations", description="")
    update_team(actor=scene.cast.alice, team=team, name="OPERATIONS", description="")
    create_team(actor=scene.cast.charlie, organization=scene.cast.initech, name="Operations")


def test_a_team_has_members_of_its_own_organization(scene: Scene) -> None:
    team = scene.team("Operations")
    stranger = Membership.objects.get(organization=scene.cast.initech, user=scene.cast.charlie)
    removed = scene.member(scene.cast.vera)
    remove_member(actor=scene.cast.alice, membership=removed)
    for members in ([scene.member(scene.cast.bob), stranger], [removed]):
        with pytest.raises(InvalidTeam):
            add_team_members(actor=scene.cast.alice, team=team, members=members)
    with pytest.raises(NothingChosen):
        add_team_members(actor=scene.cast.alice, team=team, members=[])
    assert not TeamMembership.objects.exists()  # all of them, or nobody


def test_adding_and_removing_twice_changes_nothing(scene: Scene) -> None:
    team = scene.team("Operations")
    bob = scene.member(scene.cast.bob)
    add_team_members(actor=scene.cast.alice, team=team, members=[bob, bob])
    before = Event.objects.count()
    assert add_team_members(actor=scene.cast.alice, team=team, members=[bob]) == []
    remove_team_member(actor=scene.cast.alice, team=team, membership=scene.member(scene.cast.vera))
    assert Event.objects.count() == before
    assert TeamMembership.objects.get().membership == bob
    remove_team_member(actor=scene.cast.alice, team=team, membership=bob)
    remove_team_member(actor=scene.cast.alice, team=team, membership=bob)
    assert Event.objects.count() == before + 1


def test_a_place_that_nobody_here_made_gives_nothing_and_does_not_stand_in_the_way(scene: Scene) -> None:
    team = scene.team("Operations")
    scene.give(team, Role.MEMBER, scene.scope(scene.payroll))
    [place] = add_team_members(actor=scene.cast.alice, team=team, members=[scene.member(scene.cast.vera)])
    tamper(TeamMembership.objects.filter(pk=place.pk), membership=scene.member(scene.cast.bob))
    assert not decide(scene.cast.bob, LIST, scene.payroll, partly=True).allowed
    assert teams_of(scene.acme)[0].members == ()
    assert add_team_members(actor=scene.cast.alice, team=team, members=[scene.member(scene.cast.bob)])
    assert decide(scene.cast.bob, LIST, scene.payroll, partly=True).allowed


def test_a_role_is_made_edited_and_deleted(scene: Scene) -> None:
    alice = scene.cast.alice
    role = create_role(actor=alice, organization=scene.acme, name="Names", permissions=[LIST], description="Sees")
    grant = scene.give(scene.cast.bob, role, scene.scope(scene.payroll))
    assert not decide(scene.cast.bob, Permission.SECRET_WRITE, scene.payroll, partly=True).allowed
    update_role(actor=alice, role=role, name="Writers", permissions=[LIST, Permission.SECRET_WRITE], description="Sees")
    assert decide(scene.cast.bob, Permission.SECRET_WRITE, scene.payroll, partly=True).allowed
    assert newest("role.updated").details == {
        "from": "Names", "to": "Writers", "description_changed": False, "added": 1, "removed": 0,
        "permissions": ["secret:list", "secret:write"],
    }  # fmt: skip
    with pytest.raises(InUse, match="Writers on Payroll"):
        delete_role(actor=alice, role=role)
    revoke_grants(actor=alice, grants=[grant])
    delete_role(actor=alice, role=role)
    assert not CustomRole.objects.exists()
    assert not Grant.objects.filter(pk=grant.pk).exists()
    with pytest.raises(NothingChosen):
        create_role(actor=alice, organization=scene.acme, name="Empty", permissions=[])
    with pytest.raises(ValueError, match="secret:see"):
        create_role(actor=alice, organization=scene.acme, name="New", permissions=["secret:see"])  # type: ignore[list-item]  # what is tested


def test_an_altered_role_gives_nothing_and_cannot_be_worked_with(scene: Scene) -> None:
    role = scene.role(LIST, name="Names")
    scene.give(scene.cast.bob, role, scene.scope(scene.payroll))
    tamper(CustomRole.objects.filter(pk=role.pk), permissions=["secret:list", "secret:reveal"])
    assert not decide(scene.cast.bob, LIST, scene.payroll, partly=True).allowed
    with pytest.raises(AccessDenied):
        update_role(actor=scene.cast.alice, role=role, name="Names", permissions=[LIST], description="")


def test_templates_are_made_of_what_an_admin_may_give(scene: Scene) -> None:
    for template in TEMPLATES:
        create_role(
            actor=scene.cast.adam, organization=scene.acme, name=template.name, permissions=template.permissions
        )
    assert {each.key for each in TEMPLATES} == {"deployment-engineer", "developer", "monitoring", "auditor"}
    for key in ("monitoring", "auditor"):
        template = next(each for each in TEMPLATES if each.key == key)
        assert Permission.SECRET_REVEAL not in template.permissions


def test_every_permission_is_explained_once() -> None:
    explained = [each.permission for group in GROUPS.values() for each in group]
    assert sorted(explained) == sorted(Permission)
    assert set(LABELS) == set(Permission)


def test_a_removed_member_keeps_no_grant_and_no_place(scene: Scene) -> None:
    bob = scene.cast.bob
    grant = scene.give(bob, Role.MEMBER, scene.scope(scene.payroll))
    scene.team("Operations", bob, scene.cast.vera)
    remove_member(actor=scene.cast.adam, membership=scene.member(bob))
    grant.refresh_from_db()
    assert grant.revoked_at is not None
    assert grant.revoked_by == scene.cast.adam
    assert TeamMembership.objects.get().membership == scene.member(scene.cast.vera)
    details = newest("membership.removed").details
    assert (details["grants"], details["teams"]) == (1, 1)
    invitation = invite_member(
        actor=scene.cast.alice, organization=scene.acme, email=bob.email, role=Role.MEMBER
    ).invitation
    accept_invitation(actor=bob, invitation=invitation)  # comes back with nothing of before
    assert not decide(bob, LIST, scene.payroll, partly=True).allowed


def test_whoever_leaves_keeps_nothing_whatever_it_was(scene: Scene) -> None:
    scene.give(scene.cast.bob, scene.role(*Permission, name="Everything"))
    leave_organization(actor=scene.cast.bob, organization=scene.acme)
    assert not Grant.objects.filter(membership__user=scene.cast.bob, revoked_at__isnull=True).exists()


def test_a_disabled_machine_does_nothing(scene: Scene) -> None:
    machine = create_machine(actor=scene.cast.alice, organization=scene.acme, name="Deployer")
    scene.give(machine, Role.MEMBER, scene.scope(scene.payroll))
    assert decide(machine, LIST, scene.payroll, partly=True).allowed
    assert not decide(machine, LIST, scene.website, partly=True).allowed  # open to members, not to machines
    update_machine(actor=scene.cast.alice, machine=machine, name="Deployer", description="Ships")
    disabled = disable_machine(actor=scene.cast.alice, machine=machine)
    assert not decide(disabled, LIST, scene.payroll, partly=True).allowed


def test_those_without_the_permission_are_refused(scene: Scene) -> None:
    bob, acme = scene.cast.bob, scene.acme
    team, role, machine = (
        scene.team("T"),
        scene.role(LIST),
        create_machine(actor=scene.cast.alice, organization=acme, name="M"),
    )
    attempts: list[Callable[[], object]] = [
        lambda: create_team(actor=bob, organization=acme, name="X"),
        lambda: delete_team(actor=bob, team=team),
        lambda: delete_role(actor=bob, role=role),
        lambda: create_machine(actor=bob, organization=acme, name="X"),
        lambda: disable_machine(actor=bob, machine=machine),
        lambda: change_open_role(actor=bob, project=scene.payroll, role=Role.MEMBER),
        lambda: restrict_project(actor=bob, project=scene.website),
        lambda: scene.give(scene.cast.vera, Role.VIEWER, by=bob),
    ]
    for attempt in attempts:
        with pytest.raises(AccessDenied):
            attempt()

"""Gaining access by writing grants, teams, roles, machines and policies."""

from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from orgs.models import ClassPolicy, CustomRole, Grant, Machine, Project, Team, TeamMembership
from orgs.permissions import Permission
from orgs.roles import Role
from orgs.services import create_project
from tests.cast import Cast
from tests.invariants import attacker as sql
from tests.invariants.attacks.stage import GRANT, SOON, attack, may, membership_of
from tests.sealing import change


def closed_project(cast: Cast) -> Project:
    """A project that is open to nobody."""
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Closed")
    change(Grant.objects.filter(project=project, revoked_at=None), revoked_at=timezone.now())
    assert not may(cast.bob, Permission.SECRET_REVEAL, project)
    return project


def grant_for(cast: Cast, project: Project, **fields: Any) -> Grant:
    """A grant for bob, who has it."""
    subject = {"membership": membership_of(cast, cast.bob), "subject_kind": Grant.SubjectKind.MEMBER}
    return Grant.objects.create(
        **{"organization": cast.acme, "role": Role.MEMBER, "project": project, **subject, **fields}
    )


@attack("insert a grant")
def insert_grant(cast: Cast) -> Iterator[bool]:
    project = closed_project(cast)
    grant = grant_for(cast, project)
    row = sql.one(GRANT, uid=grant.uid)
    grant.delete()
    assert not may(cast.bob, Permission.SECRET_REVEAL, project)
    sql.insert(GRANT, row)
    yield may(cast.bob, Permission.SECRET_REVEAL, project)


@attack("open a project to every member")
def insert_everyone_grant(cast: Cast) -> Iterator[bool]:
    project = closed_project(cast)
    everyone = Grant.objects.filter(project=project, subject_kind=Grant.SubjectKind.EVERYONE).get()
    sql.update(GRANT, {"uid": everyone.uid}, revoked_at=None)
    yield may(cast.bob, Permission.SECRET_REVEAL, project)


@attack("prolong a grant whose window is over")
def prolong_grant(cast: Cast) -> Iterator[bool]:
    project = closed_project(cast)
    now = timezone.now()
    grant = grant_for(cast, project, starts_at=now - 2 * SOON, ends_at=now - SOON)
    sql.update(GRANT, {"uid": grant.uid}, ends_at=now + SOON)
    yield may(cast.bob, Permission.SECRET_REVEAL, project)


@attack("begin a grant before its time")
def hasten_grant(cast: Cast) -> Iterator[bool]:
    project = closed_project(cast)
    grant = grant_for(cast, project, starts_at=timezone.now() + SOON)
    sql.update(GRANT, {"uid": grant.uid}, starts_at=timezone.now() - SOON)
    yield may(cast.bob, Permission.SECRET_REVEAL, project)


@attack("take back the end of a grant")
def unrevoke_grant(cast: Cast) -> Iterator[bool]:
    project = closed_project(cast)
    grant = grant_for(cast, project, revoked_at=timezone.now())
    sql.update(GRANT, {"uid": grant.uid}, revoked_at=None)
    yield may(cast.bob, Permission.SECRET_REVEAL, project)


@attack("raise the role of a grant")
def raise_grant(cast: Cast) -> Iterator[bool]:
    project = closed_project(cast)
    grant = grant_for(cast, project, role=Role.VIEWER)
    sql.update(GRANT, {"uid": grant.uid}, role="admin")
    yield may(cast.bob, Permission.SECRET_REVEAL, project)


@attack("widen a grant to the whole organization")
def widen_grant(cast: Cast) -> Iterator[bool]:
    project = closed_project(cast)
    other = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Other")
    grant = grant_for(cast, other)
    sql.update(GRANT, {"uid": grant.uid}, project_id=None)
    yield may(cast.bob, Permission.SECRET_REVEAL, project)


@attack("move a grant to another project")
def move_grant(cast: Cast) -> Iterator[bool]:
    project = closed_project(cast)
    other = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Other")
    grant = grant_for(cast, other)
    sql.update(GRANT, {"uid": grant.uid}, project_id=project.uid)
    yield may(cast.bob, Permission.SECRET_REVEAL, project)


@attack("give a grant to another member")
def give_grant(cast: Cast) -> Iterator[bool]:
    project = closed_project(cast)
    grant = grant_for(cast, project, membership=membership_of(cast, cast.vera))
    sql.update(GRANT, {"uid": grant.uid}, membership_id=membership_of(cast, cast.bob).uid)
    yield may(cast.bob, Permission.SECRET_REVEAL, project)


@attack("raise the highest classification of a grant")
def raise_classification(cast: Cast) -> Iterator[bool]:
    project = closed_project(cast)
    grant = grant_for(cast, project, highest=1)
    assert not may(cast.bob, Permission.SECRET_REVEAL, project)
    sql.update(GRANT, {"uid": grant.uid}, highest=3)
    yield may(cast.bob, Permission.SECRET_REVEAL, project)


def team_grant(cast: Cast, project: Project) -> Team:
    team = Team.objects.create(organization=cast.acme, name="Ops", name_key="ops")
    grant_for(cast, project, team=team, membership=None, subject_kind=Grant.SubjectKind.TEAM)
    return team


@attack("put oneself into a team")
def join_team(cast: Cast) -> Iterator[bool]:
    project = closed_project(cast)
    team = team_grant(cast, project)
    place = TeamMembership.objects.create(organization=cast.acme, team=team, membership=membership_of(cast, cast.bob))
    assert may(cast.bob, Permission.SECRET_REVEAL, project)
    row = sql.one("orgs_teammembership", uid=place.uid)
    place.delete()
    sql.insert("orgs_teammembership", row)
    yield may(cast.bob, Permission.SECRET_REVEAL, project)


@attack("take somebody else's place in a team")
def take_place_in_team(cast: Cast) -> Iterator[bool]:
    project = closed_project(cast)
    team = team_grant(cast, project)
    place = TeamMembership.objects.create(organization=cast.acme, team=team, membership=membership_of(cast, cast.vera))
    sql.update("orgs_teammembership", {"uid": place.uid}, membership_id=membership_of(cast, cast.bob).uid)
    yield may(cast.bob, Permission.SECRET_REVEAL, project)


@attack("put one's own team below another")
def move_team(cast: Cast) -> Iterator[bool]:
    project = closed_project(cast)
    above = team_grant(cast, project)
    mine = Team.objects.create(organization=cast.acme, name="Mine", name_key="mine")
    TeamMembership.objects.create(organization=cast.acme, team=mine, membership=membership_of(cast, cast.bob))
    sql.update("orgs_team", {"uid": mine.uid}, parent_id=above.uid)
    yield may(cast.bob, Permission.SECRET_REVEAL, project)


@attack("add a permission to a role")
def widen_role(cast: Cast) -> Iterator[bool]:
    project = closed_project(cast)
    role = CustomRole.objects.create(
        organization=cast.acme, name="Lister", name_key="lister", permissions=["secret:list"]
    )
    grant_for(cast, project, role="", custom_role=role)
    sql.update("orgs_customrole", {"uid": role.uid}, permissions='["secret:list", "secret:reveal"]')
    yield may(cast.bob, Permission.SECRET_REVEAL, project)


@attack("wake a machine that was disabled")
def wake_machine(cast: Cast) -> Iterator[bool]:
    project = closed_project(cast)
    machine = Machine.objects.create(organization=cast.acme, name="ci", name_key="ci", disabled_at=timezone.now())
    grant_for(cast, project, machine=machine, membership=None, subject_kind=Grant.SubjectKind.MACHINE)
    sql.update("orgs_machine", {"uid": machine.uid}, disabled_at=None)
    yield may(machine, Permission.SECRET_REVEAL, project)


@attack("give a grant to another machine")
def give_machine_grant(cast: Cast) -> Iterator[bool]:
    project = closed_project(cast)
    one, other = (Machine.objects.create(organization=cast.acme, name=name, name_key=name) for name in ("ci", "cd"))
    grant = grant_for(cast, project, machine=one, membership=None, subject_kind=Grant.SubjectKind.MACHINE)
    sql.update(GRANT, {"uid": grant.uid}, machine_id=other.uid)
    yield may(other, Permission.SECRET_REVEAL, project)


def approvals_asked(cast: Cast) -> Project:
    """A project whose class asks for an approval, which bob's grant has not."""
    project = closed_project(cast)
    grant_for(cast, project)
    assert may(cast.bob, Permission.SECRET_REVEAL, project)
    change(ClassPolicy.objects.filter(organization=cast.acme), approvals=1)
    assert not may(cast.bob, Permission.SECRET_REVEAL, project)
    return project


@attack("have a policy ask for no approval")
def loosen_policy(cast: Cast) -> Iterator[bool]:
    project = approvals_asked(cast)
    for policy in ClassPolicy.objects.filter(organization=cast.acme):
        sql.update("orgs_classpolicy", {"uid": policy.uid}, approvals=0)
    yield may(cast.bob, Permission.SECRET_REVEAL, project)


@attack("delete a policy")
def delete_policy(cast: Cast) -> Iterator[bool]:
    project = approvals_asked(cast)
    sql.delete("orgs_classpolicy", organization_id=cast.acme.uid)
    yield may(cast.bob, Permission.SECRET_REVEAL, project)


@attack("say that a grant was approved")
def approve_grant(cast: Cast) -> Iterator[bool]:
    project = approvals_asked(cast)
    grant = Grant.objects.get(membership=membership_of(cast, cast.bob))
    sql.update(GRANT, {"uid": grant.uid}, approvals=2)
    yield may(cast.bob, Permission.SECRET_REVEAL, project)

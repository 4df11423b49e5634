"""What would change: whom a change gives or takes what, before it is saved."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from orgs.classification import Classification
from orgs.models import CustomRole, Environment, Grant, Machine, Membership, Project, Team, TeamMembership
from orgs.permissions import Permission
from orgs.permissions.changes import (
    Change,
    ChangeGrant,
    ChangePolicy,
    ChangeRole,
    DeleteTeam,
    DisableMachine,
    EditRole,
    GiveGrant,
    JoinTeam,
    LeaveTeam,
    NestTeam,
    OpenProject,
    RemoveMember,
    RestrictProject,
    RevokeGrant,
    Together,
)
from orgs.permissions.naming import UNSEEN
from orgs.preview import Changes, Line, preview
from orgs.roles import Role
from orgs.services import create_project
from tests.cast import Cast, make_person
from tests.statements import Statements
from vault.secrets.kinds import Kind
from vault.secrets.services import create_secret


@pytest.fixture
def environment(cast: Cast) -> Environment:
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Shop")
    Grant.objects.filter(project=project).delete()
    environment = project.environments.order_by("position")[0]
    for name in ("db/url", "db/password", "API_KEY"):
        create_secret(actor=cast.alice, environment=environment, kind=Kind.VALUE, name=name, values={"value": "x"})
    return environment


@pytest.fixture
def team(cast: Cast) -> Team:
    return Team.objects.create(organization=cast.acme, name="Ops", name_key="ops")


def grant(cast: Cast, environment: Environment, **fields: Any) -> Grant:
    values = {"role": "member", "project": environment.project, "environment": environment, **fields}
    return Grant(organization=cast.acme, **values)


def member(cast: Cast, user: Any) -> Membership:
    found: Membership = Membership.objects.get(organization=cast.acme, user=user)
    return found


def look(cast: Cast, change: Change) -> Changes:
    return preview(cast.alice, cast.acme, change)


def told(line: Line) -> tuple[str, tuple[str, ...], int | None]:
    return line.where, line.names, line.secrets_in_all


def test_it_counts_what_a_grant_gives_and_nothing_is_saved(cast: Cast, environment: Environment) -> None:
    given = grant(cast, environment, subject_kind="member", membership=member(cast, cast.bob))
    found = look(cast, GiveGrant(given))
    (line,) = found.gains
    assert told(line) == ("Shop / Development", ("Bob",), 3)
    assert line.permissions == (
        Permission.SECRET_LIST, Permission.SECRET_REVEAL, Permission.SECRET_WRITE, Permission.SECRET_DELETE,
    )  # fmt: skip
    assert (found.gaining, found.losing) == (1, 0)
    assert not Grant.objects.filter(pk=given.pk).exists()


def test_it_counts_only_the_secrets_that_were_not_reached_before(cast: Cast, environment: Environment) -> None:
    bob = member(cast, cast.bob)
    grant(cast, environment, subject_kind="member", membership=bob, path="db").save()
    (line,) = look(cast, GiveGrant(grant(cast, environment, subject_kind="member", membership=bob))).gains
    assert told(line) == ("Shop / Development", ("Bob",), 1)


def test_it_finds_that_nobody_gains_what_they_have_by_other_means(cast: Cast, environment: Environment) -> None:
    found = look(cast, GiveGrant(grant(cast, environment, subject_kind="member", membership=member(cast, cast.adam))))
    assert found.nothing


def test_it_says_what_ends_earlier_and_what_ends(cast: Cast, environment: Environment) -> None:
    given = grant(cast, environment, subject_kind="member", membership=member(cast, cast.bob))
    given.save()
    found = look(cast, ChangeGrant(given.pk, {"ends_at": timezone.now() + timedelta(days=1)}))
    assert (found.gaining, found.losing) == (0, 1)
    assert look(cast, RevokeGrant(given.pk)).losses[0].secrets_in_all == 3
    found = look(cast, ChangeGrant(given.pk, {"highest": Classification.INTERNAL}))
    (line,) = found.losses
    assert line.class_labels == ["sensitive", "critical"]


def test_it_follows_teams(cast: Cast, environment: Environment, team: Team) -> None:
    below = Team.objects.create(organization=cast.acme, name="Night", name_key="night")
    TeamMembership.objects.create(organization=cast.acme, team=below, membership=member(cast, cast.vera))
    grant(cast, environment, subject_kind="team", team=team).save()
    bob = member(cast, cast.bob)
    assert look(cast, JoinTeam(team.pk, [bob.pk])).gains[0].names == ("Bob",)
    assert look(cast, NestTeam(below.pk, team.pk)).gains[0].names == ("Vera",)
    TeamMembership.objects.create(organization=cast.acme, team=team, membership=bob)
    assert look(cast, LeaveTeam(team.pk, [bob.pk])).losses[0].names == ("Bob",)
    assert look(cast, DeleteTeam(team.pk)).losses[0].names == ("Bob",)


def test_it_follows_roles_members_machines_and_projects(cast: Cast, environment: Environment) -> None:
    custom = CustomRole.objects.create(
        organization=cast.acme, name="Reader", name_key="reader", permissions=["secret:list"]
    )
    robot = Machine.objects.create(organization=cast.acme, name="ci", name_key="ci")
    given = grant(cast, environment, subject_kind="machine", machine=robot, role="", custom_role=custom)
    given.save()
    (line,) = look(cast, EditRole(custom.pk, {Permission.SECRET_LIST, Permission.SECRET_REVEAL})).gains
    assert (line.names, line.permissions) == (("ci",), (Permission.SECRET_REVEAL,))
    assert look(cast, DisableMachine(robot.pk)).losses[0].names == ("ci",)
    found = look(cast, ChangeRole(member(cast, cast.bob).pk, Role.ADMIN))
    assert found.gains[0].where == "the whole organization"
    assert look(cast, RemoveMember(member(cast, cast.adam).pk)).losses[0].names == ("Adam",)
    opened = grant(cast, environment, subject_kind="everyone")
    opened.environment = None
    names = {name for line in look(cast, OpenProject(opened)).gains for name in line.names}
    assert names == {"Bob", "Vera"}
    opened.save()
    assert look(cast, RestrictProject(environment.project_id)).losing == 2
    assert look(cast, Together((RestrictProject(environment.project_id), OpenProject(opened)))).nothing


def test_it_says_who_loses_a_class_when_its_policy_asks_for_approvals(cast: Cast, environment: Environment) -> None:
    found = look(cast, ChangePolicy(Classification.CRITICAL, 1))
    assert found.gaining == 0
    assert {name for line in found.losses for name in line.names} == {"Alice", "Adam"}
    assert found.losses[0].class_labels == ["critical"]


def test_it_names_no_place_that_the_actor_may_not_list(cast: Cast, environment: Environment) -> None:
    given = grant(cast, environment, subject_kind="member", membership=member(cast, cast.bob))
    (line,) = preview(cast.vera, cast.acme, GiveGrant(given)).gains
    assert (line.where, line.secrets) == (UNSEEN, None)


def test_its_digest_changes_with_whom_it_concerns_and_not_with_time(
    cast: Cast, environment: Environment, team: Team
) -> None:
    def digest(hours: int) -> str:
        ends = timezone.now() + timedelta(hours=hours)
        return look(cast, GiveGrant(grant(cast, environment, subject_kind="team", team=team, ends_at=ends))).digest

    TeamMembership.objects.create(organization=cast.acme, team=team, membership=member(cast, cast.bob))
    before = digest(8)
    assert digest(8) == before
    TeamMembership.objects.create(organization=cast.acme, team=team, membership=member(cast, cast.vera))
    assert digest(8) != before


def test_it_asks_as_often_for_many_as_for_few(cast: Cast, environment: Environment, team: Team) -> None:
    given = GiveGrant(grant(cast, environment, subject_kind="team", team=team))

    def queries() -> int:
        with Statements(connection) as captured:
            look(cast, given)
        return len(captured)

    TeamMembership.objects.create(organization=cast.acme, team=team, membership=member(cast, cast.bob))
    queries()
    few = queries()
    for number in range(12):
        person = make_person(f"More{number}")
        other = Membership.objects.create(organization=cast.acme, user=person, role=Role.MEMBER)
        TeamMembership.objects.create(organization=cast.acme, team=team, membership=other)
        grant(cast, environment, subject_kind="member", membership=other, path="db").save()
    assert queries() == few <= 15
    found = look(cast, given)
    assert found.gaining == 13
    assert sum(line.people for line in found.gains) >= 13

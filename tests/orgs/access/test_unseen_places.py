"""Whoever manages teams or machines, and sees no name in a project, reads nothing of the project there either."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from orgs.errors import InUse
from orgs.models import Machine, Team
from orgs.permissions import Permission
from orgs.roles import Role
from orgs.selectors.listing import environments_where, projects_of, projects_where
from orgs.services import create_machine, delete_team, restrict_project
from tests.orgs.access.authority import Scene
from vault.secrets.kinds import Kind
from vault.secrets.services import create_secret

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]


@pytest.fixture
def manager(scene: Scene) -> User:
    """Bob manages teams and machines, and sees nothing in Payroll."""
    scene.give(scene.cast.bob, scene.role(Permission.TEAM_MANAGE, Permission.MACHINE_MANAGE, name="Manager"))
    return scene.cast.bob


def given(scene: Scene, subject: Team | Machine) -> None:
    payroll = scene.environment(scene.payroll)
    scene.give(subject, Role.MEMBER, scene.scope(scene.payroll, payroll, "salaries"))
    scene.give(subject, Role.MEMBER, scene.scope(scene.website))


@pytest.mark.parametrize("kind", ["team", "machine"])
def test_the_page_says_that_there_is_something_and_not_where(
    scene: Scene, manager: User, client_for: ClientFor, kind: str
) -> None:
    subject: Team | Machine = (
        scene.team("Clerks")
        if kind == "team"
        else create_machine(actor=scene.cast.alice, organization=scene.acme, name="Runner")
    )
    given(scene, subject)
    path = reverse(f"orgs:{kind}", args=[scene.acme.uid, subject.uid])
    page = client_for(manager).get(path).content.decode()
    assert "something that you cannot see" in page
    assert "Website" in page
    assert "Payroll" not in page
    assert "salaries" not in page
    whole = client_for(scene.cast.adam).get(path).content.decode()
    assert "Payroll" in whole
    assert "salaries" in whole


def test_the_team_above_is_told_of_in_the_same_way(scene: Scene, manager: User, client_for: ClientFor) -> None:
    above = scene.team("Finance")
    below = scene.team("Clerks", parent=above)
    given(scene, above)
    page = client_for(manager).get(reverse("orgs:team", args=[scene.acme.uid, below.uid])).content.decode()
    assert "something that you cannot see" in page
    assert "Payroll" not in page


def test_a_refusal_to_delete_names_no_place_either(scene: Scene, manager: User) -> None:
    team = scene.team("Clerks")
    given(scene, team)
    with pytest.raises(InUse) as refused:
        delete_team(actor=manager, team=team)
    assert "Payroll" not in str(refused.value)
    assert "Member on somewhere that you cannot see (Clerks) and Member on Website (Clerks)" in str(refused.value)
    with pytest.raises(InUse, match="Payroll / Production / salaries"):
        delete_team(actor=scene.cast.adam, team=team)


def test_lists_of_projects_and_environments_end_where_the_grant_ends(scene: Scene) -> None:
    vera = scene.cast.vera
    restrict_project(actor=scene.cast.alice, project=scene.website)
    production = scene.environment(scene.payroll)
    for name in ("Production", "Staging"):
        create_secret(
            actor=scene.cast.alice, environment=scene.environment(scene.payroll, name), kind=Kind.VALUE, name="KEY",
            values={"value": "v"},
        )  # fmt: skip
    scene.give(vera, Role.VIEWER, scene.scope(scene.payroll, production))
    [project] = projects_of(vera, scene.acme)
    assert project == scene.payroll
    assert project.secret_count == 1  # type: ignore[attr-defined]  # an annotation
    assert list(project.environments.all()) == [production]
    assert list(projects_where(vera, Permission.SECRET_LIST, [scene.acme.uid])) == [scene.payroll]
    assert list(environments_where(vera, Permission.SECRET_LIST, scene.payroll)) == [production]

"""The pages that say who reaches something, and what somebody reaches."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orgs.models import CustomRole, Environment, Grant, Machine, Membership, Project, Team, TeamMembership
from orgs.roles import Role
from orgs.services import create_project
from tests.cast import Cast, make_person
from tests.sealing import tamper
from tests.statements import Statements
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.services import create_secret, reveal_secret


@pytest.fixture
def environment(cast: Cast) -> Environment:
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Shop")
    Grant.objects.filter(project=project).delete()
    return project.environments.order_by("position")[0]


@pytest.fixture
def secret(cast: Cast, environment: Environment) -> Secret:
    return create_secret(
        actor=cast.alice, environment=environment, kind=Kind.VALUE, name="db/url", values={"value": "x"}
    )


def give(cast: Cast, environment: Environment | None, user: Any = None, **fields: Any) -> Grant:
    values: dict[str, Any] = {"role": "member", "subject_kind": "member"}
    if environment is not None:
        values |= {"project": environment.project, "environment": environment}
    if user is not None:
        values["membership"] = Membership.objects.get(organization=cast.acme, user=user)
    return Grant.objects.create(organization=cast.acme, **{**values, **fields})


def page_of(secret: Secret) -> str:
    return reverse("access:who_secret", args=[secret.organization_id, secret.pk])


def test_it_shows_who_why_until_and_when_last(
    cast: Cast, environment: Environment, secret: Secret, client_for: Callable[..., Client]
) -> None:
    give(cast, environment, cast.bob, ends_at=timezone.now() + timedelta(days=2))
    reveal_secret(actor=cast.bob, secret=secret.pk)
    response = client_for(cast.adam).get(page_of(secret))
    rows = {row.subject.user.name: row for row in response.context["page"].rows}
    assert set(rows) == {"Alice", "Adam", "Bob"}
    assert rows["Bob"].last_at is not None
    assert rows["Alice"].last_at is None
    text = response.content.decode()
    assert "The grant of Member on Shop / Development" in text
    assert "The role Owner" in text
    assert [each["count"] for each in response.context["segments"]] == [3, 0, 0]


def test_it_says_of_those_who_were_looked_for_what_is_missing(
    cast: Cast, secret: Secret, client_for: Callable[..., Client]
) -> None:
    response = client_for(cast.alice).get(page_of(secret), {"q": "vera"})
    assert not response.context["page"].rows
    assert [each.membership.user for each in response.context["unreached"]] == [cast.vera]
    assert b"Because the role Viewer does not include secret:reveal" in response.content


def test_it_finds_pages_and_filters_by_name(cast: Cast, secret: Secret, client_for: Callable[..., Client]) -> None:
    for number in range(35):
        person = make_person(f"Zoe{number:02}")
        Membership.objects.create(organization=cast.acme, user=person, role=Role.ADMIN)
    client = client_for(cast.alice)
    first = client.get(page_of(secret))
    assert len(first.context["page"].rows) == 30
    second = client.get(page_of(secret) + first.context["next_url"])
    names = [row.subject.user.name for page in (first, second) for row in page.context["page"].rows]
    assert names == sorted(names)
    assert len(names) == 37
    assert [row.subject.user.name for row in client.get(page_of(secret), {"q": "zoe07"}).context["page"].rows] == [
        "Zoe07"
    ]


def test_it_shows_teams_and_machines(
    cast: Cast, environment: Environment, secret: Secret, client_for: Callable[..., Client]
) -> None:
    team = Team.objects.create(organization=cast.acme, name="Ops", name_key="ops")
    below = Team.objects.create(organization=cast.acme, name="Night", name_key="night", parent=team)
    for each, user in ((team, cast.bob), (below, cast.vera)):
        membership = Membership.objects.get(organization=cast.acme, user=user)
        TeamMembership.objects.create(organization=cast.acme, team=each, membership=membership)
    give(cast, environment, subject_kind="team", team=team)
    robot = Machine.objects.create(organization=cast.acme, name="ci", name_key="ci")
    give(cast, environment, subject_kind="machine", machine=robot)
    client = client_for(cast.alice)
    teams = client.get(page_of(secret), {"kind": "teams"})
    assert [(row.team, row.members) for row in teams.context["page"].rows] == [(team, 2)]
    assert [each["count"] for each in teams.context["segments"]] == [4, 1, 1]
    machines = client.get(page_of(secret), {"kind": "machines"})
    assert [row.subject for row in machines.context["page"].rows] == [robot]
    for name, uid, words in (
        ("reach_team", team.uid, "What Ops reaches"),
        ("reach_machine", robot.uid, "What ci reaches"),
    ):
        response = client.get(reverse(f"access:{name}", args=[cast.acme.uid, uid]))
        assert words in response.content.decode()
        assert [row.project.name for row in response.context["page"].rows] == ["Shop"]


def test_it_leaves_out_whom_sql_alone_let_in(
    cast: Cast, environment: Environment, secret: Secret, client_for: Callable[..., Client]
) -> None:
    tamper(Membership.objects.filter(user=cast.vera), role=Role.ADMIN)
    names = [row.subject.user.name for row in client_for(cast.alice).get(page_of(secret)).context["page"].rows]
    assert names == ["Adam", "Alice"]


def test_it_asks_as_often_for_many_as_for_few(
    cast: Cast, environment: Environment, secret: Secret, client_for: Callable[..., Client]
) -> None:
    client = client_for(cast.alice)
    give(cast, environment, cast.bob)
    team = Team.objects.create(organization=cast.acme, name="Ops", name_key="ops")
    membership = Membership.objects.get(organization=cast.acme, user=cast.vera)
    TeamMembership.objects.create(organization=cast.acme, team=team, membership=membership)
    give(cast, environment, subject_kind="team", team=team)
    custom = CustomRole.objects.create(
        organization=cast.acme, name="Reader", name_key="reader", permissions=["secret:list", "secret:reveal"]
    )
    give(cast, None, cast.vera, role="", custom_role=custom, project=environment.project)
    urls = [
        page_of(secret),
        reverse("access:who", args=[cast.acme.uid]),
        reverse("access:reach_member", args=[cast.acme.uid, membership.uid]),
    ]
    few = [queries(client, url) for url in urls for _ in range(2)][1::2]
    for number in range(8):
        person = make_person(f"More{number}")
        other = Membership.objects.create(organization=cast.acme, user=person, role=Role.MEMBER)
        TeamMembership.objects.create(organization=cast.acme, team=team, membership=other)
        give(cast, environment, person)
        give(cast, environment, cast.vera)
        create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name=f"P{number}")
    assert [queries(client, url) for url in urls] == few
    assert max(few) < 45


def queries(client: Client, url: str) -> int:
    with Statements(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_everybody_sees_what_they_reach_themselves(
    cast: Cast, environment: Environment, secret: Secret, client_for: Callable[..., Client]
) -> None:
    give(cast, environment, cast.bob, path="db", highest=1)
    membership = Membership.objects.get(organization=cast.acme, user=cast.bob)
    url = reverse("access:reach_member", args=[cast.acme.uid, membership.uid])
    response = client_for(cast.bob).get(url)
    (project,) = response.context["page"].rows
    (reach,) = project.environments
    assert (reach.opened, reach.listed, reach.whole) == (1, 1, False)
    assert "What you reach" in response.content.decode()
    assert client_for(cast.vera).get(url).status_code == 403


def test_it_names_nothing_that_the_asker_may_not_list(
    cast: Cast, environment: Environment, secret: Secret, client_for: Callable[..., Client]
) -> None:
    """Vera gives access in the whole organization, and may list names in none of its projects."""
    custom = CustomRole.objects.create(
        organization=cast.acme, name="Giver", name_key="giver", permissions=["grant:manage"]
    )
    give(cast, None, cast.vera, role="", custom_role=custom)
    give(cast, environment, cast.bob)
    membership = Membership.objects.get(organization=cast.acme, user=cast.bob)
    client = client_for(cast.vera)
    response = client.get(reverse("access:reach_member", args=[cast.acme.uid, membership.uid]))
    assert response.status_code == 200
    assert "Shop" not in response.content.decode()
    assert response.context["hidden"] == 1
    response = client.get(reverse("access:who", args=[cast.acme.uid]))
    assert "Shop" not in response.content.decode()
    assert {row.subject.user.name for row in response.context["page"].rows} == {"Alice", "Adam", "Bob"}
    for name, uid in (
        ("who_secret", secret.pk),
        ("who_environment", environment.pk),
        ("who_project", environment.project_id),
    ):
        assert client.get(reverse(f"access:{name}", args=[cast.acme.uid, uid])).status_code == 404


def test_it_is_linked_from_where_environments_are_shown_for_those_who_may_ask(
    cast: Cast, environment: Environment, secret: Secret, client_for: Callable[..., Client]
) -> None:
    project, staging = environment.project, environment.project.environments.order_by("position")[1]
    links = [reverse("access:who_environment", args=[cast.acme.uid, each.pk]) for each in (environment, staging)]
    matrix = reverse("secrets:project", args=[project.pk])
    for path in (matrix, reverse("orgs:project_settings", args=[project.pk])):
        page = client_for(cast.adam).get(path).content.decode()
        assert all(link in page for link in links)
    give(cast, environment, cast.bob)
    assert "/who/" not in client_for(cast.bob).get(matrix).content.decode()
    give(cast, environment, cast.vera, role="admin")
    page = client_for(cast.vera).get(matrix).content.decode()
    assert [link in page for link in links] == [True, False]
    assert client_for(cast.vera).get(links[0]).status_code == 200

"""A page of many rows asks the database as often as one of few."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from orgs.models import Membership, Project
from orgs.permissions import Permission, decide
from orgs.places import Scope
from orgs.roles import Role
from orgs.services import create_organization, create_project, give_grant, invite_member
from orgs.services.grants import Terms
from tests.cast import Cast, make_person
from tests.statements import Statements


def queries(client: Client, url: str) -> int:
    with Statements(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def fill(cast: Cast, number: int) -> None:
    for index in range(number):
        person = make_person(f"person{index}")
        Membership.objects.create(organization=cast.acme, user=person, role=Role.MEMBER)
        invite_member(actor=cast.adam, organization=cast.acme, email=f"new{index}@example.com", role=Role.VIEWER)
        create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name=f"Project {index}")


@pytest.mark.parametrize("name", ["members", "projects", "activity", "settings"])
def test_it_asks_as_often_for_many_as_for_few(cast: Cast, client_for: Callable[..., Client], name: str) -> None:
    url = reverse(f"orgs:{name}", args=[cast.acme.uid])
    client = client_for(cast.alice)
    fill(cast, 1)
    client.get(url)  # fills what a process keeps: keys, templates
    few = queries(client, url)
    for index in range(1, 8):
        person = make_person(f"more{index}")
        Membership.objects.create(organization=cast.acme, user=person, role=Role.MEMBER)
        invite_member(actor=cast.alice, organization=cast.acme, email=f"more{index}@b.example", role=Role.VIEWER)
        create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name=f"More {index}")
    assert queries(client, url) == few
    assert few < 27


def test_it_asks_as_often_for_many_organizations(cast: Cast, client_for: Callable[..., Client]) -> None:
    client, url = client_for(cast.alice), reverse("orgs:list")
    client.get(url)
    few = queries(client, url)
    for index in range(5):
        create_organization(actor=cast.alice, name=f"Organization {index}")
    assert queries(client, url) == few


@pytest.mark.parametrize("role", [Role.OWNER, Role.MEMBER])
def test_it_decides_in_as_many_queries_for_many_grants_as_for_few(
    cast: Cast, django_assert_max_num_queries: Any, role: Role
) -> None:
    """The membership, places in teams, grants and policies. (Teams and roles of the organization's own take one more
    query each where there are any.)"""
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Website")
    person = cast.alice if role is Role.OWNER else cast.bob
    with django_assert_max_num_queries(4):
        assert decide(person, Permission.SECRET_REVEAL, project).allowed
    fill(cast, 5)
    own = Membership.objects.get(organization=cast.acme, user=cast.bob)
    for environment in project.environments.all():
        terms = Terms(Scope(cast.acme.uid, project.uid, environment.uid))
        give_grant(actor=cast.alice, subject=own, role=Role.ADMIN, terms=terms)
    with django_assert_max_num_queries(4):
        assert decide(person, Permission.SECRET_REVEAL, project).allowed

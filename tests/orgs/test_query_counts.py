"""A page of many rows asks the database as often as one of few."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orgs.models import Membership, Project
from orgs.roles import Role
from orgs.services import create_project, invite_member
from tests.cast import Cast, make_person


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
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
    assert few < 20


def test_it_asks_as_often_for_many_organizations(cast: Cast, client_for: Callable[..., Client]) -> None:
    client, url = client_for(cast.alice), reverse("orgs:list")
    client.get(url)
    few = queries(client, url)
    from orgs.services import create_organization

    for index in range(5):
        create_organization(actor=cast.alice, name=f"Organization {index}")
    assert queries(client, url) == few


def test_it_decides_in_one_query(cast: Cast, django_assert_num_queries: Any) -> None:
    from orgs.permissions import Permission, decide

    with django_assert_num_queries(1):
        decide(cast.bob, Permission.SECRET_REVEAL, cast.acme)

"""The list of who may break the glass names no project of which the reader sees no name."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from orgs.models import Project
from orgs.services import create_project
from tests.vault.access.requests.conftest import Scene
from vault.access.services import name_for_break_glass

pytestmark = pytest.mark.django_db


def test_a_restricted_project_is_named_to_those_who_see_it_and_to_the_person_alone(
    scene: Scene, client_for: Callable[..., Client]
) -> None:
    cast = scene.cast
    payroll = create_project(
        actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Payroll", open_as=None
    )
    name_for_break_glass(
        actor=cast.alice, organization=cast.acme, membership=scene.member(scene.carol).pk, project=payroll.pk
    )
    path = reverse("access:break_glass", args=[cast.acme.uid])
    for reader, told in ((cast.bob, False), (scene.carol, True), (cast.adam, True)):
        page = client_for(reader).get(path).content.decode()
        assert "Carol" in page
        assert ("Payroll" in page) is told
        assert ("Somewhere that you cannot see" in page) is not told

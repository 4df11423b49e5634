"""A page that was open while somebody else deleted what it is about: the answer is that it does not exist."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.models import Event
from orgs.models import Environment, Project
from orgs.permissions import AccessDenied
from orgs.services import (
    create_environment,
    create_project,
    delete_environment,
    delete_project,
    move_environment,
    rename_environment,
    update_project,
)
from tests.cast import Cast

Act = Callable[[User, Environment], object]

ON_ENVIRONMENTS: dict[str, Act] = {
    "rename": lambda actor, place: rename_environment(actor=actor, environment=place, name="Local"),
    "move": lambda actor, place: move_environment(actor=actor, environment=place, up=True),
    "delete": lambda actor, place: delete_environment(actor=actor, environment=place),
}
ON_PROJECTS: dict[str, Act] = {
    "add an environment": lambda actor, place: create_environment(actor=actor, project=place.project, name="Local"),
    "describe": lambda actor, place: update_project(actor=actor, project=place.project, name="Site", description=""),
    "delete the project": lambda actor, place: delete_project(actor=actor, project=place.project),
}


@pytest.fixture
def staging(cast: Cast) -> Environment:
    """As a page that was opened before the deletion holds it."""
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Website")
    return Environment.objects.select_related("project").get(project=project, name="Staging")


@pytest.mark.parametrize("act", ON_ENVIRONMENTS)
def test_it_finds_no_environment_that_was_deleted_meanwhile(act: str, cast: Cast, staging: Environment) -> None:
    delete_environment(actor=cast.adam, environment=Environment.objects.get(pk=staging.pk))
    events = Event.objects.count()
    with pytest.raises(AccessDenied) as refused:
        ON_ENVIRONMENTS[act](cast.alice, staging)
    assert not refused.value.visible
    assert Event.objects.count() == events


@pytest.mark.parametrize("act", ON_ENVIRONMENTS | ON_PROJECTS)
def test_it_finds_no_project_that_was_deleted_meanwhile(act: str, cast: Cast, staging: Environment) -> None:
    delete_project(actor=cast.adam, project=Project.objects.get(pk=staging.project_id))
    with pytest.raises(AccessDenied) as refused:
        (ON_ENVIRONMENTS | ON_PROJECTS)[act](cast.alice, staging)
    assert not refused.value.visible


def test_it_answers_an_address_whose_project_is_gone_with_404(cast: Cast, client_for: Callable[..., Client]) -> None:
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Website")
    address = reverse("orgs:project_delete", args=[project.pk])
    client = client_for(cast.alice)
    assert client.post(address).status_code == 302
    assert client.post(address).status_code == 404

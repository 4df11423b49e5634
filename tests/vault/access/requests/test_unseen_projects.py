"""Whoever may act in all of the organization, and not see the names in a project, cannot tell it from a missing one."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import User
from orgs.models import Project
from orgs.permissions import AccessDenied, Permission
from orgs.services import create_project
from tests.vault.access.requests.conftest import Scene
from vault.access.models import BreakGlassPerson, Campaign
from vault.access.services import begin_review, name_for_break_glass

pytestmark = pytest.mark.django_db

BLIND = (Permission.ORG_DELETE, Permission.MEMBER_MANAGE, Permission.GRANT_MANAGE)


@pytest.fixture
def blind(scene: Scene) -> User:
    """Carol, who may name for break-glass and begin reviews, and has no right to list."""
    scene.grant(scene.carol, scene.role("Blind", *BLIND), project=None)
    return scene.carol


@pytest.fixture
def hidden(scene: Scene) -> Project:
    return create_project(
        actor=scene.cast.alice,
        organization=scene.cast.acme,
        kind=Project.Kind.APPLICATION,
        name="Payroll",
        open_as=None,
    )


def _name(scene: Scene, actor: User, project: UUID | None) -> BreakGlassPerson:
    member = scene.member(scene.cast.bob).pk
    return name_for_break_glass(actor=actor, organization=scene.cast.acme, membership=member, project=project)


def _begin(scene: Scene, actor: User, project: UUID | None) -> Campaign:
    return begin_review(
        actor=actor,
        organization=scene.cast.acme,
        name="Quarter",
        reviewers=[scene.member(each).pk for each in (scene.cast.alice, scene.olga)],
        due_at=timezone.now() + timedelta(days=7),
        project=project,
    )


@pytest.mark.parametrize("act", [_name, _begin], ids=["naming", "reviewing"])
def test_it_takes_a_project_whose_names_one_sees(act: object, scene: Scene, blind: User, hidden: Project) -> None:
    assert callable(act)
    with pytest.raises(AccessDenied) as refused:
        act(scene, blind, hidden.pk)
    assert not refused.value.visible
    assert act(scene, blind, scene.project.pk).project == scene.project
    assert act(scene, scene.cast.alice, hidden.pk).project == hidden

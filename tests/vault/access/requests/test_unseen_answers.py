"""What is asked for and done in a project is nothing for those who answer in another one, or see nothing of it."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone

from orgs.models import Project
from orgs.permissions import AccessDenied, Permission
from orgs.services import create_project
from tests.vault.access.requests.conftest import Scene
from vault.access.models import AccessRequest, BreakGlassUse
from vault.access.selectors.break_glass import named_in, seen_uses, use_for
from vault.access.selectors.requests import request_for, seen_by, waiting_for
from vault.access.services import break_glass, deny_request, end_break_glass, name_for_break_glass, review_break_glass

pytestmark = pytest.mark.django_db


@dataclass
class Hidden:
    """A request and a use of bob's in a project of which he lists the names, and hardly anybody else."""

    scene: Scene
    project: Project
    request: AccessRequest
    use: BreakGlassUse


@pytest.fixture
def hidden(scene: Scene) -> Hidden:
    cast = scene.cast
    project = create_project(
        actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Payroll", open_as=None
    )
    scene.grant(cast.bob, scene.role("Names", Permission.SECRET_LIST), project=project)
    request = scene.ask(environment=None, project=project.pk)
    named = name_for_break_glass(
        actor=cast.alice, organization=cast.acme, membership=scene.member(cast.bob).pk, project=project.pk
    )
    return Hidden(scene, project, request, break_glass(actor=cast.bob, person=named, reason="Fire"))


def test_whoever_answers_in_another_project_sees_neither(hidden: Hidden) -> None:
    scene = hidden.scene
    scene.approver(scene.carol)
    theirs = scene.ask()
    here: Any = (scene.carol, scene.cast.acme, timezone.now())
    assert seen_by(*here) == [theirs]
    assert waiting_for(*here) == [theirs]
    assert seen_uses(*here) == []
    scene.approver(scene.carol, project=hidden.project)
    here = (scene.carol, scene.cast.acme, timezone.now())
    assert set(seen_by(*here)) == {theirs, hidden.request}
    assert seen_uses(*here) == [hidden.use]
    for fetch, row in ((request_for, hidden.request), (use_for, hidden.use)):
        assert fetch(scene.carol, scene.cast.acme, row.pk) == row
        with pytest.raises(AccessDenied):
            fetch(scene.cast.vera, scene.cast.acme, row.pk)


def test_to_act_on_them_tells_nothing_to_whoever_sees_nothing_of_it(hidden: Hidden) -> None:
    for actor in (hidden.scene.carol, hidden.scene.cast.charlie):
        acts: list[Any] = [
            lambda who=actor: deny_request(actor=who, request=hidden.request, reason="No"),
            lambda who=actor: end_break_glass(actor=who, use=hidden.use),
            lambda who=actor: review_break_glass(
                actor=who, use=hidden.use, verdict=BreakGlassUse.Verdict.ABUSE, words="No"
            ),
        ]
        for act in acts:
            with pytest.raises(AccessDenied) as refused:
                act()
            assert not refused.value.visible
    hidden.use.refresh_from_db()
    assert hidden.use.is_owed


def test_whoever_left_and_came_back_is_not_among_the_named(hidden: Hidden) -> None:
    scene = hidden.scene
    assert [each.membership.user for each in named_in(scene.cast.acme.pk)] == [scene.cast.bob]
    scene.comes_back(scene.cast.bob)
    assert named_in(scene.cast.acme.pk) == []

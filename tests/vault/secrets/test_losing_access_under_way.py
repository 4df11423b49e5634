"""Somebody loses access between the check of a reveal and the opening: never is a value opened after that is committed.

Each way to lose it runs in the middle of a reveal, which it must wait for, and a reveal runs in the middle of each way,
for the end of which the reveal must wait.
"""

from collections.abc import Callable
from typing import Any

import pytest

from audit.actions import Action
from audit.models import Event
from audit.services import append
from orgs.classification import Classification
from orgs.demands import Demands
from orgs.models import Project
from orgs.permissions import AccessDenied, Permission
from orgs.roles import Role
from orgs.services import (
    change_member_role,
    change_policy,
    classify_environment,
    remove_member,
    remove_team_member,
    restrict_project,
    revoke_grants,
    update_role,
)
from tests.cast import Cast
from tests.orgs.access.authority import Scene, make_scene
from tests.orgs.parallel import one_inside_the_other, uncommitted
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.services import create_secret, reveal_secret, revealing, update_secret

pytestmark = pytest.mark.django_db(transaction=True)

Act = Callable[[], object]


def grant_revoked(scene: Scene, project: Project) -> Act:
    grant = scene.give(scene.cast.bob, Role.MEMBER, scene.scope(project))
    return lambda: revoke_grants(actor=scene.cast.alice, grants=[grant])


def taken_out_of_a_team(scene: Scene, project: Project) -> Act:
    team = scene.team("Ops", scene.cast.bob)
    scene.give(team, Role.MEMBER, scene.scope(project))
    return lambda: remove_team_member(actor=scene.cast.alice, team=team, membership=scene.member(scene.cast.bob))


def role_holds_less(scene: Scene, project: Project) -> Act:
    role = scene.role(Permission.SECRET_LIST, Permission.SECRET_REVEAL)
    scene.give(scene.cast.bob, role, scene.scope(project))
    less = [Permission.SECRET_LIST]
    return lambda: update_role(actor=scene.cast.alice, role=role, name=role.name, permissions=less, description="")


def class_of_the_place_raised(scene: Scene, project: Project) -> Act:
    scene.give(scene.cast.bob, Role.MEMBER, scene.scope(project), highest=Classification.INTERNAL)
    place = project.environments.earliest("position")
    return lambda: classify_environment(
        actor=scene.cast.alice, environment=place, classification=Classification.SENSITIVE
    )


def _edited(scene: Scene, **changes: Any) -> Act:
    secret = Secret.objects.get()
    given: dict[str, Any] = {
        "name": secret.name,
        "description": "",
        "tags": [],
        "values": {},
        "base_version": secret.version,
    }
    return lambda: update_secret(actor=scene.cast.alice, secret=secret, **(given | changes))


def class_of_the_secret_raised(scene: Scene, project: Project) -> Act:
    scene.give(scene.cast.bob, Role.MEMBER, scene.scope(project), highest=Classification.INTERNAL)
    return _edited(scene, classification=Classification.SENSITIVE)


def renamed_out_of_a_path(scene: Scene, project: Project) -> Act:
    place = project.environments.earliest("position")
    scene.give(scene.cast.bob, Role.MEMBER, scene.scope(project, place, "db"))
    return _edited(scene, name="mail/KEY")


def approvals_asked_for(scene: Scene, project: Project) -> Act:
    scene.give(scene.cast.bob, Role.MEMBER, scene.scope(project))
    return lambda: change_policy(
        actor=scene.cast.alice,
        organization=scene.acme,
        classification=Classification.INTERNAL,
        demands=Demands(approvals=1),
    )


def project_restricted(scene: Scene, project: Project) -> Act:
    return lambda: restrict_project(actor=scene.cast.alice, project=project)


def made_a_viewer(scene: Scene, project: Project) -> Act:
    return lambda: change_member_role(actor=scene.cast.alice, membership=scene.member(scene.cast.bob), role=Role.VIEWER)


def removed(scene: Scene, project: Project) -> Act:
    return lambda: remove_member(actor=scene.cast.alice, membership=scene.member(scene.cast.bob))


# What bob has is a grant in a project that is restricted, or that the project is open.
BY_GRANT = [
    grant_revoked, taken_out_of_a_team, role_holds_less, class_of_the_place_raised, class_of_the_secret_raised,
    renamed_out_of_a_path, approvals_asked_for,
]  # fmt: skip
BY_OPENNESS = [project_restricted, made_a_viewer, removed]
every_way = pytest.mark.parametrize("way", [*BY_GRANT, *BY_OPENNESS], ids=lambda way: way.__name__)


def scene_of(cast: Cast, way: Any) -> tuple[Secret, Act]:
    """A secret that bob may open, and what takes that away."""
    scene = make_scene(cast)
    project = scene.payroll if way in BY_GRANT else scene.website
    secret = create_secret(
        actor=cast.alice,
        environment=project.environments.earliest("position"),
        kind=Kind.VALUE,
        name="db/KEY",
        values={"value": "canary"},
    )
    lose = way(scene, project)
    assert reveal_secret(actor=cast.bob, secret=secret.pk)["value"] == "canary"
    return secret, lose


def reveals() -> list[int]:
    return list(Event.objects.filter(action=Action.SECRET_REVEALED).order_by("id").values_list("id", flat=True))


@every_way
def test_it_waits_for_a_reveal_that_was_allowed(
    way: Any, transactional_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, lose = scene_of(transactional_cast, way)
    before = len(reveals())

    def reveal(stand_still: Act) -> None:
        def appended(**values: Any) -> Event:
            stand_still()  # it is decided, and nothing is written or shown yet
            return append(**values)

        monkeypatch.setattr(revealing, "append", appended)
        assert reveal_secret(actor=transactional_cast.bob, secret=secret.pk)["value"] == "canary"

    order = one_inside_the_other(reveal, lose)
    assert order == (None, None, True)
    assert len(reveals()) == before + 1
    assert Event.objects.latest("id").pk > reveals()[-1]  # the loss is written after it
    with pytest.raises(AccessDenied):
        reveal_secret(actor=transactional_cast.bob, secret=secret.pk)


@every_way
def test_a_reveal_waits_for_it_and_shows_nothing(way: Any, transactional_cast: Cast, reads: list[bool]) -> None:
    secret, lose = scene_of(transactional_cast, way)
    before = reveals()
    reads.clear()

    order = one_inside_the_other(
        uncommitted(lose), lambda: reveal_secret(actor=transactional_cast.bob, secret=secret.pk)
    )
    assert order.first is None
    assert isinstance(order.other, AccessDenied)
    assert order.waited
    assert False not in reads  # an edit reads within its transaction, and a reveal after its own
    assert reveals() == before

"""What is given while what it is about changes: each waits for the other, and is judged by what has become of it."""

from collections.abc import Callable
from typing import Any

import pytest

from audit.actor import Actor
from orgs.errors import BeyondReach, InUse
from orgs.models import Grant
from orgs.permissions import AccessDenied, Permission
from orgs.roles import Role
from orgs.services import (
    add_team_members,
    change_member_role,
    delete_project,
    delete_role,
    delete_team,
    remove_member,
    update_role,
)
from tests.cast import Cast
from tests.orgs.access.authority import Scene, make_scene
from tests.orgs.parallel import one_inside_the_other, uncommitted
from vault.seals.services import verify_authority

pytestmark = pytest.mark.django_db(transaction=True)

Act = Callable[[], object]
SOME, MORE = [Permission.SECRET_LIST], [Permission.SECRET_LIST, Permission.ORG_DELETE]


def role_and_more_in_it(scene: Scene) -> tuple[Act, Act]:
    """The owner puts into a role what the admin, who gives it at that moment, has not."""
    role = scene.role(*SOME)
    return (
        lambda: update_role(actor=scene.cast.alice, role=role, name=role.name, permissions=MORE, description=""),
        lambda: scene.give(scene.cast.bob, role, scene.scope(scene.payroll), by=scene.cast.adam),
    )


def role_and_its_end(scene: Scene) -> tuple[Act, Act]:
    role = scene.role(*SOME)
    return (
        lambda: delete_role(actor=scene.cast.alice, role=role),
        lambda: scene.give(scene.cast.bob, role, scene.scope(scene.payroll), by=scene.cast.adam),
    )


def team_and_its_end(scene: Scene) -> tuple[Act, Act]:
    team = scene.team("Ops")
    return (
        lambda: delete_team(actor=scene.cast.alice, team=team),
        lambda: scene.give(team, Role.VIEWER, scene.scope(scene.payroll), by=scene.cast.adam),
    )


def place_in_a_team_and_the_end_of_the_team(scene: Scene) -> tuple[Act, Act]:
    team, bob = scene.team("Ops"), scene.member(scene.cast.bob)
    return (
        lambda: delete_team(actor=scene.cast.alice, team=team),
        lambda: add_team_members(actor=scene.cast.adam, team=team, members=[bob]),
    )


def project_and_its_end(scene: Scene) -> tuple[Act, Act]:
    return (
        lambda: delete_project(actor=scene.cast.alice, project=scene.payroll),
        lambda: scene.give(scene.cast.bob, Role.VIEWER, scene.scope(scene.payroll), by=scene.cast.adam),
    )


def member_and_their_removal(scene: Scene) -> tuple[Act, Act]:
    bob = scene.member(scene.cast.bob)
    return (
        lambda: remove_member(actor=scene.cast.alice, membership=bob),
        lambda: scene.give(scene.cast.bob, Role.VIEWER, scene.scope(scene.payroll), by=scene.cast.adam),
    )


def giver_and_their_demotion(scene: Scene) -> tuple[Act, Act]:
    adam = scene.member(scene.cast.adam)
    return (
        lambda: change_member_role(actor=scene.cast.alice, membership=adam, role=Role.VIEWER),
        lambda: scene.give(scene.cast.bob, Role.VIEWER, scene.scope(scene.payroll), by=scene.cast.adam),
    )


WAYS: list[Any] = [
    role_and_more_in_it, role_and_its_end, team_and_its_end, place_in_a_team_and_the_end_of_the_team,
    project_and_its_end, member_and_their_removal, giver_and_their_demotion,
]  # fmt: skip
every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


@every_way
def test_giving_waits_for_a_change_and_is_refused(way: Any, transactional_cast: Cast) -> None:
    scene = make_scene(transactional_cast)
    given = Grant.objects.count()
    changing, giving = way(scene)
    order = one_inside_the_other(uncommitted(changing), giving)
    assert (order.first, order.waited) == (None, True)
    assert isinstance(order.other, BeyondReach | AccessDenied)
    assert Grant.objects.count() <= given


@every_way
def test_a_change_waits_for_what_is_given(way: Any, transactional_cast: Cast) -> None:
    """Then it knows of it: what is in use is not deleted, and what somebody was given ends with them."""
    scene = make_scene(transactional_cast)
    changing, giving = way(scene)
    order = one_inside_the_other(uncommitted(giving), changing)
    assert (order.first, order.waited) == (None, True)
    in_use = way in (role_and_its_end, team_and_its_end)
    assert isinstance(order.other, InUse) if in_use else order.other is None
    if way is member_and_their_removal:
        assert not Grant.objects.filter(membership__user=transactional_cast.bob, revoked_at=None).exists()
    assert not verify_authority(actor=Actor.system()).faults

"""A role that does nothing with secrets can be granted for good; it does not begin to, past what the policies allow."""

from datetime import timedelta

import pytest
from django.utils import timezone

from orgs.classification import Classification
from orgs.errors import InUse
from orgs.models import CustomRole
from orgs.permissions import Permission
from orgs.services import change_grant, update_role
from tests.orgs.access.authority import Scene

pytestmark = pytest.mark.django_db


def edit(scene: Scene, role: CustomRole, *permissions: Permission) -> CustomRole:
    return update_role(
        actor=scene.cast.adam, role=role, name=role.name, permissions=permissions, description=role.description
    )


def test_the_longest_grant_is_not_passed_by_an_edit(scene: Scene) -> None:
    role = scene.role(Permission.ORG_VIEW)
    grant = scene.give(scene.cast.bob, role, highest=Classification.CRITICAL)
    with pytest.raises(InUse, match="hold longer than the policies allow"):
        edit(scene, role, Permission.ORG_VIEW, Permission.SECRET_REVEAL)
    role.refresh_from_db()
    assert role.permissions == ["org:view"]
    ends = timezone.now() + timedelta(days=29)
    change_grant(actor=scene.cast.alice, grant=grant, starts_at=None, ends_at=ends)
    assert edit(scene, role, Permission.ORG_VIEW, Permission.SECRET_REVEAL).permissions == ["org:view", "secret:reveal"]


def test_one_without_a_limit_is_edited(scene: Scene) -> None:
    role = scene.role(Permission.ORG_VIEW)
    scene.give(scene.cast.bob, role, highest=Classification.INTERNAL)
    assert "secret:list" in edit(scene, role, Permission.ORG_VIEW, Permission.SECRET_LIST).permissions

"""A role that others approved an access of does not come to hold more while that access holds."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from orgs.classification import Classification
from orgs.errors import InUse
from orgs.models import CustomRole
from orgs.permissions import Permission, decide
from orgs.services import update_role
from tests.vault.access.requests.conftest import HOUR, Scene
from vault.access.models import RequestedRole
from vault.access.services import approve_request, break_glass, name_for_break_glass
from vault.secrets.models import Secret

pytestmark = pytest.mark.django_db
LISTER = {Permission.SECRET_LIST}
READER = LISTER | {Permission.SECRET_REVEAL}


def edit(scene: Scene, role: CustomRole, permissions: set[Permission]) -> CustomRole:
    return update_role(actor=scene.cast.adam, role=role, name=role.name, permissions=permissions, description="")


def critical(scene: Scene) -> Secret:
    Secret.objects.get(pk=scene.secret.pk)
    scene.policy(Classification.CRITICAL, approvals=2)
    scene.secret.classification = Classification.CRITICAL
    scene.secret.save(update_fields=["classification"])
    return scene.secret


def test_the_right_to_names_that_two_approved_does_not_become_the_right_to_values(scene: Scene) -> None:
    secret = critical(scene)
    role = scene.role("Lister", *LISTER, Permission.SECRET_WRITE)
    wanted = {"role": RequestedRole.CUSTOM, "custom_role": role.uid, "highest": Classification.CRITICAL}
    request = scene.ask(scene.cast.adam, **wanted)
    for owner in (scene.cast.alice, scene.olga):
        request = approve_request(actor=owner, request=request)
    assert not decide(scene.cast.adam, Permission.SECRET_REVEAL, secret).allowed
    with pytest.raises(InUse, match="agreed"):
        edit(scene, role, READER | {Permission.SECRET_WRITE})
    assert not decide(scene.cast.adam, Permission.SECRET_REVEAL, secret).allowed


def test_the_role_can_come_to_hold_less_be_renamed_and_hold_more_once_that_access_has_ended(scene: Scene) -> None:
    role = scene.role("Lister", *READER)
    request = scene.ask(role=RequestedRole.CUSTOM, custom_role=role.uid, minutes=HOUR)
    approve_request(actor=scene.cast.alice, request=request)
    assert edit(scene, role, LISTER).permissions == ["secret:list"]
    with pytest.raises(InUse, match="agreed"):
        edit(scene, role, READER)
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        assert len(edit(scene, role, READER).permissions) == 2


def test_break_glass_reads_and_does_nothing_else_whoever_edits_its_role(scene: Scene) -> None:
    person = name_for_break_glass(
        actor=scene.cast.alice, organization=scene.cast.acme, membership=scene.member(scene.cast.bob).pk
    )
    use = break_glass(actor=scene.cast.bob, person=person, reason="Night")
    assert use.grant is not None
    assert use.grant.custom_role is not None
    with pytest.raises(InUse, match="agreed"):
        edit(scene, use.grant.custom_role, READER | {Permission.SECRET_EXPORT})

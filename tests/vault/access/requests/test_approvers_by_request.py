"""Who may approve because they asked for that answers others, in requests and after break-glass."""

import pytest
from django.utils import timezone

from orgs.permissions import Permission
from tests.vault.access.requests.conftest import Scene
from vault.access.models import RequestedRole
from vault.access.selectors.break_glass import why_not_review
from vault.access.services import approve_request, break_glass, name_for_break_glass

pytestmark = pytest.mark.django_db


def test_a_right_that_somebody_asked_for_themselves_counts_for_what_others_do(scene: Scene) -> None:
    cast = scene.cast
    role = scene.role("Approver", Permission.REQUEST_APPROVE)
    asked = scene.ask(scene.carol, role=RequestedRole.CUSTOM, custom_role=role.pk, environment=None, highest=3)
    assert approve_request(actor=cast.alice, request=asked).grant is not None
    assert approve_request(actor=scene.carol, request=scene.ask()).grant is not None
    named = name_for_break_glass(actor=cast.alice, organization=cast.acme, membership=scene.member(cast.bob).pk)
    used = break_glass(actor=cast.bob, person=named, reason="Fire")
    assert why_not_review(scene.carol, used, timezone.now()) == ""

"""What changed between the moment at which it was listed and the one at which its turn came, and what is of others."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orgs.services import remove_member
from tests.sealing import change
from tests.vault.access.requests.conftest import Scene
from vault.access.models import AccessRequest
from vault.access.selectors.break_glass import named_in
from vault.access.services import break_glass, deny_request, keeping, name_for_break_glass, retire_names

pytestmark = pytest.mark.django_db


def test_housekeeping_leaves_a_request_that_was_answered_meanwhile(scene: Scene) -> None:
    request = scene.ask()
    deny_request(actor=scene.cast.alice, request=request, reason="No")
    assert not keeping._expire(request.pk, scene.cast.acme.pk)
    request.refresh_from_db()
    assert request.status == AccessRequest.Status.DENIED


def test_housekeeping_retires_one_and_leaves_the_others(scene: Scene) -> None:
    cast = scene.cast
    for person in (cast.bob, scene.carol):
        name_for_break_glass(actor=cast.alice, organization=cast.acme, membership=scene.member(person).pk)
    gone = scene.member(cast.bob)
    remove_member(actor=cast.alice, membership=gone)
    change([gone], joined_at=timezone.now())
    assert retire_names() == 1
    assert [each.membership.user for each in named_in(cast.acme.pk)] == [scene.carol]


def test_the_reviews_of_others_are_not_owed_to_somebody(scene: Scene, client_for: Callable[..., Client]) -> None:
    cast = scene.cast
    named = {
        person: name_for_break_glass(actor=cast.alice, organization=cast.acme, membership=scene.member(person).pk)
        for person in (cast.bob, scene.carol)
    }
    break_glass(actor=scene.carol, person=named[scene.carol], reason="Fire")
    url = reverse("access:break_glass_break", args=[cast.acme.pk, named[cast.bob].pk])
    assert client_for(cast.bob).get(url).context["owed"] == 0

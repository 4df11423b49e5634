"""What support staff see of organizations."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import Event
from orgs.models import Invitation, Membership, Organization, Project
from tests.cast import Cast
from tests.orgs.places import make_places

MODELS = [Organization, Membership, Invitation, Project]


@pytest.mark.parametrize("model", MODELS)
def test_it_shows_metadata_and_no_token(
    cast: Cast, client_for: Callable[..., Client], model: type[Organization]
) -> None:
    make_places(cast.alice, cast.acme, cast.vera)
    name = model._meta.model_name
    client = client_for(cast.sam)
    row = model.objects.all()[0]
    macs = [bytes(mac) for mac in Invitation.objects.values_list("token_mac", flat=True)]
    for url in (
        reverse(f"admin:orgs_{name}_changelist"),
        reverse(f"admin:orgs_{name}_changelist") + "?q=acme",
        reverse(f"admin:orgs_{name}_change", args=[row.pk]),
    ):
        page = client.get(url)
        assert page.status_code == 200
        assert not any(mac.hex().encode() in page.content or mac in page.content for mac in macs)
    assert Event.objects.filter(actor_id=str(cast.sam.uid)).count() == 3


@pytest.mark.parametrize("lookup", ["token_mac__startswith=a", "token_mac=a", "invited_by__password__startswith=a"])
def test_it_answers_no_question_about_a_token(cast: Cast, client_for: Callable[..., Client], lookup: str) -> None:
    make_places(cast.alice, cast.acme, cast.vera)
    page = client_for(cast.sam).get(reverse("admin:orgs_invitation_changelist") + f"?{lookup}")
    assert page.status_code in {302, 400, 404}

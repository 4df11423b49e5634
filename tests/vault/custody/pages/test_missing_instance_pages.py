"""What the pages about the instance have no page for."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import Cast
from vault.custody import services
from vault.custody.services.authority import OPERATOR
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, KeyState, Purpose

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]


@pytest.mark.parametrize("word", ["data", "nothing", "TOKEN"])
def test_it_has_no_page_for_other_purposes(cast: Cast, client_for: ClientFor, word: str) -> None:
    assert client_for(cast.alice).get(f"/instance/keys/{word}/rotate/").status_code == 404


def test_it_shows_an_organizations_operation_on_the_organizations_pages_alone(
    cast: Cast, client_for: ClientFor
) -> None:
    operation = services.start_verification(actor=OPERATOR, scope=cast.acme.key_scope)
    client = client_for(cast.alice)
    assert client.get(reverse("custody:instance_operation", args=[operation.uid])).status_code == 404
    assert client.post(reverse("custody:instance_advance", args=[operation.uid])).status_code == 404
    assert client.get(reverse("custody:operation", args=[cast.acme.uid, operation.uid])).status_code == 200


def test_it_has_none_for_a_purpose_whose_key_is_gone(cast: Cast, client_for: ClientFor) -> None:
    client, address = client_for(cast.alice), reverse("custody:instance_rotate", args=["sign"])
    assert client.get(address).status_code == 200
    keys = WrappedKey.objects.filter(scope=SYSTEM_SCOPE, purpose=Purpose.SIGN)
    keys.update(state=KeyState.DECRYPT_ONLY)
    assert client.get(address).status_code == 404

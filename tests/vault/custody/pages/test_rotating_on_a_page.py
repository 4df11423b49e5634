"""Rotating an organization's key on its page: proof, the new key, and the values that move while somebody looks."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Instance, TOTPDevice
from audit.models import Event
from tests.cast import PASSWORD, Cast
from tests.sealing import change
from tests.vault.custody.pages.proofs import JSON, key_states, only_operation, right, wrong
from vault.custody.kinds import OperationKind, OperationState
from vault.custody.models import KeyOperation
from vault.keys.models import WrappedKey
from vault.keys.purposes import KeyState
from vault.secrets.models import Secret
from vault.secrets.services import reveal_secret

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]


@pytest.fixture
def address(cast: Cast) -> str:
    return reverse("custody:rotate", args=[cast.acme.uid])


def states(cast: Cast) -> list[tuple[int, str]]:
    keys = WrappedKey.objects.filter(scope=cast.acme.key_scope).order_by("version")
    return list(keys.values_list("version", "state"))


def test_it_says_what_happens_before_it_does(
    cast: Cast, client_for: ClientFor, address: str, stored: list[Secret]
) -> None:
    text = client_for(cast.alice).get(address).content.decode()
    assert "Version 2, a new random key" in text
    assert "Nobody notices anything" in text
    assert f"<dd>{len(stored)}</dd>" in text


@pytest.mark.parametrize("data", [{}, {"code": "12"}, {"password": PASSWORD}])
def test_it_rotates_nothing_without_proof(
    cast: Cast, client_for: ClientFor, address: str, data: dict[str, str]
) -> None:
    before = key_states()
    assert client_for(cast.alice).post(address, data).status_code == 422
    assert key_states() == before
    assert not KeyOperation.objects.exists()


def test_it_rotates_nothing_with_a_wrong_code_and_says_so_in_the_log(
    cast: Cast, client_for: ClientFor, address: str
) -> None:
    before = key_states()
    answer = client_for(cast.alice).post(address, wrong(cast.alice))
    assert answer.status_code == 422
    assert "This code is not valid" in answer.content.decode()
    assert key_states() == before
    assert Event.objects.filter(action="second_factor.failed", details__door="step_up").count() == 1


def test_it_takes_no_code_twice(cast: Cast, client_for: ClientFor, address: str) -> None:
    client, proof = client_for(cast.alice), right(cast.alice)
    assert client.post(address, proof).status_code == 302
    assert client.post(address, proof).status_code == 422
    assert states(cast) == [(1, "decrypt_only"), (2, "active")]


def test_it_moves_every_value_and_retires_the_old_key(
    cast: Cast, client_for: ClientFor, address: str, stored: list[Secret]
) -> None:
    client = client_for(cast.adam)
    answer = client.post(address, right(cast.adam))
    operation = only_operation()
    assert answer["Location"] == reverse("custody:operation", args=[cast.acme.uid, operation.uid])
    assert states(cast) == [(1, "decrypt_only"), (2, "active")]
    assert operation.kind == OperationKind.REWRAP
    advance = reverse("custody:advance", args=[cast.acme.uid, operation.uid])
    assert advance in client.get(answer["Location"]).content.decode()
    progress = client.post(advance, headers=JSON).json()
    assert progress["ended"]
    assert (progress["done"], progress["percent"]) == (len(stored), 100)
    assert progress["sentence"] == f"All {len(stored)} values are under the new key."
    assert states(cast) == [(1, "retired"), (2, "active")]
    for number, secret in enumerate(stored):
        assert reveal_secret(actor=cast.alice, secret=secret.pk)["value"] == f"canary {number}"
    assert "Retired, since nothing is left" in client.get(answer["Location"]).content.decode()


def test_it_works_without_a_script(cast: Cast, client_for: ClientFor, address: str, stored: list[Secret]) -> None:
    client = client_for(cast.alice)
    page = client.post(address, right(cast.alice))["Location"]
    assert "Go on" in client.get(page).content.decode()
    answer = client.post(reverse("custody:advance", args=[cast.acme.uid, only_operation().uid]))
    assert (answer.status_code, answer["Location"]) == (302, page)
    assert only_operation().state == OperationState.DONE
    assert "Back to the keys" in client.get(page).content.decode()


def test_it_asks_for_the_password_where_there_is_no_authenticator(
    cast: Cast, client_for: ClientFor, address: str
) -> None:
    change(Instance, second_factor_required=False)
    client = client_for(cast.alice, verified=False)
    TOTPDevice.objects.filter(user=cast.alice).delete()
    assert client.post(address, {"password": "not it at all"}).status_code == 422
    assert client.post(address, {"password": PASSWORD}).status_code == 302
    assert states(cast) == [(1, "decrypt_only"), (2, "active")]


def test_it_stops_guessing(cast: Cast, client_for: ClientFor, address: str) -> None:
    client, guess = client_for(cast.alice), wrong(cast.alice)
    statuses = [client.post(address, guess).status_code for _ in range(12)]
    assert statuses[0] == 422
    assert statuses[-1] == 429


def test_it_finds_the_work_that_is_under_way(
    cast: Cast, client_for: ClientFor, address: str, stored: list[Secret]
) -> None:
    client = client_for(cast.alice)
    first = client.post(address, right(cast.alice))["Location"]
    keys = client.get(reverse("custody:keys", args=[cast.acme.uid])).content.decode()
    assert "Values are moving to the new key" in keys
    assert first in keys
    assert WrappedKey.objects.filter(scope=cast.acme.key_scope, state=KeyState.ACTIVE).count() == 1

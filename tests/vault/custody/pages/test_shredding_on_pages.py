"""The end of an organization's keys: typed, proved, agreed to by another owner, and said on every page."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from orgs.models import Membership
from tests.cast import Cast
from tests.vault.custody.pages.proofs import key_states, right, wrong
from vault.custody.models import ShredRequest
from vault.custody.services import approve_shred, request_shred
from vault.secrets.models import Secret

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]


@pytest.fixture
def olga(second_owner: Membership) -> User:
    return second_owner.user


@pytest.fixture
def asked(cast: Cast, olga: User) -> ShredRequest:
    return request_shred(actor=olga, organization=cast.acme, confirmation="Acme")


def approval(cast: Cast, request: ShredRequest) -> str:
    return reverse("custody:shred_approve", args=[cast.acme.uid, request.uid])


def test_an_owner_asks_and_nothing_is_destroyed_yet(cast: Cast, client_for: ClientFor, olga: User) -> None:
    client, before = client_for(cast.alice), key_states()
    answer = client.post(reverse("custody:shred", args=[cast.acme.uid]), {"confirmation": "Acme", **right(cast.alice)})
    assert answer["Location"] == reverse("custody:keys", args=[cast.acme.uid])
    assert key_states() == before
    asked = ShredRequest.objects.get()
    assert asked.requested_by == cast.alice
    text = client.get(answer["Location"]).content.decode()
    assert "It takes another owner to agree." in text
    assert approval(cast, asked) not in text
    assert approval(cast, asked) in client_for(olga).get(answer["Location"]).content.decode()


@pytest.mark.parametrize("typed", ["", "acme", "Initech"])
def test_it_wants_the_name_typed(cast: Cast, client_for: ClientFor, olga: User, typed: str) -> None:
    answer = client_for(cast.alice).post(
        reverse("custody:shred", args=[cast.acme.uid]), {"confirmation": typed, **right(cast.alice)}
    )
    assert answer.status_code == 422
    assert not ShredRequest.objects.exists()


def test_it_wants_proof(cast: Cast, client_for: ClientFor, olga: User) -> None:
    address = reverse("custody:shred", args=[cast.acme.uid])
    for proof in ({}, wrong(cast.alice)):
        assert client_for(cast.alice).post(address, {"confirmation": "Acme", **proof}).status_code == 422
    assert not ShredRequest.objects.exists()


def test_it_says_so_when_there_is_nobody_to_agree(cast: Cast, client_for: ClientFor) -> None:
    answer = client_for(cast.alice).post(
        reverse("custody:shred", args=[cast.acme.uid]), {"confirmation": "Acme", **right(cast.alice)}
    )
    assert answer.status_code == 422
    assert not ShredRequest.objects.exists()


def test_another_owner_agrees_and_every_page_says_what_happened(
    cast: Cast, client_for: ClientFor, asked: ShredRequest, stored: list[Secret]
) -> None:
    client = client_for(cast.alice)
    said = "The keys of Acme were destroyed"
    home = reverse("secrets:list", args=[cast.acme.uid])
    assert said not in client.get(home).content.decode()
    assert 'name="when" value="now"' in client.get(approval(cast, asked)).content.decode()
    answer = client.post(approval(cast, asked), {"confirmation": "Acme", "when": "now", **right(cast.alice)})
    assert answer["Location"] == reverse("custody:keys", args=[cast.acme.uid])
    states = {state for scope, _, _, state in key_states() if scope == cast.acme.key_scope}
    assert states == {"destroyed"}
    for name in ("custody:keys", "secrets:list", "orgs:members", "orgs:settings"):
        assert said in client.get(reverse(name, args=[cast.acme.uid])).content.decode(), name
    assert said not in client_for(cast.charlie).get(reverse("secrets:list", args=[cast.initech.uid])).content.decode()
    keys = client.get(reverse("custody:keys", args=[cast.acme.uid])).content.decode()
    assert reverse("custody:rotate", args=[cast.acme.uid]) not in keys
    assert client.get(reverse("custody:rotate", args=[cast.acme.uid])).status_code == 302
    assert client.post(reverse("custody:verify", args=[cast.acme.uid])).status_code == 302


def test_another_owner_agrees_and_leaves_it_to_the_operator(
    cast: Cast, client_for: ClientFor, asked: ShredRequest
) -> None:
    client, before = client_for(cast.alice), key_states()
    assert 'name="when" value="later"' in client.get(approval(cast, asked)).content.decode()
    answer = client.post(approval(cast, asked), {"confirmation": "Acme", "when": "later", **right(cast.alice)})
    assert key_states() == before
    said = client.get(answer["Location"]).content.decode()
    assert "can now be destroyed by the operator" in said
    assert "manage.py keys shred --org acme" in said
    call_command("keys", "shred", "--org", "acme", "--confirm", "Acme", "--json", stdout=StringIO())
    states = {state for scope, _, _, state in key_states() if scope == cast.acme.key_scope}
    assert states == {"destroyed"}


@pytest.mark.parametrize("choice", [{}, {"when": ""}, {"when": "sometime"}, {"when": ["now", "later"]}, {"later": "1"}])
def test_nothing_is_destroyed_without_a_choice(
    cast: Cast, client_for: ClientFor, asked: ShredRequest, choice: dict[str, str | list[str]]
) -> None:
    before = key_states()
    answer = client_for(cast.alice).post(approval(cast, asked), {"confirmation": "Acme", **right(cast.alice), **choice})
    assert answer.status_code == 422
    assert "Choose with one of the buttons when the keys are destroyed." in answer.content.decode()
    assert key_states() == before
    asked.refresh_from_db()
    assert asked.approved_at is None


def test_a_forgotten_choice_does_not_spend_the_code(cast: Cast, client_for: ClientFor, asked: ShredRequest) -> None:
    client, proof = client_for(cast.alice), {"confirmation": "Acme", **right(cast.alice)}
    assert client.post(approval(cast, asked), proof).status_code == 422
    assert client.post(approval(cast, asked), {**proof, "when": "later"}).status_code == 302


def test_the_safer_choice_is_the_one_that_enter_takes(cast: Cast, client_for: ClientFor, asked: ShredRequest) -> None:
    text = client_for(cast.alice).get(approval(cast, asked)).content.decode()
    assert text.index('name="when" value="later"') < text.index('name="when" value="now"')


def test_it_wants_proof_of_the_other_owner_too(cast: Cast, client_for: ClientFor, asked: ShredRequest) -> None:
    before = key_states()
    client = client_for(cast.alice)
    assert client.get(approval(cast, asked)).status_code == 200
    for data in ({}, {"confirmation": "Acme"}, {"confirmation": "Acme", **wrong(cast.alice)}, right(cast.alice)):
        assert client.post(approval(cast, asked), {"when": "now", **data}).status_code == 422
    assert key_states() == before


def test_nobody_agrees_with_himself(cast: Cast, client_for: ClientFor, asked: ShredRequest, olga: User) -> None:
    before = key_states()
    answer = client_for(olga).post(approval(cast, asked), {"confirmation": "Acme", "when": "now", **right(olga)})
    assert answer.status_code == 302
    assert key_states() == before


def test_nobody_agrees_to_what_has_ended(cast: Cast, client_for: ClientFor, asked: ShredRequest) -> None:
    ShredRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    before = key_states()
    answer = client_for(cast.alice).post(
        approval(cast, asked), {"confirmation": "Acme", "when": "now", **right(cast.alice)}
    )
    assert answer.status_code == 302
    assert key_states() == before


def test_any_owner_withdraws_it(cast: Cast, client_for: ClientFor, asked: ShredRequest) -> None:
    client = client_for(cast.alice)
    client.post(reverse("custody:shred_cancel", args=[cast.acme.uid, asked.uid]))
    asked.refresh_from_db()
    assert asked.cancelled_at is not None
    assert "Withdrawn" in client.get(reverse("custody:keys", args=[cast.acme.uid])).content.decode()


def test_it_says_since_when_to_everybody(cast: Cast, client_for: ClientFor, asked: ShredRequest) -> None:
    approve_shred(actor=cast.alice, request=asked)
    text = client_for(cast.vera).get(reverse("secrets:list", args=[cast.acme.uid])).content.decode()
    asked.refresh_from_db()
    assert asked.executed_at is not None
    assert f'datetime="{asked.executed_at.isoformat(timespec="seconds")}"' in text


def test_who_withdraws_too_late_is_told_so(cast: Cast, client_for: ClientFor, asked: ShredRequest, olga: User) -> None:
    approve_shred(actor=cast.alice, request=asked)
    text = (
        client_for(olga)
        .post(reverse("custody:shred_cancel", args=[cast.acme.uid, asked.uid]), follow=True)
        .content.decode()
    )
    assert "too late to withdraw" in text
    assert "Nothing was destroyed" not in text

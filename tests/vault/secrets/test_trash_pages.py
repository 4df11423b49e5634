"""The trash in the browser."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.cast import Cast
from tests.vault.secrets.conftest import StoreSecret
from tests.vault.secrets.pages import JSON
from vault.secrets.models import Secret
from vault.secrets.services import trash_secret
from vault.secrets.views.trash import days_left

ClientFor = Callable[..., Client]


def url(secret: Secret, name: str) -> str:
    return reverse(f"secrets:{name}", args=[secret.pk])


def test_it_asks_before_it_trashes(cast: Cast, client_for: ClientFor, secret: Secret) -> None:
    client = client_for(cast.bob)
    assert "Move STRIPE_API_KEY to the trash?" in client.get(url(secret, "trash_one")).content.decode()
    assert Secret.objects.get().trashed_at is None
    assert client.post(url(secret, "trash_one")).status_code == 302
    assert Secret.objects.get().trashed_at is not None
    assert client.post(url(secret, "trash_one")).status_code == 409
    page = client.get(reverse("secrets:trash", args=[cast.acme.uid])).content.decode()
    assert "STRIPE_API_KEY" in page
    assert "30 days" in page
    assert url(secret, "purge") not in page  # a member may not


def test_it_opens_nothing_in_the_trash(cast: Cast, client_for: ClientFor, login: Secret) -> None:
    trash_secret(actor=cast.alice, secret=login)
    client = client_for(cast.alice)
    page = client.get(url(login, "detail")).content.decode()
    assert "This secret is in the trash" in page
    assert url(login, "reveal") not in page
    for name in ("reveal", "code"):
        assert client.post(url(login, name), headers=JSON).status_code == 409


def test_it_offers_another_name_when_the_old_one_is_taken(
    cast: Cast, client_for: ClientFor, secret: Secret, store: StoreSecret
) -> None:
    trash_secret(actor=cast.alice, secret=secret)
    store("STRIPE_API_KEY")
    client = client_for(cast.bob)
    taken = client.post(url(secret, "untrash"))
    assert taken.status_code == 409
    assert "The name is taken" in taken.content.decode()
    assert client.post(url(secret, "untrash"), {"name": "\u202e"}).status_code == 422
    assert client.post(url(secret, "untrash"), {"name": "STRIPE_API_KEY"}).status_code == 409
    assert client.post(url(secret, "untrash"), {"name": "STRIPE_OLD"}).status_code == 302
    secret.refresh_from_db()
    assert (secret.name, secret.trashed_at) == ("STRIPE_OLD", None)


def test_it_destroys_only_what_was_named(cast: Cast, client_for: ClientFor, secret: Secret) -> None:
    client = client_for(cast.adam)
    assert client.post(url(secret, "purge"), {"confirmation": "STRIPE_API_KEY"}).status_code == 409
    trash_secret(actor=cast.alice, secret=secret)
    assert client.post(url(secret, "purge"), {"confirmation": "stripe"}).status_code == 422
    assert client.post(url(secret, "purge")).status_code == 422
    assert client.post(url(secret, "purge"), {"confirmation": " STRIPE_API_KEY "}).status_code == 302
    assert not Secret.objects.exists()
    assert client.get(url(secret, "detail")).status_code == 404


@pytest.mark.parametrize(("ago", "left"), [(0, 30), (0.5, 30), (1.5, 29), (29.5, 1), (30, 0), (45, 0)])
def test_it_counts_the_days_that_are_left(ago: float, left: int) -> None:
    assert days_left(Secret(trashed_at=timezone.now() - timedelta(days=ago, seconds=1 if ago == 30 else 0))) == left

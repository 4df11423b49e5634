"""Changing the password."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import Session
from audit.models import Event
from tests.accounts.doors import sign_in
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]
NEW = "eleven quiet lighthouses"


def change(client: Client, current: str = PASSWORD, new: str = NEW) -> Any:
    return client.post(reverse("accounts:password"), {"password": current, "new_password": new})


def test_it_changes_the_password(cast: Cast, client_for: ClientFor) -> None:
    assert change(client_for(cast.bob)).status_code == 302
    assert sign_in(Client(), cast.bob.email).status_code == 422
    assert sign_in(Client(), cast.bob.email, NEW).status_code == 302
    cast.bob.refresh_from_db()
    assert cast.bob.password_changed_at > cast.bob.created_at


def test_it_ends_every_other_session_and_gives_this_one_a_new_key(cast: Cast, client_for: ClientFor) -> None:
    here, there = client_for(cast.bob), client_for(cast.bob)
    before = here.cookies[settings.SESSION_COOKIE_NAME].value
    change(here)
    assert here.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert here.get(reverse("accounts:profile")).status_code == 200
    assert there.get(reverse("accounts:profile"))["Location"].startswith(reverse("accounts:sign_in"))
    assert Session.objects.filter(user=cast.bob).count() == 1
    event = Event.objects.filter(action="account.password_changed").get()
    assert (event.actor_id, event.details) == (str(cast.bob.uid), {"sessions_ended": 1})


def test_it_asks_for_the_current_password_and_records_a_wrong_one(cast: Cast, client_for: ClientFor) -> None:
    response = change(client_for(cast.bob), current="wrong")
    assert response.status_code == 422
    assert "not your current password" in response.content.decode()
    event = Event.objects.latest("id")
    assert (event.action, event.details["door"]) == ("sign_in.failed", "password_change")


def test_it_counts_wrong_ones_with_those_of_the_sign_in(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.bob)
    for _ in range(5):
        sign_in(Client(), cast.bob.email, "wrong")
    statuses = [change(client, current="wrong").status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        ("short", "at least 12 characters"),
        ("password1234", "too common"),
        ("bob@example.com", "too similar to the e-mail address"),
        ("x" * 257, "at most 256 characters"),
        ("", "Choose a new password."),
    ],
)
def test_it_says_what_is_wrong_with_a_new_password(cast: Cast, client_for: ClientFor, new: str, sentence: str) -> None:
    response = change(client_for(cast.bob), new=new)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert len(new) < 12 or new not in response.content.decode().replace(cast.bob.email, "")


@pytest.mark.parametrize(
    "new", ["x" * 256, "päßwörter sind schön", "пароль из слов", "\N{BICYCLE}" * 12, "  spaces around it  "]
)
def test_it_takes_any_unicode_exactly_as_it_was_typed(cast: Cast, client_for: ClientFor, new: str) -> None:
    assert change(client_for(cast.bob), new=new).status_code == 302
    assert sign_in(Client(), cast.bob.email, new).status_code == 302
    if new.strip() != new:
        assert sign_in(Client(), cast.bob.email, new.strip()).status_code == 422


def test_it_does_not_normalize_a_password(cast: Cast, client_for: ClientFor) -> None:
    composed, decomposed = "caf\u00e9 am morgen um acht", "cafe\u0301 am morgen um acht"
    change(client_for(cast.bob), new=composed)
    assert sign_in(Client(), cast.bob.email, decomposed).status_code == 422
    assert sign_in(Client(), cast.bob.email, composed).status_code == 302

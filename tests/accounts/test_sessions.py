"""Sessions: what is in the table signs nobody in."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Session
from accounts.sessions import SessionStore, end_sessions, hash_key
from tests.accounts.doors import sign_in
from tests.cast import Cast
from tests.sealing import change

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]


def browser_with(key: str) -> Client:
    """A browser with this session cookie."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    return client


def is_let_in(client: Client) -> bool:
    return client.get(reverse("accounts:profile")).status_code == 200


def row_of(client: Client) -> Session:
    return Session.objects.get(pk=hash_key(client.cookies[settings.SESSION_COOKIE_NAME].value))


def test_it_stores_a_hash_of_the_key(cast: Cast, client_for: ClientFor) -> None:
    key = client_for(cast.bob).cookies[settings.SESSION_COOKIE_NAME].value
    row = Session.objects.get()
    assert row.session_key == hash_key(key)
    assert key not in f"{row.session_key}{row.session_data}"
    assert row.user == cast.bob


def test_it_lets_nobody_in_with_anything_from_a_stolen_table(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.bob)
    assert is_let_in(client)
    for stolen in (Session.objects.get().session_key, Session.objects.get().session_data, str(cast.bob.pk)):
        assert not is_let_in(browser_with(stolen))
        assert not is_let_in(browser_with(stolen[:40]))


def test_it_lets_nobody_in_with_data_copied_into_his_own_row(cast: Cast, client_for: ClientFor) -> None:
    victim, thief = client_for(cast.alice), client_for(cast.charlie)
    change(Session.objects.filter(pk=row_of(thief).pk), session_data=row_of(victim).session_data, user=cast.alice)
    assert not is_let_in(thief)
    assert is_let_in(victim)


def test_it_gives_a_new_key_on_signing_in(cast: Cast) -> None:
    client = Client()
    session = client.session  # a session that somebody planted in the browser before
    session["planted"] = True
    session.save()
    planted = str(session.session_key)
    sign_in(client, cast.bob.email)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != planted
    assert not Session.objects.filter(pk=hash_key(planted)).exists()


def test_it_gives_no_key_to_a_visitor(client: Client) -> None:
    client.get(reverse("accounts:sign_in"))
    client.get(reverse("accounts:profile"))
    assert not Session.objects.exists()
    assert settings.SESSION_COOKIE_NAME not in client.cookies


def test_it_refuses_a_key_that_was_never_given(client: Client) -> None:
    client.cookies[settings.SESSION_COOKIE_NAME] = "k" * 32
    sessions = Session.objects.count()
    client.get(reverse("accounts:profile"))
    assert Session.objects.count() == sessions


def test_it_saves_loads_deletes_and_flushes() -> None:
    store = SessionStore()
    store["a"] = 1
    store.save()
    key = str(store.session_key)
    assert SessionStore(key)["a"] == 1
    assert store.exists(key)
    assert not store.exists(hash_key(key))
    again = SessionStore(key)
    again.flush()
    assert again.session_key is None
    assert not store.exists(key)


def test_it_keeps_data_and_age_when_the_key_changes(cast: Cast, client_for: ClientFor) -> None:
    key = client_for(cast.bob).cookies[settings.SESSION_COOKIE_NAME].value
    long_ago = timezone.now() - timedelta(hours=3)
    change(Session, created_at=long_ago)
    store = SessionStore(key)
    assert store[SESSION_KEY]
    store.cycle_key()
    store.save()
    assert store.session_key != key
    assert not store.exists(key)
    row = Session.objects.get(pk=hash_key(str(store.session_key)))
    assert (row.created_at, row.user) == (long_ago, cast.bob)


def test_it_restarts_the_clock_when_somebody_signs_in(cast: Cast) -> None:
    client = Client()
    session = client.session
    session.save()
    change(Session, created_at=timezone.now() - timedelta(hours=3))
    before = timezone.now()
    sign_in(client, cast.bob.email)
    assert row_of(client).created_at >= before


def test_it_ends_all_sessions_of_a_person_but_one(cast: Cast, client_for: ClientFor) -> None:
    here, there, other = client_for(cast.bob), client_for(cast.bob), client_for(cast.vera)
    assert end_sessions(cast.bob, but=[here.cookies[settings.SESSION_COOKIE_NAME].value]) == 1
    assert is_let_in(here)
    assert not is_let_in(there)
    assert is_let_in(other)


def test_it_does_not_bring_an_ended_session_back(cast: Cast, client_for: ClientFor) -> None:
    key = client_for(cast.bob).cookies[settings.SESSION_COOKIE_NAME].value
    store = SessionStore(key)
    store["late"] = True
    end_sessions(cast.bob)
    with pytest.raises(UpdateError):
        store.save()
    assert not Session.objects.exists()


def test_it_sweeps_out_expired_sessions_on_signing_in(cast: Cast) -> None:
    Session.objects.create(session_key="0" * 64, session_data="", expire_date=timezone.now() - timedelta(seconds=1))
    sign_in(Client(), cast.bob.email)
    assert not Session.objects.filter(pk="0" * 64).exists()


def test_it_sets_a_cookie_that_scripts_and_other_sites_do_not_get(cast: Cast) -> None:
    client = Client()
    sign_in(client, cast.bob.email)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert len(cookie.value) == 32  # 165 bits


def test_it_goes_on_when_the_signing_key_is_rotated_through_fallbacks(
    cast: Cast, client_for: ClientFor, settings: object
) -> None:
    client = client_for(cast.bob)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]  # type: ignore[attr-defined]  # pytest-django's wrapper
    settings.SECRET_KEY = "another" * 10  # type: ignore[attr-defined]  # pytest-django's wrapper
    assert is_let_in(client)

"""Gaining access by writing sessions."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Session
from accounts.sessions import SessionStore, hash_key
from tests.cast import Cast, signed_in_client
from tests.invariants import attacker as sql
from tests.invariants.attacks.accounts import signed_in
from tests.invariants.attacks.stage import SESSION, SOON, USER, attack
from tests.sealing import change


def cookie_of(client: Client) -> str:
    return hash_key(client.cookies[settings.SESSION_COOKIE_NAME].value)


@attack("insert a session")
def insert_session(cast: Cast) -> Iterator[bool]:
    mine = sql.one(SESSION, session_key=cookie_of(signed_in_client(cast.alice)))
    sql.insert(SESSION, mine, session_key=hash_key("k" * 32))
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "k" * 32
    yield signed_in(client)


@attack("give one's own session to somebody else")
def move_session(cast: Cast) -> Iterator[bool]:
    client = signed_in_client(cast.bob)
    sql.update(SESSION, {"session_key": cookie_of(client)}, user_id=cast.alice.uid)
    yield signed_in(client)


@attack("put the data of another's session into one's own", noticed=False)
def move_session_data(cast: Cast) -> Iterator[bool]:
    client, theirs = signed_in_client(cast.bob), signed_in_client(cast.alice)
    data = sql.one(SESSION, session_key=cookie_of(theirs))["session_data"]
    sql.update(SESSION, {"session_key": cookie_of(client)}, session_data=data)
    yield signed_in(client)


@attack("prolong a session that has expired")
def prolong_session(cast: Cast) -> Iterator[bool]:
    client = signed_in_client(cast.alice)
    change(Session.objects.filter(pk=cookie_of(client)), expire_date=timezone.now() - SOON)
    sql.update(SESSION, {"session_key": cookie_of(client)}, expire_date=timezone.now() + SOON)
    yield signed_in(client)


@attack("say that an idle session was used")
def wake_session(cast: Cast) -> Iterator[bool]:
    client = signed_in_client(cast.alice)
    change(Session.objects.filter(pk=cookie_of(client)), seen_at=timezone.now() - timedelta(hours=2))
    sql.update(SESSION, {"session_key": cookie_of(client)}, seen_at=timezone.now())
    yield signed_in(client)


@attack("bring back a session that was signed out of")
def old_session(cast: Cast) -> Iterator[bool]:
    client = signed_in_client(cast.alice)
    cookie, old = client.cookies[settings.SESSION_COOKIE_NAME].value, sql.one(SESSION, session_key=cookie_of(client))
    client.post(reverse("accounts:sign_out"))
    sql.insert(SESSION, old)
    again = Client()
    again.cookies[settings.SESSION_COOKIE_NAME] = cookie
    yield signed_in(again)


@attack("bring back a session that was signed out of, with the epoch of then until the application writes it")
def old_session_and_epoch(cast: Cast) -> Iterator[bool]:
    client = signed_in_client(cast.alice)
    cookie, old = client.cookies[settings.SESSION_COOKIE_NAME].value, sql.one(SESSION, session_key=cookie_of(client))
    before = sql.one(USER, uid=cast.alice.uid)["session_epoch"]
    client.post(reverse("accounts:sign_out"))
    after = sql.one(USER, uid=cast.alice.uid)["session_epoch"]
    sql.insert(SESSION, old)
    sql.update(USER, {"uid": cast.alice.uid}, session_epoch=before)
    store = SessionStore(cookie)  # in a request that waits for the person's row when it saves
    store["anything"] = 1
    sql.update(USER, {"uid": cast.alice.uid}, session_epoch=after)
    with suppress(UpdateError):
        store.save()
    again = Client()
    again.cookies[settings.SESSION_COOKIE_NAME] = cookie
    yield signed_in(again)

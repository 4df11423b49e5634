"""Sessions that nobody but the application can make, change or bring back; and that nothing honest breaks."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import sessions
from accounts.models import Session, User
from accounts.sessions import SessionStore, hash_key, with_epoch
from tests.cast import Cast, signed_in_client
from tests.orgs.parallel import in_parallel
from vault.seals import SealBypassed

PAGE = "accounts:profile"


def signed_in(client: Client) -> bool:
    return client.get(reverse(PAGE)).status_code == 200


def row_of(client: Client) -> Session:
    return with_epoch(Session.objects.filter(pk=hash_key(client.cookies[settings.SESSION_COOKIE_NAME].value))).get()


@pytest.mark.django_db
def test_it_keeps_the_others_when_one_is_signed_out_of(cast: Cast) -> None:
    clients = [signed_in_client(cast.bob) for _ in range(3)]
    clients[1].post(reverse("accounts:sign_out"))
    assert [signed_in(client) for client in clients] == [True, False, True]
    clients[0].post(reverse("accounts:sign_out"))
    assert [signed_in(client) for client in clients] == [False, False, True]


@pytest.mark.django_db
def test_it_makes_the_others_anew_under_the_next_epoch(cast: Cast) -> None:
    one, other = signed_in_client(cast.bob), signed_in_client(cast.bob)
    before, epoch = bytes(row_of(other).mac), User.objects.get(pk=cast.bob.pk).session_epoch
    one.post(reverse("accounts:sign_out"))
    assert User.objects.get(pk=cast.bob.pk).session_epoch == epoch + 1
    assert bytes(row_of(other).mac) != before
    assert sessions.is_genuine(row_of(other))


@pytest.mark.django_db
def test_it_seals_none_of_the_others_that_is_not_genuine(cast: Cast) -> None:
    one, other = signed_in_client(cast.bob), signed_in_client(cast.bob)
    from tests.sealing import tamper

    tamper(Session.objects.filter(pk=row_of(other).pk), seen_at=timezone.now() + timedelta(hours=1))
    one.post(reverse("accounts:sign_out"))
    assert not signed_in(other)


@pytest.mark.django_db
def test_it_signs_out_somebody_whose_account_is_not_genuine(cast: Cast) -> None:
    from tests.sealing import tamper

    client = signed_in_client(cast.bob)
    tamper(User.objects.filter(pk=cast.bob.pk), is_support=True)
    assert client.post(reverse("accounts:sign_out")).status_code in (302, 403)
    assert not signed_in(client)


@pytest.mark.django_db
def test_it_refuses_bulk_changes() -> None:
    with pytest.raises(SealBypassed):
        Session.objects.update(expire_date=timezone.now())


@pytest.mark.django_db
def test_it_notes_the_use_of_a_session_that_was_sealed_anew_meanwhile(cast: Cast) -> None:
    one, other = signed_in_client(cast.bob), signed_in_client(cast.bob)
    store = SessionStore(other.cookies[settings.SESSION_COOKIE_NAME].value)
    store.load()
    one.post(reverse("accounts:sign_out"))
    store.touch(timezone.now() + timedelta(minutes=5))  # what it knew of the row is over: it writes nothing
    assert sessions.is_genuine(row_of(other))
    assert signed_in(other)


@pytest.mark.django_db(transaction=True)
def test_it_keeps_the_rest_of_many_that_end_at_once(transactional_cast: Cast) -> None:
    clients = [signed_in_client(transactional_cast.bob) for _ in range(6)]
    raised = in_parallel(*(lambda c=client: c.post(reverse("accounts:sign_out")) for client in clients[:4]))
    assert raised == [None] * 4
    assert [signed_in(client) for client in clients] == [False] * 4 + [True] * 2


@pytest.mark.django_db(transaction=True)
def test_it_keeps_sessions_that_are_used_while_others_end(transactional_cast: Cast) -> None:
    kept, ending = (
        [signed_in_client(transactional_cast.bob) for _ in range(2)],
        [signed_in_client(transactional_cast.bob) for _ in range(2)],
    )

    def use(client: Client) -> None:
        for _ in range(5):
            store = SessionStore(client.cookies[settings.SESSION_COOKIE_NAME].value)
            store["theme"] = "dark"
            store.save()
            assert client.get(reverse(PAGE)).status_code == 200

    acts = [lambda c=client: use(c) for client in kept]
    acts += [lambda c=client: c.post(reverse("accounts:sign_out")) for client in ending]
    assert in_parallel(*acts) == [None] * 4
    assert all(signed_in(client) for client in kept)

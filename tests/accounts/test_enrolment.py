"""Setting an authenticator up, and replacing it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.errors import PasswordRefused
from accounts.models import RecoveryCode, Session, TOTPDevice
from accounts.services import begin_totp_enrolment
from audit.models import Event
from tests.accounts.doors import code_of, enter_code, recovery_codes_of, sign_in, wrong_code
from tests.cast import PASSWORD, Cast, authenticator_of
from tests.sealing import change

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]
ENROL, CONFIRM = "accounts:second_factor_enrol", "accounts:second_factor_confirm"


def begun(cast: Cast) -> tuple[Client, TOTPDevice]:
    """Bob, just signed in, with a key waiting to be confirmed."""
    client = Client()
    sign_in(client, cast.bob.email)
    assert client.post(reverse(ENROL))["Location"] == reverse(CONFIRM)
    return client, TOTPDevice.objects.get(user=cast.bob, confirmed=False)


def test_it_shows_the_key_as_a_picture_and_in_groups(cast: Cast) -> None:
    client, device = begun(cast)
    page = client.get(reverse(CONFIRM))
    text = page.content.decode()
    assert "<svg viewBox=" in text
    assert "style=" not in text
    assert " ".join(device.key[start : start + 4] for start in range(0, 32, 4)) in text
    assert "no-store" in page["Cache-Control"]


def test_it_confirms_with_a_code_and_shows_ten_recovery_codes_once(cast: Cast) -> None:
    client, device = begun(cast)
    response = client.post(reverse(CONFIRM), {"code": code_of(device)})
    codes = response.context["codes"]
    assert response.status_code == 200
    assert len(codes) == 10
    assert all(code in response.content.decode() for code in codes)
    assert client.get(reverse("accounts:profile")).status_code == 200
    assert Event.objects.latest("id").action == "second_factor.added"
    again = client.post(reverse(CONFIRM), {"code": code_of(device, steps=1)})
    assert again["Location"] == reverse(ENROL)
    assert not any(code in again.content.decode() for code in codes)


def test_it_needs_the_second_factor_from_then_on(cast: Cast) -> None:
    client, device = begun(cast)
    client.post(reverse(CONFIRM), {"code": code_of(device)})
    assert sign_in(Client(), cast.bob.email)["Location"] == reverse("accounts:sign_in_code")


def test_it_gives_a_new_session_key_and_ends_the_others(cast: Cast) -> None:
    elsewhere = Client()
    sign_in(elsewhere, cast.bob.email)
    client, device = begun(cast)
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.post(reverse(CONFIRM), {"code": code_of(device)})
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert Session.objects.filter(user=cast.bob).count() == 1
    assert elsewhere.get(reverse("accounts:profile"))["Location"].startswith(reverse("accounts:sign_in"))


def test_it_changes_nothing_by_looking(cast: Cast) -> None:
    client = Client()
    sign_in(client, cast.bob.email)
    client.get(reverse(ENROL))
    client.get(reverse(CONFIRM))
    assert not TOTPDevice.objects.exists()


def test_it_keeps_no_key_in_clear_or_in_the_session(cast: Cast) -> None:
    client, device = begun(cast)
    client.get(reverse(CONFIRM))
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM accounts_totpdevice")
        stored = bytes(cursor.fetchone()[0])
    assert device.key.encode() not in stored
    assert device.key not in str(dict(client.session))


@pytest.mark.parametrize("typed", ["", "12345", "１２３４５６", "wrong"])
def test_it_stays_unconfirmed_without_the_right_code(cast: Cast, typed: str) -> None:
    client, device = begun(cast)
    response = client.post(reverse(CONFIRM), {"code": wrong_code(device) if typed == "wrong" else typed})
    assert response.status_code == 422
    assert not TOTPDevice.objects.filter(confirmed=True).exists()
    assert "<svg viewBox=" in response.content.decode()


def test_it_makes_another_key_when_started_again(cast: Cast) -> None:
    client, first = begun(cast)
    client.post(reverse(ENROL))
    second = TOTPDevice.objects.get()
    assert second.key != first.key
    assert client.post(reverse(CONFIRM), {"code": code_of(first)}).status_code == 422


def test_it_forgets_an_enrolment_that_was_not_finished(cast: Cast) -> None:
    client, device = begun(cast)
    with time_machine.travel(timezone.now() + timedelta(minutes=29)):
        assert client.get(reverse(CONFIRM)).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        change(Session, seen_at=timezone.now())
        assert client.post(reverse(CONFIRM), {"code": code_of(device)})["Location"] == reverse(ENROL)


def test_it_asks_for_the_password_when_the_sign_in_was_a_while_ago(cast: Cast) -> None:
    client = Client()
    sign_in(client, cast.bob.email)
    change(Session, created_at=timezone.now() - timedelta(minutes=11))
    assert client.post(reverse(ENROL)).status_code == 422
    assert client.post(reverse(ENROL), {"password": "wrong"}).status_code == 422
    assert not TOTPDevice.objects.exists()
    assert client.post(reverse(ENROL), {"password": PASSWORD})["Location"] == reverse(CONFIRM)


def test_it_replaces_an_authenticator_for_password_and_code(cast: Cast, client_for: ClientFor) -> None:
    old, client = authenticator_of(cast.bob), client_for(cast.bob)
    for proof in (
        {},
        {"password": PASSWORD},
        {"code": code_of(old)},
        {"password": PASSWORD, "code": wrong_code(old)},
        {"password": "wrong", "code": code_of(old)},
    ):
        assert client.post(reverse(ENROL), proof).status_code == 422
    assert not TOTPDevice.objects.filter(confirmed=False).exists()
    assert client.post(reverse(ENROL), {"password": PASSWORD, "code": code_of(old)}).status_code == 302
    new = TOTPDevice.objects.get(confirmed=False)
    assert TOTPDevice.objects.get(confirmed=True) == old
    assert client.post(reverse(CONFIRM), {"code": code_of(new)}).status_code == 200
    assert TOTPDevice.objects.get() == new
    assert Event.objects.latest("id").details["replaced"] is True
    stranger = Client()
    sign_in(stranger, cast.bob.email)
    assert enter_code(stranger, code_of(old, steps=1)).status_code == 422


@pytest.mark.parametrize("password", [None, "", "wrong"])
def test_it_asks_for_the_password_whoever_calls(cast: Cast, password: str | None) -> None:
    device = authenticator_of(cast.bob)
    with pytest.raises(PasswordRefused):
        begin_totp_enrolment(actor=cast.bob, request=HttpRequest(), password=password, code=code_of(device))
    assert TOTPDevice.objects.get() == device


def test_it_lets_nobody_with_the_password_alone_replace_the_authenticator(cast: Cast) -> None:
    authenticator_of(cast.bob)
    client = Client()
    sign_in(client, cast.bob.email)
    assert client.post(reverse(ENROL), {"password": PASSWORD})["Location"].startswith(reverse("accounts:sign_in"))
    assert TOTPDevice.objects.count() == 1


def test_it_renews_the_recovery_codes(cast: Cast) -> None:
    client, device = begun(cast)
    client.post(reverse(CONFIRM), {"code": code_of(device)})
    first = set(RecoveryCode.objects.values_list("pk", flat=True))
    client.post(reverse(ENROL), {"password": PASSWORD, "code": code_of(device, steps=1)})
    new = TOTPDevice.objects.get(confirmed=False)
    client.post(reverse(CONFIRM), {"code": code_of(new)})
    assert RecoveryCode.objects.count() == 10
    assert not first & set(RecoveryCode.objects.values_list("pk", flat=True))


def test_it_counts_wrong_codes_of_an_enrolment(cast: Cast) -> None:
    client, device = begun(cast)
    statuses = [client.post(reverse(CONFIRM), {"code": wrong_code(device)}).status_code for _ in range(9)]
    assert statuses == [422] * 8 + [429]


def test_it_shows_and_confirms_a_key_in_the_session_that_began_alone(cast: Cast) -> None:
    """Whoever has the password, or a stolen session, must not learn the key that the owner is about to confirm."""
    thief = Client()
    sign_in(thief, cast.bob.email)
    owner, device = begun(cast)
    assert thief.get(reverse(CONFIRM))["Location"] == reverse(ENROL)
    assert thief.post(reverse(CONFIRM), {"code": code_of(device)})["Location"] == reverse(ENROL)
    assert not TOTPDevice.objects.filter(confirmed=True).exists()
    assert owner.post(reverse(CONFIRM), {"code": code_of(device)}).status_code == 200


def test_it_leaves_no_enrolment_to_a_stolen_session_of_somebody_who_replaces(cast: Cast, client_for: ClientFor) -> None:
    old, owner, thief = authenticator_of(cast.bob), client_for(cast.bob), client_for(cast.bob)
    owner.post(reverse(ENROL), {"password": PASSWORD, "code": code_of(old)})
    new = TOTPDevice.objects.get(confirmed=False)
    assert new.key[:4] not in thief.get(reverse(CONFIRM)).content.decode()
    thief.post(reverse(CONFIRM), {"code": code_of(new)})
    assert TOTPDevice.objects.get(confirmed=True) == old


def test_it_replaces_a_lost_authenticator_for_password_and_recovery_code(cast: Cast, client_for: ClientFor) -> None:
    old, spare, client = authenticator_of(cast.bob), recovery_codes_of(cast.bob)[0], client_for(cast.bob)
    assert client.post(reverse(ENROL), {"password": "wrong", "code": spare}).status_code == 422
    assert client.post(reverse(ENROL), {"password": PASSWORD, "code": "aaaa-aaaa-aaaa-aaaa"}).status_code == 422
    assert client.post(reverse(ENROL), {"password": PASSWORD, "code": spare})["Location"] == reverse(CONFIRM)
    assert client.post(reverse(ENROL), {"password": PASSWORD, "code": spare}).status_code == 422  # used up
    new = TOTPDevice.objects.get(confirmed=False)
    assert client.post(reverse(CONFIRM), {"code": code_of(new)}).status_code == 200
    assert TOTPDevice.objects.get() == new != old

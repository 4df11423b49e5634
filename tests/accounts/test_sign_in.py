"""Signing in, in one step or two."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Session
from accounts.sessions import hash_key
from audit.models import Event
from tests.accounts.doors import code_of, enter_code, sign_in, wrong_code
from tests.cast import PASSWORD, Cast, authenticator_of, signed_in_client
from tests.sealing import change

pytestmark = pytest.mark.django_db


def is_signed_in(client: Client) -> bool:
    """Whether the session that the browser holds is anybody's."""
    key = client.session.session_key
    return key is not None and Session.objects.filter(pk=hash_key(key), user__isnull=False).exists()


def test_it_signs_in_with_the_password_alone_where_there_is_no_second_factor(cast: Cast) -> None:
    client = Client()
    assert sign_in(client, cast.bob.email)["Location"] == reverse("home")
    assert is_signed_in(client)
    event = Event.objects.latest("id")
    assert (event.action, event.actor_id, event.details) == (
        "sign_in.succeeded",
        str(cast.bob.uid),
        {"method": "password"},
    )


def test_it_does_not_sign_in_before_the_code(cast: Cast) -> None:
    authenticator_of(cast.bob)
    client = Client()
    assert sign_in(client, cast.bob.email)["Location"] == reverse("accounts:sign_in_code")
    assert not is_signed_in(client)
    assert client.get(reverse("accounts:profile"))["Location"].startswith(reverse("accounts:sign_in"))
    assert Event.objects.latest("id").action == "sign_in.password_accepted"


def test_it_signs_in_with_password_and_code(cast: Cast) -> None:
    device, client = authenticator_of(cast.bob), Client()
    sign_in(client, cast.bob.email)
    assert enter_code(client, code_of(device))["Location"] == reverse("home")
    assert client.get(reverse("accounts:profile")).status_code == 200
    event = Event.objects.latest("id")
    assert (event.action, event.details) == ("sign_in.succeeded", {"method": "authenticator"})


def test_it_takes_a_code_with_spaces(cast: Cast) -> None:
    device, client = authenticator_of(cast.bob), Client()
    sign_in(client, cast.bob.email)
    code = code_of(device)
    assert enter_code(client, f" {code[:3]} {code[3:]} ").status_code == 302


def test_it_explains_full_width_digits_and_counts_nothing(cast: Cast) -> None:
    device, client = authenticator_of(cast.bob), Client()
    sign_in(client, cast.bob.email)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code_of(device))
    response = [enter_code(client, wide) for _ in range(20)][-1]
    assert response.status_code == 422
    assert "plain digits 0 to 9" in response.content.decode()
    assert not is_signed_in(client)


def test_it_records_a_wrong_code_against_the_account(cast: Cast) -> None:
    device, client = authenticator_of(cast.bob), Client()
    sign_in(client, cast.bob.email)
    assert enter_code(client, wrong_code(device)).status_code == 422
    event = Event.objects.latest("id")
    assert (event.action, event.outcome, event.resource_id) == ("second_factor.failed", "failure", str(cast.bob.uid))


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_it_takes_the_codes_of_the_neighbouring_half_minutes(cast: Cast, steps: int) -> None:
    device, client = authenticator_of(cast.bob), Client()
    sign_in(client, cast.bob.email)
    assert enter_code(client, code_of(device, steps=steps)).status_code == 302


@pytest.mark.parametrize("steps", [-3, -2, 2, 3])
def test_it_refuses_codes_from_further_away(cast: Cast, steps: int) -> None:
    device, client = authenticator_of(cast.bob), Client()
    sign_in(client, cast.bob.email)
    assert enter_code(client, code_of(device, steps=steps)).status_code == 422


def test_it_forgets_the_password_after_five_minutes(cast: Cast) -> None:
    device, client = authenticator_of(cast.bob), Client()
    sign_in(client, cast.bob.email)
    with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=2)):
        response = enter_code(client, code_of(device))
        assert response["Location"] == reverse("accounts:sign_in") + "?ended=expired"
        assert b"Start again with your password" in client.get(response["Location"]).content
    assert not is_signed_in(client)


def test_it_forgets_the_password_when_it_was_changed_meanwhile(cast: Cast) -> None:
    device, client = authenticator_of(cast.bob), Client()
    sign_in(client, cast.bob.email)
    cast.bob.set_password("another good password")
    cast.bob.save()
    assert enter_code(client, code_of(device))["Location"].startswith(reverse("accounts:sign_in") + "?")


def test_it_forgets_the_password_when_the_account_was_deactivated_meanwhile(cast: Cast) -> None:
    device, client = authenticator_of(cast.bob), Client()
    sign_in(client, cast.bob.email)
    cast.bob.is_active = False
    cast.bob.save()
    assert enter_code(client, code_of(device))["Location"].startswith(reverse("accounts:sign_in") + "?")
    assert not is_signed_in(client)


def test_it_takes_no_code_of_somebody_else(cast: Cast) -> None:
    authenticator_of(cast.bob)
    client = Client()
    sign_in(client, cast.bob.email)
    assert enter_code(client, code_of(authenticator_of(cast.vera))).status_code == 422


def test_it_signs_in_nobody_who_is_deactivated(cast: Cast) -> None:
    change([cast.bob], is_active=False)
    client = Client()
    assert sign_in(client, cast.bob.email).status_code == 422
    assert not is_signed_in(client)


def test_it_offers_to_sign_out_to_those_alone_who_are_signed_in(cast: Cast) -> None:
    authenticator_of(cast.bob)
    client = Client()
    sign_in(client, cast.bob.email)
    page = reverse("accounts:sign_in_code")
    assert "Sign in as somebody else" in client.get(page).content.decode()
    assert "Sign out" in signed_in_client(cast.bob, verified=False).get(page).content.decode()


def test_it_verifies_a_session_from_before_there_was_a_second_factor(cast: Cast) -> None:
    client = signed_in_client(cast.bob, verified=False)
    device = authenticator_of(cast.bob)
    profile = reverse("accounts:profile")
    assert client.get(profile)["Location"].startswith(reverse("accounts:sign_in_code"))
    assert client.get(reverse("accounts:sign_in_code")).status_code == 200
    assert enter_code(client, code_of(device)).status_code == 302
    assert client.get(profile).status_code == 200
    again = enter_code(client, code_of(device, steps=1))
    assert again["Location"] == reverse("home")
    assert Event.objects.filter(action="second_factor.passed").count() == 1


def test_it_asks_for_no_code_without_a_password(client: Client) -> None:
    for page in ("accounts:sign_in_code", "accounts:sign_in_recovery"):
        for response in (client.get(reverse(page)), client.post(reverse(page), {"code": "123456"})):
            assert response["Location"].startswith(reverse("accounts:sign_in"))


def test_it_leaves_nothing_of_the_one_who_was_signed_in_before(cast: Cast) -> None:
    client = Client()
    sign_in(client, cast.vera.email)
    session = client.session
    session["planted"] = "by vera"
    session.save()
    sign_in(client, cast.bob.email)
    assert "planted" not in client.session
    assert Session.objects.get(pk=hash_key(str(client.session.session_key))).user == cast.bob
    assert not Session.objects.filter(user=cast.vera).exists()


def test_it_leaves_nothing_of_the_one_before_while_it_waits_for_the_code(cast: Cast) -> None:
    authenticator_of(cast.bob)
    client = Client()
    sign_in(client, cast.vera.email)
    session = client.session
    session["planted"] = "by vera"
    session.save()
    sign_in(client, cast.bob.email)
    assert "planted" not in client.session
    assert not Session.objects.filter(user=cast.vera).exists()


def test_it_gives_a_new_key_once_the_password_is_right(cast: Cast) -> None:
    """Whoever planted the session would otherwise hold one that is past the password."""
    device, client = authenticator_of(cast.bob), Client()
    session = client.session
    session["planted"] = True
    session.save()
    planted = str(session.session_key)
    sign_in(client, cast.bob.email)
    waiting = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert waiting != planted
    assert not Session.objects.filter(pk=hash_key(planted)).exists()
    enter_code(client, code_of(device))
    assert client.cookies[settings.SESSION_COOKIE_NAME].value not in {planted, waiting}
    assert not Session.objects.filter(pk=hash_key(waiting)).exists()


def test_it_sends_a_signed_in_person_on(cast: Cast) -> None:
    client = Client()
    sign_in(client, cast.bob.email)
    assert client.get(reverse("accounts:sign_in"), {"next": "/account/"})["Location"] == "/account/"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "Enter the e-mail address of your account."),
        ({"email": "bob@example.com"}, "Enter your password."),
        ({"email": "bob", "password": "x"}, "such as name@example.com"),
        ({"email": "a" * 300 + "@example.com", "password": "x"}, "at most 254 characters"),
        ({"email": "bob@example.com", "password": "x" * 257}, "at most 256 characters"),
    ],
)
def test_it_says_what_is_wrong_with_the_form(client: Client, data: dict[str, str], sentence: str) -> None:
    response = client.post(reverse("accounts:sign_in"), data)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Event.objects.exists()


def test_it_never_puts_a_password_back_into_the_page(cast: Cast) -> None:
    response = sign_in(Client(), cast.bob.email, "canary-in-the-password")
    assert b"canary-in-the-password" not in response.content


@pytest.mark.parametrize("spelling", ["Bob@Example.com", " bob@example.com ", "ｂｏｂ@example.com", "BOB@EXAMPLE.COM"])
def test_it_knows_a_person_by_every_spelling_of_the_address(cast: Cast, spelling: str) -> None:
    assert sign_in(Client(), spelling).status_code == 302


def test_it_signs_out_by_post_only(cast: Cast) -> None:
    client = Client()
    sign_in(client, cast.bob.email)
    assert client.get(reverse("accounts:sign_out")).status_code == 405
    assert is_signed_in(client)
    key = str(client.session.session_key)
    response = client.post(reverse("accounts:sign_out"))
    assert b"You are signed out." in client.get(response["Location"]).content
    assert not Session.objects.filter(pk=hash_key(key)).exists()
    assert Event.objects.latest("id").action == "sign_out"


def test_it_ends_a_sign_in_under_way_by_signing_out(cast: Cast) -> None:
    device, client = authenticator_of(cast.bob), Client()
    sign_in(client, cast.bob.email)
    client.post(reverse("accounts:sign_out"))
    assert enter_code(client, code_of(device)).status_code == 302
    assert not is_signed_in(client)


def test_it_refuses_a_form_without_its_protection_token(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post(reverse("accounts:sign_in"), {"email": cast.bob.email, "password": PASSWORD})
    assert response.status_code == 403


def test_it_signs_nobody_in_by_get(cast: Cast) -> None:
    client = Client()
    client.get(reverse("accounts:sign_in"), {"email": cast.bob.email, "password": PASSWORD})
    assert not Session.objects.exists()

"""Nobody learns from a refused sign-in whether there is an account (CVE-2025-6011, CVE-2024-39329)."""

import re
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import Event
from tests.accounts.doors import sign_in
from tests.cast import PASSWORD, Cast, authenticator_of
from vault import cache

WHO = ["unknown", "wrong password", "inactive", "unusable password", "with a second factor"]


def attempt(cast: Cast, who: str, client: Client) -> Any:
    """Sends what is refused, for a different reason each time."""
    match who:
        case "unknown":
            return sign_in(client, "nobody@example.com")
        case "inactive":
            cast.vera.is_active = False
            cast.vera.save()
            return sign_in(client, cast.vera.email)
        case "unusable password":
            cast.adam.set_unusable_password()
            cast.adam.save()
            return sign_in(client, cast.adam.email)
        case "with a second factor":
            authenticator_of(cast.alice)
            return sign_in(client, cast.alice.email, PASSWORD + "!")
        case _:
            return sign_in(client, cast.bob.email, PASSWORD + "!")


def body(response: Any) -> str:
    """The page without what changes with every page, and without the address that was typed."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", response.content.decode())
    return re.sub(r"[a-z]+@example\.com", "", text)


@pytest.mark.django_db
@pytest.mark.parametrize("who", WHO)
def test_it_answers_the_same_to_everybody(cast: Cast, who: str) -> None:
    expected = attempt(cast, "unknown", Client())
    response = attempt(cast, who, Client())
    assert response.status_code == expected.status_code == 422
    assert body(response) == body(expected)
    assert sorted(response.headers) == sorted(expected.headers)
    assert "do not match" in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("who", WHO)
def test_it_hashes_one_password_for_everybody(cast: Cast, who: str) -> None:
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counting(hasher: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return str(encode(hasher, password, salt))

    client = Client()
    with patch.object(MD5PasswordHasher, "encode", counting):
        if who == "unusable password":
            cast.adam.set_unusable_password()
        attempt(cast, who, client)
    assert len(hashed) == 1


@pytest.mark.django_db
def test_it_asks_the_database_as_often_for_everybody(cast: Cast) -> None:
    authenticator_of(cast.alice)
    counts = {}
    sign_in(Client(), "warm@example.com")
    for email in ("nobody@example.com", cast.bob.email, cast.alice.email):
        # Now and then, by chance, a counter sweeps expired ones out as well.
        with patch.object(cache, "SWEEP_ODDS", 10**9), CaptureQueriesContext(connection) as queries:
            sign_in(Client(), email, PASSWORD + "!")
        counts[email] = len(queries)
    assert len(set(counts.values())) == 1, counts


@pytest.mark.django_db
def test_it_records_every_failure_in_the_same_shape(cast: Cast) -> None:
    shapes = set()
    for who in WHO:
        attempt(cast, who, Client())
        event = Event.objects.filter(action="sign_in.failed").latest("id")
        shapes.add(
            (
                event.action,
                event.outcome,
                event.actor_kind,
                bool(event.actor_label),
                event.resource_kind,
                bool(event.resource_label),
                tuple(sorted(event.details)),
                event.details["door"],
            )
        )
    assert len(shapes) == 1
    assert Event.objects.filter(action="sign_in.failed").count() == len(WHO)


@pytest.mark.django_db
def test_it_never_shows_the_reason_that_it_records(cast: Cast) -> None:
    response = attempt(cast, "inactive", Client())
    event = Event.objects.filter(action="sign_in.failed").latest("id")
    assert event.details["reason"] == "account is deactivated"
    assert "deactivated" not in response.content.decode()


@pytest.mark.django_db
def test_it_lets_a_deactivated_person_in_nowhere_else(cast: Cast, client_for: object) -> None:
    client = client_for(cast.bob)  # type: ignore[operator]  # a fixture that is a function
    cast.bob.is_active = False
    cast.bob.save()
    assert client.get("/account/")["Location"].startswith("/sign-in/")

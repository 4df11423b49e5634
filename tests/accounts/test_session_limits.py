"""Idle and absolute limits (ASVS 5.0 7.3.1, 7.3.2)."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Session
from audit.models import Event
from tests.cast import Cast
from tests.sealing import change

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]
IDLE = timedelta(seconds=settings.SESSION_IDLE_SECONDS)
ABSOLUTE = timedelta(seconds=settings.SESSION_ABSOLUTE_SECONDS)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as coordinates:
        yield coordinates


def test_it_ends_a_session_that_was_idle_too_long(
    cast: Cast, client_for: ClientFor, clock: time_machine.Traveller
) -> None:
    client = client_for(cast.bob)
    clock.shift(IDLE + timedelta(seconds=1))
    response = client.get(reverse("accounts:password"))
    assert response["Location"] == "/sign-in/?ended=idle&next=%2Faccount%2Fpassword%2F"
    page = client.get(response["Location"]).content.decode()
    assert "You were signed out after 30 minutes without activity" in page
    assert not Session.objects.exists()
    event = Event.objects.latest("id")
    assert (event.action, event.actor_id, event.details) == ("sign_out", str(cast.bob.uid), {"reason": "idle"})


def test_it_keeps_a_session_that_is_used(cast: Cast, client_for: ClientFor, clock: time_machine.Traveller) -> None:
    client = client_for(cast.bob)
    for _ in range(5):
        clock.shift(IDLE - timedelta(seconds=61))
        assert client.get(reverse("accounts:password")).status_code == 200


def test_it_ends_a_session_that_has_lasted_too_long(
    cast: Cast, client_for: ClientFor, clock: time_machine.Traveller
) -> None:
    client = client_for(cast.bob)
    change(Session, expire_date=timezone.now() + 2 * ABSOLUTE)
    for _ in range(int(ABSOLUTE / (IDLE / 2))):
        clock.shift(IDLE / 2)
        assert client.get(reverse("accounts:password")).status_code == 200
    clock.shift(timedelta(seconds=1))
    response = client.get(reverse("accounts:password"))
    assert "ended=absolute" in response["Location"]
    assert b"12 hours have passed since you signed in" in client.get(response["Location"]).content


def test_it_notes_the_last_use_once_a_minute(cast: Cast, client_for: ClientFor, clock: time_machine.Traveller) -> None:
    client = client_for(cast.bob)
    first = Session.objects.get().seen_at
    clock.shift(timedelta(seconds=59))
    client.get(reverse("accounts:password"))
    assert Session.objects.get().seen_at == first
    clock.shift(timedelta(seconds=1))
    client.get(reverse("accounts:password"))
    assert Session.objects.get().seen_at == timezone.now()


def test_it_tells_programs_by_status(cast: Cast, client_for: ClientFor, clock: time_machine.Traveller) -> None:
    client = client_for(cast.bob)
    clock.shift(IDLE + timedelta(seconds=1))
    response = client.get(reverse("accounts:password"), HTTP_ACCEPT="application/json")
    assert response.status_code == 401
    assert response.json() == {"error": "Sign in to go on."}


def test_it_leads_nowhere_after_a_form_that_was_lost(
    cast: Cast, client_for: ClientFor, clock: time_machine.Traveller
) -> None:
    client = client_for(cast.bob)
    clock.shift(IDLE + timedelta(seconds=1))
    assert client.post(reverse("accounts:password"))["Location"] == "/sign-in/?ended=idle"


def test_it_says_nothing_that_the_address_makes_up(client: Client) -> None:
    page = client.get(reverse("accounts:sign_in"), {"ended": "<b>your vault is gone"}).content
    assert b"vault is gone" not in page.replace(b"%20", b" ") or b"<b>" not in page
    assert b'role="status"><svg' not in page

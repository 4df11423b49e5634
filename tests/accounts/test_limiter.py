"""One limiter for every door."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.limiter import CODE, LIMITS, PASSWORD, Door, LimiterUnavailable, TooManyAttempts, guard, network_of
from accounts.services import unlock_account
from audit.actor import Actor
from audit.models import Event
from tests.accounts.doors import code_of, enter_code, sign_in, wrong_code
from tests.accounts.test_emails import ALIASES
from tests.cast import PASSWORD as RIGHT
from tests.cast import Cast, authenticator_of
from vault.cache import CountedInTransaction, LockingDatabaseCache

pytestmark = pytest.mark.django_db
IP = "198.51.100.7"


@pytest.fixture(autouse=True)
def _still_clock() -> Iterator[None]:
    """Windows begin at a fixed moment for each key: one that ends while a test counts would make it count anew."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def knock(door: Door, times: int, *, account: str | None = "bob@example.com", ip: str | None = IP) -> int:
    """How many of `times` attempts were let through."""
    passed = 0
    for _ in range(times):
        try:
            guard(door, account=account, ip=ip)
            passed += 1
        except TooManyAttempts:
            pass
    return passed


def test_it_knows_limits_for_every_door() -> None:
    assert set(LIMITS) == set(Door)
    assert all(limits.pair.count < limits.account.count for limits in LIMITS.values())


def test_it_stops_one_address_at_one_account() -> None:
    assert knock(Door.SIGN_IN, PASSWORD.pair.count + 5) == PASSWORD.pair.count


def test_it_counts_all_spellings_of_an_account_as_one() -> None:
    passed = sum(knock(Door.SIGN_IN, 3, account=alias) for alias in ALIASES)
    assert passed == PASSWORD.pair.count


def test_it_counts_an_unknown_account_like_a_known_one(cast: Cast) -> None:
    known = knock(Door.SIGN_IN, 20, account=cast.bob.email)
    assert knock(Door.SIGN_IN, 20, account="nobody@example.com") == known


def test_it_leaves_the_account_open_for_other_addresses() -> None:
    knock(Door.SIGN_IN, PASSWORD.pair.count + 50)
    assert knock(Door.SIGN_IN, 1, ip="203.0.113.5") == 1


def test_it_lets_a_stopped_address_use_up_nothing_of_the_account() -> None:
    knock(Door.SIGN_IN, 90)
    others = sum(knock(Door.SIGN_IN, 1, ip=f"203.0.113.{host}") for host in range(100))
    assert others == PASSWORD.account.count - PASSWORD.pair.count


def test_it_stops_a_guess_from_everywhere_for_a_short_time_only() -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        passed = sum(knock(Door.SIGN_IN, 1, ip=f"203.0.113.{host}") for host in range(100))
        assert passed == PASSWORD.account.count
        clock.shift(timedelta(seconds=PASSWORD.account.seconds + 1))
        assert knock(Door.SIGN_IN, 1, ip="192.0.2.1") == 1


def test_it_never_shuts_the_owner_out_where_the_owner_signs_in(cast: Cast) -> None:
    """Six addresses reach the limit of an account in every window, for as long as somebody likes."""
    device, home = authenticator_of(cast.bob), "192.0.2.77"
    with time_machine.travel(timezone.now(), tick=False) as clock:
        bob = Client(REMOTE_ADDR=home)
        sign_in(bob, cast.bob.email)
        assert enter_code(bob, code_of(device)).status_code == 302
        clock.shift(timedelta(days=3))
        for door in (Door.SIGN_IN, Door.SECOND_FACTOR):
            everywhere = [f"203.0.113.{host}" for host in range(100)]
            assert sum(knock(door, 1, account=cast.bob.email, ip=ip) for ip in everywhere) == LIMITS[door].account.count
        assert sign_in(Client(REMOTE_ADDR="203.0.113.200"), cast.bob.email).status_code == 429
        again = Client(REMOTE_ADDR=home)
        assert sign_in(again, cast.bob.email)["Location"] == reverse("accounts:sign_in_code")
        assert enter_code(again, code_of(device)).status_code == 302
        rest = PASSWORD.pair.count - 1
        assert knock(Door.SIGN_IN, 50, account=cast.bob.email, ip=home) == rest  # a guess from there is still limited
        clock.shift(timedelta(days=40))
        knock_all = [f"198.51.100.{host}" for host in range(100)]
        assert sum(knock(Door.SIGN_IN, 1, account=cast.bob.email, ip=ip) for ip in knock_all) == PASSWORD.account.count
        assert knock(Door.SIGN_IN, 1, account=cast.bob.email, ip=home) == 0  # that was too long ago


def test_it_trusts_no_address_for_failures_or_for_somebody_else(cast: Cast) -> None:
    stranger = Client(REMOTE_ADDR="192.0.2.66")
    sign_in(stranger, cast.bob.email, "wrong")
    authenticator_of(cast.bob)
    sign_in(stranger, cast.bob.email)  # the password alone is no sign-in
    sign_in(stranger, cast.charlie.email)
    for host in range(100):
        knock(Door.SIGN_IN, 1, account=cast.bob.email, ip=f"203.0.113.{host}")
    assert knock(Door.SIGN_IN, 1, account=cast.bob.email, ip="192.0.2.66") == 0


def test_it_stops_an_address_that_tries_many_accounts() -> None:
    passed = sum(knock(Door.SIGN_IN, 1, account=f"person{number}@example.com") for number in range(120))
    assert passed == PASSWORD.address.count


def test_it_opens_again_when_it_says() -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        knock(Door.SIGN_IN, PASSWORD.pair.count)
        with pytest.raises(TooManyAttempts) as stopped:
            guard(Door.SIGN_IN, account="bob@example.com", ip=IP)
        assert 0 < stopped.value.retry_after <= PASSWORD.pair.seconds
        clock.shift(timedelta(seconds=stopped.value.retry_after + 1))
        guard(Door.SIGN_IN, account="bob@example.com", ip=IP)


def test_it_shares_one_counter_between_all_doors_that_ask_for_the_password() -> None:
    doors = [door for door, limits in LIMITS.items() if limits is PASSWORD]
    assert set(doors) == {
        Door.SIGN_IN,
        Door.PASSWORD_CHANGE,
        Door.FACTOR_CHANGE,
        Door.INSTANCE_CHANGE,
        Door.STEP_UP_PASSWORD,
    }
    assert sum(knock(door, 5) for door in doors) == PASSWORD.pair.count


def test_it_keeps_passwords_and_codes_apart() -> None:
    knock(Door.SIGN_IN, 50)
    assert knock(Door.SECOND_FACTOR, 50) == CODE.pair.count


def test_it_counts_links_by_address_alone() -> None:
    assert knock(Door.SETUP, 100, account=None) == LIMITS[Door.SETUP].address.count


def test_it_starts_again_when_support_unlocks(cast: Cast) -> None:
    knock(Door.SIGN_IN, 50, account=cast.bob.email)
    unlock_account(actor=Actor.system(), account=cast.bob)
    assert knock(Door.SIGN_IN, 1, account=cast.bob.email) == 1


def test_it_records_once_that_a_limit_was_reached(cast: Cast) -> None:
    knock(Door.SIGN_IN, 40, account=cast.bob.email)
    event = Event.objects.get(action="limiter.tripped")
    assert (event.actor_label, event.resource_id) == (cast.bob.email, str(cast.bob.uid))
    assert event.details["door"] == "sign_in"
    assert event.details["kind"] == "pair"
    assert 0 < event.details["retry_after"] <= PASSWORD.pair.seconds


@pytest.mark.parametrize("failure", [DatabaseError("gone"), ConnectionError("gone"), OSError("gone")])
def test_it_opens_nothing_when_it_cannot_count(failure: Exception) -> None:
    broken = patch.object(LockingDatabaseCache, "add", side_effect=failure)
    with broken, pytest.raises(LimiterUnavailable):
        guard(Door.SIGN_IN, account="bob@example.com", ip=IP)


def test_it_counts_in_a_window_that_ends_while_it_counts(cast: Cast) -> None:
    add = LockingDatabaseCache.add
    with time_machine.travel(timezone.now(), tick=False) as clock:

        def slow_add(cache: LockingDatabaseCache, *arguments: Any) -> bool:
            clock.shift(timedelta(seconds=PASSWORD.address.seconds + 1))
            return add(cache, *arguments)

        with patch.object(LockingDatabaseCache, "add", slow_add):
            guard(Door.SIGN_IN, account="bob@example.com", ip="192.0.2.7")


def test_it_answers_503_when_it_cannot_count(cast: Cast) -> None:
    with patch.object(LockingDatabaseCache, "add", side_effect=DatabaseError("gone")):
        response = sign_in(Client(), cast.bob.email)
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0


@pytest.mark.django_db(transaction=True)
def test_it_refuses_to_count_where_a_rollback_would_undo_it() -> None:
    with transaction.atomic(), pytest.raises(CountedInTransaction):
        guard(Door.SIGN_IN, account="bob@example.com", ip=IP)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        (None, "local"),
    ],
)
def test_it_counts_a_network_that_one_customer_holds(address: str | None, counted: str) -> None:
    assert network_of(address) == counted


def test_it_answers_429_in_plain_words(cast: Cast) -> None:
    for _ in range(PASSWORD.pair.count):
        assert sign_in(Client(), cast.bob.email, "wrong").status_code == 422
    response = sign_in(Client(), cast.bob.email, "wrong")
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= PASSWORD.pair.seconds
    assert b"Try again in" in response.content


def test_it_answers_429_as_json_to_those_who_ask_for_it(cast: Cast) -> None:
    knock(Door.SIGN_IN, 50, account=cast.bob.email, ip="127.0.0.1")
    response = sign_in(Client(), cast.bob.email, HTTP_ACCEPT="application/json")
    assert response.status_code == 429
    assert "Try again in" in response.json()["reason"]


def test_it_stops_the_right_password_as_well(cast: Cast) -> None:
    knock(Door.SIGN_IN, 50, account=cast.bob.email, ip="127.0.0.1")
    assert sign_in(Client(), cast.bob.email, RIGHT).status_code == 429


def test_it_does_not_start_again_after_a_success(cast: Cast) -> None:
    for _ in range(PASSWORD.pair.count - 1):
        sign_in(Client(), cast.bob.email, "wrong")
    assert sign_in(Client(), cast.bob.email).status_code == 302
    assert sign_in(Client(), cast.bob.email).status_code == 429


def test_it_stops_codes_in_new_sessions_too(cast: Cast) -> None:
    device = authenticator_of(cast.bob)
    statuses = []
    for _ in range(CODE.pair.count + 1):
        client = Client()
        sign_in(client, cast.bob.email)
        statuses.append(enter_code(client, wrong_code(device)).status_code)
    assert statuses == [422] * CODE.pair.count + [429]


def test_it_believes_no_forwarded_address_of_a_stranger(cast: Cast) -> None:
    statuses = {
        sign_in(Client(), cast.bob.email, "wrong", HTTP_X_FORWARDED_FOR=f"203.0.113.{host}").status_code
        for host in range(PASSWORD.pair.count + 1)
    }
    assert statuses == {422, 429}


def test_it_takes_no_mapped_address_for_another(cast: Cast) -> None:
    for _ in range(PASSWORD.pair.count):
        sign_in(Client(), cast.bob.email, "wrong")
    assert sign_in(Client(), cast.bob.email, HTTP_X_FORWARDED_FOR="::ffff:1.2.3.4").status_code == 429


def test_it_stands_before_the_form_of_the_set_up(client: Client) -> None:
    statuses = [client.post(reverse("orgs:setup"), {"token": "x"}).status_code for _ in range(31)]
    assert statuses[-1] == 429

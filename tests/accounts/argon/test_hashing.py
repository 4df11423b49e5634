"""Argon2id as it is used in earnest: RFC 9106's second parameters, bounded memory."""

import threading
import time

import pytest
from argon2 import extract_parameters
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, identify_hasher, make_password
from django.test import Client

from accounts import hashers
from accounts.hashers import BoundedArgon2Hasher, TooBusy
from accounts.models import User
from tests.accounts.doors import sign_in
from tests.cast import PASSWORD, Cast, make_person
from tests.sealing import change


def test_it_uses_the_parameters_of_rfc_9106() -> None:
    encoded = make_password(PASSWORD)
    assert encoded.startswith("argon2$argon2id$v=19$")
    parameters = extract_parameters(encoded.removeprefix("argon2"))
    assert (parameters.time_cost, parameters.memory_cost, parameters.parallelism) == (3, 65536, 4)
    assert parameters.hash_len == 32
    assert len(encoded) <= 128


def test_it_verifies_what_it_made() -> None:
    encoded = make_password(PASSWORD)
    assert check_password(PASSWORD, encoded)
    assert not check_password(PASSWORD + " ", encoded)
    assert not identify_hasher(encoded).must_update(encoded)


def test_it_hashes_a_password_exactly_as_it_was_typed() -> None:
    encoded = make_password(" caf\u00e9 ")
    for other in ("caf\u00e9", " cafe\u0301 ", " CAF\u00c9 ", " caf\u00e9"):
        assert not check_password(other, encoded)
    assert check_password(" caf\u00e9 ", encoded)


def test_it_hashes_nothing_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = make_password("x" * 256)
    assert check_password("x" * 256, encoded)

    def fail(*args: object) -> None:
        raise AssertionError("hashed")

    monkeypatch.setattr(hashers, "_place", fail)
    with pytest.raises(ValueError, match="256"):
        make_password("x" * 257)
    assert not BoundedArgon2Hasher().verify("x" * 1_000_000, encoded)


@pytest.mark.django_db
def test_it_upgrades_a_weaker_hash_on_signing_in() -> None:
    class Weaker(BoundedArgon2Hasher):
        time_cost, memory_cost, parallelism = 2, 19 * 1024, 1  # OWASP's floor

    user = make_person("Wanda")
    user.password = Weaker().encode(PASSWORD, Weaker().salt())
    user.save()
    sign_in(Client(), user.email, "wrong")
    user.refresh_from_db()
    assert "m=19456" in user.password
    assert sign_in(Client(), user.email).status_code == 302
    user.refresh_from_db()
    assert "m=65536,t=3,p=4" in user.password
    assert sign_in(Client(), user.email).status_code == 302


@pytest.mark.django_db
def test_it_does_as_much_for_an_unknown_person(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    places: list[str] = []
    place = hashers._place

    def counting() -> object:
        places.append("taken")
        return place()

    change(User.objects.filter(pk=cast.bob.pk), password=make_password(PASSWORD))
    change(User.objects.filter(pk=cast.vera.pk), password="!unusable")
    monkeypatch.setattr(hashers, "_place", counting)
    counts = []
    for email in ("nobody@example.com", "bob@example.com", "vera@example.com"):
        places.clear()
        sign_in(Client(), email, "wrong")
        counts.append(len(places))
    assert counts == [1, 1, 1]


def test_it_hashes_no_more_passwords_at_once_than_there_are_places(monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[int] = []
    most: list[int] = []

    def slow(hasher: object, password: str, salt: str) -> str:
        running.append(1)
        most.append(len(running))
        time.sleep(0.05)
        running.pop()
        return "argon2$x"

    monkeypatch.setattr(Argon2PasswordHasher, "encode", slow)
    threads = [threading.Thread(target=BoundedArgon2Hasher().encode, args=("a", "b" * 22)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) <= 2


@pytest.mark.django_db
def test_it_answers_503_when_no_place_becomes_free(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashers, "WAIT_SECONDS", 0.01)
    places = hashers._places()
    taken = 0
    while places.acquire(blocking=False):
        taken += 1
    try:
        with pytest.raises(TooBusy):
            make_password(PASSWORD)
        response = sign_in(Client(), cast.bob.email)
        assert response.status_code == 503
        assert int(response["Retry-After"]) == 5
        assert b"signing in at this moment" in response.content
    finally:
        for _ in range(taken):
            places.release()

"""Argon2id with bounded memory: a password costs 64 MiB to check, and strangers may ask for checks."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher

PASSWORD_MAX_LENGTH = 256
WAIT_SECONDS = 5.0


class TooBusy(Exception):
    """Too many passwords are being checked at once. Answered with 503 and `Retry-After`."""

    retry_after = 5


@cache
def _places() -> threading.BoundedSemaphore:
    """One for each process, made at first use: after gunicorn has forked."""
    return threading.BoundedSemaphore(settings.ARGON2_CONCURRENCY)


@contextmanager
def _place() -> Iterator[None]:
    """One of the places for a hash under way. Raises `TooBusy` when none becomes free in time."""
    places = _places()
    if not places.acquire(timeout=WAIT_SECONDS):
        raise TooBusy
    try:
        yield
    finally:
        places.release()


class BoundedArgon2Hasher(Argon2PasswordHasher):
    """Argon2id with the second recommended parameters of RFC 9106 §4: t=3, m=64 MiB, p=4.

    A password is hashed exactly as it was typed: no trimming, no Unicode normalization (ASVS 5.0 6.2.8). The length
    is checked first, so that nobody has a megabyte hashed; forms refuse it earlier, with a message.
    """

    time_cost = 3
    memory_cost = 64 * 1024  # KiB
    parallelism = 4

    def encode(self, password: str, salt: str) -> str:
        """Raises `ValueError` for a password that is too long, `TooBusy` when no place becomes free."""
        if len(password) > PASSWORD_MAX_LENGTH:
            raise ValueError(f"A password may have at most {PASSWORD_MAX_LENGTH} characters.")
        with _place():
            return str(super().encode(password, salt))

    def verify(self, password: str, encoded: str) -> bool:
        """Raises `TooBusy` when no place becomes free. A password that is too long is wrong."""
        if len(password) > PASSWORD_MAX_LENGTH:
            return False
        with _place():
            return bool(super().verify(password, encoded))

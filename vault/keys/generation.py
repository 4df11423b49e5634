"""The number that tells every process that a key has changed, and when this thread looks at it.

Within a request once, at the first use of a key: whatever was committed before the request began is seen. Elsewhere,
in commands and threads of their own, at most once a second.
"""

import threading
import time
from typing import Any

from django.core.signals import request_finished, request_started
from django.db import connection
from django.db.models import F

from vault.keys.models import KeyGeneration

LOOK_EVERY_SECONDS = 1.0
"""How long a thread that answers no request goes on with the keys that it has."""

_THE_ROW = KeyGeneration.objects.filter(pk=KeyGeneration.SINGLETON)


class _Here(threading.local):
    """What this thread knows. ``fresh``: it looked since its request began. ``looked_at``: monotonic seconds."""

    in_request = False
    fresh = False
    looked_at = 0.0


_here = _Here()


def is_due() -> bool:
    """Whether this thread should look at the number again before it uses a key."""
    here = _here
    return not here.fresh or (not here.in_request and time.monotonic() - here.looked_at > LOOK_EVERY_SECONDS)


def in_request() -> bool:
    """Whether this thread is answering a request."""
    return _here.in_request


def looked() -> None:
    """Say that this thread has just looked."""
    _here.fresh, _here.looked_at = True, time.monotonic()


def number() -> int:
    """The number in the database, as this thread's transaction sees it; 0 before anything has changed."""
    return _THE_ROW.all().values_list("number", flat=True).first() or 0


def advance() -> None:
    """Make the number larger in this transaction. Until it ends, all others that change a key wait."""
    if not _THE_ROW.all().update(number=F("number") + 1):
        KeyGeneration.objects.bulk_create([KeyGeneration()], ignore_conflicts=True)
        _THE_ROW.all().update(number=F("number") + 1)


def lock() -> None:
    """Have all others that change a key, or make one, wait until this transaction ends. The number stays."""
    if _THE_ROW.select_for_update().first() is None:
        KeyGeneration.objects.bulk_create([KeyGeneration()], ignore_conflicts=True)
        _THE_ROW.select_for_update().first()


def share() -> None:
    """Have ``advance`` and ``lock`` of others wait until this transaction ends; any number of transactions may share.

    On SQLite the transaction itself is the lock (settings: ``IMMEDIATE``).
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # the ORM has no FOR SHARE
            cursor.execute("SELECT 1 FROM keys_keygeneration WHERE id = %s FOR SHARE", [KeyGeneration.SINGLETON])
            there = cursor.fetchone()
        if there is None:  # a lock of no row keeps nobody out
            lock()


def _begin_request(**_: Any) -> None:
    _here.in_request, _here.fresh = True, False


def _end_request(**_: Any) -> None:
    _here.in_request, _here.fresh = False, False


request_started.connect(_begin_request, dispatch_uid="vault.keys.generation")
request_finished.connect(_end_request, dispatch_uid="vault.keys.generation")

"""The processes that answer requests, and the root keys that each of them holds.

Who removes a root key must know whether somebody still lacks the next one. A process says that it is there when it
starts, and again when it looks whether keys have changed, at most once a minute. No request waits for that, or fails
because of it.
"""

import atexit
import logging
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from uuid import UUID, uuid4

from django.db import DatabaseError, connection
from django.utils import timezone

from vault.keys import generation
from vault.keys.models import ServingProcess
from vault.keys.providers import RootKeyProblem, root_keys

logger = logging.getLogger(__name__)

SEEN_EVERY_SECONDS = 60.0
GONE_AFTER = timedelta(hours=1)
"""A process that used no key for so long is taken for gone."""

_uid: UUID | None = None
_pid = 0
_said_at = float("-inf")


def announce() -> None:
    """Say that this process is going to answer requests: from now on ``seen`` writes it down, until it ends."""
    global _uid, _pid, _said_at
    _uid, _pid, _said_at = uuid4(), os.getpid(), float("-inf")
    atexit.register(_leave, _uid, _pid)


def seen() -> None:
    """Say that this process is there and which root keys it holds, unless it said so within the last minute.

    Does nothing in a process that is not announced. One that was forked from it is another one. What cannot be written
    now is said again a minute later, long before anybody takes the process for gone.
    """
    global _said_at  # noqa: PLW0603 - this process is the subject of the module
    if _uid is None:
        return
    if os.getpid() != _pid:
        announce()
    if time.monotonic() - _said_at >= SEEN_EVERY_SECONDS:
        _said_at = time.monotonic()
        try:
            with _waiting_for_nobody():
                _write(_uid)
        except (DatabaseError, RootKeyProblem) as problem:
            logger.warning("That this process is there could not be written down (%s)", type(problem).__name__)


def present() -> list[ServingProcess]:
    """The processes that were there within the last hour."""
    return list(ServingProcess.objects.filter(seen_at__gte=timezone.now() - GONE_AFTER))


def prune() -> int:
    """Forget the processes that are gone. Gives how many. For housekeeping."""
    return ServingProcess.objects.filter(seen_at__lt=timezone.now() - GONE_AFTER).delete()[0]


@contextmanager
def _waiting_for_nobody() -> Iterator[None]:
    """On SQLite, which has one writer, a request does not wait for its turn."""
    if connection.vendor != "sqlite" or connection.in_atomic_block or not generation.in_request():
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        milliseconds = int(cursor.fetchone()[0])
        cursor.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")


def _write(uid: UUID) -> None:
    held = [key.key_id.hex() for key in root_keys()]
    ServingProcess.objects.update_or_create(
        uid=uid,
        defaults={"seen_at": timezone.now(), "root_key_ids": held},
        create_defaults={"host": platform.node()[:255], "pid": os.getpid(), "root_key_ids": held},
    )


def _leave(uid: UUID, pid: int) -> None:
    """At the end of the process, so that nobody waits for it. One that is killed is taken for gone after an hour."""
    if os.getpid() == pid:
        with suppress(DatabaseError):
            ServingProcess.objects.filter(uid=uid).delete()

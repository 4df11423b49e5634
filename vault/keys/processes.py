"""The processes that answer requests, and the root keys that each of them holds.

Who removes a root key must know whether somebody still lacks the next one. A process says that it is there when it
starts, and again when it looks whether keys have changed, at most once a minute.
"""

import atexit
import os
import platform
import time
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

from django.db import DatabaseError
from django.utils import timezone

from vault.keys.models import ServingProcess
from vault.keys.providers import root_keys

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

    Does nothing in a process that is not announced. One that was forked from it is another one. Raises RootKeyProblem
    without root keys.
    """
    global _said_at  # noqa: PLW0603 - this process is the subject of the module
    if _uid is None:
        return
    if os.getpid() != _pid:
        announce()
    if time.monotonic() - _said_at >= SEEN_EVERY_SECONDS:
        _said_at = time.monotonic()
        _write(_uid)


def present() -> list[ServingProcess]:
    """The processes that were there within the last hour."""
    return list(ServingProcess.objects.filter(seen_at__gte=timezone.now() - GONE_AFTER))


def prune() -> int:
    """Forget the processes that are gone. Gives how many. For housekeeping."""
    return ServingProcess.objects.filter(seen_at__lt=timezone.now() - GONE_AFTER).delete()[0]


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

"""The processes that answer requests, and the root keys that each of them holds.

Who removes a root key must know whether somebody still lacks the next one. A process says that it is there when it
starts, and again when it uses a key, at most once a minute.
"""

import os
import platform
import time
from datetime import timedelta
from uuid import UUID, uuid4

from django.utils import timezone

from vault.keys.models import ServingProcess
from vault.keys.providers import root_keys

SEEN_EVERY_SECONDS = 60.0
GONE_AFTER = timedelta(hours=1)
"""A process that used no key for so long is taken for gone."""

_uid: UUID | None = None
_pid = 0
_said_at = 0.0


def announce() -> None:
    """Say that this process begins to answer requests. One that is forked from it says so itself, when it uses a key.

    Raises RootKeyProblem without root keys.
    """
    global _uid, _pid, _said_at
    _uid, _pid, _said_at = uuid4(), os.getpid(), time.monotonic()
    _write(_uid)


def seen() -> None:
    """Say that this process is still there, unless it said so within the last minute or never announced itself."""
    global _said_at  # noqa: PLW0603 - this process is the subject of the module
    if _uid is None:
        return
    if os.getpid() != _pid:
        announce()
    elif time.monotonic() - _said_at >= SEEN_EVERY_SECONDS:
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

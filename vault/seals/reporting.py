"""Alerts about rows that are not genuine: events that stand, whatever becomes of the work that came upon them.

In a request they are collected, and the middleware writes them after the response, when no transaction is under way
that could take them along when it fails. Elsewhere they are written at once, or when the transaction under way ends.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, transaction
from django.utils import timezone

from audit.actions import Action, Outcome, ResourceKind
from audit.actor import Actor
from audit.resource import Resource
from audit.services import EventNotWritten, record

logger = logging.getLogger(__name__)

QUIET = timedelta(hours=1)
"""How long one process says nothing more about the same fault of the same row."""
_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Broken:
    """A row, or a tally, that is not genuine. ``fault``: what is wrong, in words."""

    kind: str
    row: str
    fault: str
    organization_id: UUID | None
    resource_kind: ResourceKind

    def __str__(self) -> str:
        return f"{self.kind} {self.row}: {self.fault}"


_collected: ContextVar[list[Broken] | None] = ContextVar("holdfast_broken_seals", default=None)
_waiting: list[Broken] = []
_told: dict[Broken, datetime] = {}


def report(broken: Broken) -> None:
    """Have an event written about a row that is not genuine, unless this process did so within the hour."""
    now = timezone.now()
    told = _told.get(broken)
    if told is not None and now - told < QUIET:
        return
    if len(_told) >= _KEPT:
        _told.clear()
    _told[broken] = now
    logger.error("A row that grants authority is not genuine and counts as absent: %s", broken)
    collected = _collected.get()
    if collected is not None:
        collected.append(broken)
        return
    _waiting.append(broken)
    write_waiting()


def write_waiting() -> None:
    """Write what was reported outside of a request; inside a transaction, when that is committed.

    What was reported in a transaction that was rolled back is written by the next call.
    """
    if not _waiting:
        return
    if _in_transaction():
        transaction.on_commit(write_waiting)
        return
    batch = _waiting[:]
    del _waiting[: len(batch)]
    _write(batch)


@contextmanager
def collecting() -> Iterator[None]:
    """Collect reports, and write them at the end, also of work that failed."""
    token = _collected.set([])
    try:
        yield
    finally:
        batch = _collected.get() or []
        _collected.reset(token)
        _write(batch)


def forget() -> None:
    """Report everything anew. For tests."""
    _told.clear()
    _waiting.clear()


def _write(batch: list[Broken]) -> None:
    for broken in batch:
        try:
            record(
                actor=Actor.system(),
                action=Action.AUTHORITY_SEAL_BROKEN,
                outcome=Outcome.DENIED,
                organization_id=broken.organization_id,
                resource=Resource(broken.resource_kind, broken.row),
                details={"model": broken.kind, "reason": broken.fault},
            )
        except (EventNotWritten, DatabaseError):
            _told.pop(broken, None)  # the next one who meets the row reports it again
            logger.exception("The log did not take the alert about %s", broken)


def _in_transaction() -> bool:
    """Whether a transaction is under way; that of a test case, in which Django lets durable blocks nest, is none."""
    blocks = transaction.get_connection().atomic_blocks
    return bool(blocks) and not blocks[-1]._from_testcase

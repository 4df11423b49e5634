"""What housekeeping does about keys: rotates the worn ones, finishes what was left, forgets processes that are gone.

And about the rows that are sealed under one: renews their seals after a rotation, and verifies them all.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from vault.crypto.errors import CryptoError
from vault.custody.errors import CustodyError, KeyRefused
from vault.custody.kinds import MOVING, OperationKind, OperationState
from vault.custody.models import KeyOperation
from vault.custody.services.authority import HOUSEKEEPER
from vault.custody.services.compromise import advance_compromise
from vault.custody.services.operations import advance_operation
from vault.custody.services.rotation import rotate_due_keys
from vault.custody.services.verifying_in_parts import POSITION, advance_verification
from vault.errors import ServiceUnavailable
from vault.keys import processes
from vault.seals.services import renew_seals, verify_authority

_LEFT_ALONE = timedelta(minutes=5)
"""An operation that moved so recently has somebody at work on it."""
_AT_MOST = 30 * 60.0
"""Seconds for all operations of one run: whatever is not finished then goes on with the next, and the rest of
housekeeping has its turn."""
_STRETCH = 60.0
"""Seconds in which an operation must move something, or it waits for somebody."""
_LOST = timedelta(days=1)
"""A verification that a command began and nobody moved for so long was killed."""
logger = logging.getLogger(__name__)

_FAILURES = (CustodyError, CryptoError, ImproperlyConfigured, ServiceUnavailable)


@dataclass
class Kept:
    """What was done. `problems`: sentences about what could not be done; everything else was."""

    keys_rotated: int = 0
    operations_finished: int = 0
    processes_forgotten: int = 0
    seals_renewed: int = 0
    rows_not_genuine: int = 0
    problems: list[str] = field(default_factory=list)


def keep_keys() -> Kept:
    """Does all of it, each part whatever becomes of the others. Safe to run at any time, and again."""
    kept = Kept()

    def attempt(act: Callable[[], int]) -> int:
        try:
            return act()
        except _FAILURES as failure:
            kept.problems.append(failure.reason if isinstance(failure, ServiceUnavailable) else str(failure))
        except Exception as failure:  # whatever it is, it must not keep the others from being done, hour after hour
            logger.exception("A part of the care for keys failed")
            kept.problems.append(f"A part failed ({type(failure).__name__}). The log says more.")
        return 0

    kept.keys_rotated = attempt(lambda: len(rotate_due_keys()))
    left, until = timezone.now() - _LEFT_ALONE, time.monotonic() + _AT_MOST
    for operation in KeyOperation.objects.filter(state=OperationState.RUNNING, heartbeat_at__lt=left):
        kept.operations_finished += attempt(partial(_finished, operation, until))
    kept.processes_forgotten = attempt(processes.prune)
    kept.seals_renewed = attempt(renew_seals)
    kept.rows_not_genuine = attempt(_not_genuine)
    if kept.rows_not_genuine:
        kept.problems.append(
            f"{kept.rows_not_genuine:,} rows that grant authority are not as this program wrote them. Run `manage.py "
            "access verify`."
        )
    return kept


def _not_genuine() -> int:
    """How many rows are not; each is an alert in the log."""
    return len(verify_authority(actor=HOUSEKEEPER).faults)


def _finished(operation: KeyOperation, until: float) -> int:
    """Goes on with one operation until it ends or the time is over; 1 if it got to its end. Raises `KeyRefused` if
    nothing of it can be moved."""
    if operation.kind in MOVING:
        while operation.running and time.monotonic() < until:
            before = operation.done + operation.skipped
            operation = advance_operation(actor=HOUSEKEEPER, operation=operation, seconds=_STRETCH)
            if operation.running and operation.done + operation.skipped == before:
                raise KeyRefused(
                    f"Nothing of {operation.scope} could be moved for a minute: another session of the database holds "
                    "its rows. End that session; the next housekeeping goes on."
                )
    elif operation.kind == OperationKind.VERIFY:
        if POSITION in operation.result:
            while operation.running and time.monotonic() < until:
                operation = advance_verification(actor=HOUSEKEEPER, operation=operation, seconds=_STRETCH)
        elif operation.heartbeat_at < timezone.now() - _LOST:
            KeyOperation.objects.filter(pk=operation.pk, state=OperationState.RUNNING).update(
                state=OperationState.STOPPED, problem="It did not come to its end."
            )
    else:
        operation = advance_compromise(actor=HOUSEKEEPER, operation=operation, seconds=max(until - time.monotonic(), 0))
    return int(operation.state == OperationState.DONE)

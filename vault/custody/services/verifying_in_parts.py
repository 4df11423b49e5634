"""Opening every value in parts, each shorter than a request: for pages. What is found is kept with the operation."""

import time
from dataclasses import asdict

from django.db import transaction
from django.utils import timezone

from vault.custody.kinds import OperationKind, OperationState
from vault.custody.models import KeyOperation
from vault.custody.services.authority import Requester, audit_actor
from vault.custody.services.verifying import MOST_FAILURES, authorize_verification, conclude
from vault.fields.verification import Part, Position, count_values, verify_part

POSITION = "position"


def start_verification(*, actor: Requester, scope: str | None = None) -> KeyOperation:
    """Begins to open all values of a scope (None: of the whole instance), or finds the verification under way.

    Raises `AccessDenied`, `InstanceAdministratorsOnly`, `KeysDestroyed`.
    """
    by = audit_actor(actor)
    with transaction.atomic():
        organization_id = authorize_verification(actor, scope)
        running = KeyOperation.objects.filter(
            kind=OperationKind.VERIFY, scope=scope or "", state=OperationState.RUNNING
        ).first()
        if running is not None:
            return running
        return KeyOperation.objects.create(
            kind=OperationKind.VERIFY,
            scope=scope or "",
            organization_id=organization_id,
            total=count_values(scope),
            result={"failed": 0, "failures": [], "by_table": {}, "sample": None, POSITION: Position().as_json()},
            requested_by_id=by.id,
            requested_by_label=by.label,
        )


def advance_verification(*, actor: Requester, operation: KeyOperation, seconds: float = 1.0) -> KeyOperation:
    """Opens values for about so many seconds, and returns the operation as it is then; the last part says what was
    found, with its event. Of two callers at once, one does the part and the other looks on.

    Raises `AccessDenied`, `InstanceAdministratorsOnly`, `KeysDestroyed`, `EventNotWritten`.
    """
    until = time.monotonic() + seconds
    scope = operation.scope or None
    while True:
        with transaction.atomic():
            authorize_verification(actor, scope)
            operation = KeyOperation.objects.get(pk=operation.pk)
        stored = operation.result.get(POSITION)
        if not operation.running or stored is None:  # ended; or one that a command has in hand
            return operation
        part = verify_part(scope, Position.from_json(stored))
        with transaction.atomic():
            authorize_verification(actor, scope)
            now = KeyOperation.objects.select_for_update().get(pk=operation.pk)
            if now.running and now.result.get(POSITION) == stored:
                _take_in(now, part)
                if part.following is None:
                    conclude(actor, now)
                else:
                    now.save()
            operation = now
        if not operation.running or time.monotonic() >= until:
            return operation


def _take_in(operation: KeyOperation, part: Part) -> None:
    """Adds what a part found to what the operation knows."""
    result, failed = operation.result, len(part.failures)
    table = result["by_table"].setdefault(part.column, {"checked": 0, "failed": 0})
    table["checked"] += part.checked
    table["failed"] += failed
    result["failed"] += failed
    room = MOST_FAILURES - len(result["failures"])
    result["failures"] += [asdict(failure) for failure in part.failures[:room]]
    operation.done += part.checked - failed
    operation.heartbeat_at = timezone.now()
    if part.following is None:
        del result[POSITION]
    else:
        result[POSITION] = part.following.as_json()

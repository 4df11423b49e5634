"""Moving rows under the active key, a batch at a time: by a page, a command or housekeeping, whoever comes."""

import time
from dataclasses import asdict
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from audit.actions import Action, ResourceKind
from audit.resource import Resource
from audit.services import append
from audit.system_keys import key_resource
from vault.custody.errors import OperationUnderWay
from vault.custody.kinds import MOVING, OperationKind, OperationState
from vault.custody.models import KeyOperation
from vault.custody.selectors import MOVABLE, open_operation
from vault.custody.services.authority import Requester, audit_actor, authorize_scope
from vault.custody.services.rotation import retire_unneeded, rotate_key
from vault.fields import rewrapping
from vault.keys.models import WrappedKey
from vault.keys.purposes import KeyState, Purpose

_PAUSE = 0.05
"""Seconds to wait for rows that somebody else holds at the moment."""

_REST = 4
"""How long to rest after a batch, as a multiple of its time: on SQLite people who write wait for such a gap, and
everywhere they share the processors and the disk (tests/bench/rotating.py: with a rest of its own length, a reveal took
half as long again)."""
_LONGEST_REST = 0.2
"""Seconds. A batch that itself waited for its turn does not wait much longer for that."""

SUPERSEDED = "A compromised key is being replaced: everything is encrypted anew instead."
"""Why values get no new wrapping meanwhile: that would keep data keys which somebody may have."""

_MODES = {OperationKind.REWRAP: rewrapping.Mode.REWRAP, OperationKind.REENCRYPT: rewrapping.Mode.REENCRYPT}
_STARTED = {
    OperationKind.REWRAP: Action.KEY_REWRAPPING_STARTED,
    OperationKind.REENCRYPT: Action.KEY_REENCRYPTION_STARTED,
}
_DONE = {OperationKind.REWRAP: Action.KEY_REWRAPPED, OperationKind.REENCRYPT: Action.KEY_REENCRYPTED}


def start_operation(*, actor: Requester, kind: OperationKind, scope: str, purpose: Purpose) -> KeyOperation:
    """Begins a rewrapping or reencryption; the one of the same kind that is under way, if there is one.

    A reencryption with nothing under older keys rotates first. Raises `AccessDenied`, `InstanceAdministratorsOnly`,
    `KeysDestroyed`, `OperationUnderWay` (the other kind is at work), `EventNotWritten`, `ValueError` for a purpose that
    moves no rows.
    """
    kind, purpose = OperationKind(kind), Purpose(purpose)
    if kind not in MOVING or purpose not in MOVABLE:
        raise ValueError(f"There is no {kind} of {purpose} keys.")
    with transaction.atomic():
        authorize_scope(actor, scope)
        running = _running(kind, scope, purpose)
    if running is not None:
        return running
    if kind is OperationKind.REENCRYPT and not rewrapping.outstanding(scope, purpose):
        rotate_key(actor=actor, scope=scope, purpose=purpose)
    with transaction.atomic():
        organization_id = authorize_scope(actor, scope)
        running = _running(kind, scope, purpose)
        if running is not None:
            return running
        by, now = audit_actor(actor), timezone.now()
        operation = KeyOperation.objects.create(
            started_at=now,
            heartbeat_at=now,
            kind=kind,
            scope=scope,
            organization_id=organization_id,
            purpose=purpose,
            total=rewrapping.outstanding(scope, purpose),
            requested_by_id=by.id,
            requested_by_label=by.label,
        )
        _append(actor, _STARTED[kind], operation, {"count": operation.total})
    return operation


def advance_operation(*, actor: Requester, operation: KeyOperation, seconds: float = 1.0) -> KeyOperation:
    """Moves batches of rows for about so many seconds, and returns the operation as it is then.

    At the end (`state` is `done`) the keys that no row needs are retired. `stopped`, with a `problem`: only rows that
    do not open are left; `result["failures"]` lists them. Anybody may go on with what somebody else began, with the
    same right; callers at once take turns, a batch each. Raises `AccessDenied`, `InstanceAdministratorsOnly`,
    `KeysDestroyed`, `EventNotWritten`.
    """
    scope, purpose = operation.scope, Purpose(operation.purpose)
    until = time.monotonic() + seconds
    with transaction.atomic():
        authorize_scope(actor, scope)
        operation = KeyOperation.objects.get(pk=operation.pk)
    after, moved = None, 0
    while operation.running:
        began = time.monotonic()
        batch = _batch(operation, after)
        if batch is None:
            break
        after, moved = batch.after, moved + batch.done + batch.skipped
        if after is None:  # the end of a pass through all rows
            left = rewrapping.outstanding(scope, purpose)
            if not left or (not moved and left <= batch.failed):
                return _finish(actor, operation, batch if left else None)
            if not moved:
                time.sleep(_PAUSE)
            moved = 0
        if time.monotonic() >= until:
            break
        time.sleep(min(_REST * (time.monotonic() - began), _LONGEST_REST))
    operation.refresh_from_db()
    return operation


def stop_rewrapping(*, actor: Requester, scope: str, purpose: Purpose, problem: str) -> None:
    """Ends the rewrapping of these rows that is under way: once this returns, no batch of it runs or will run."""
    with transaction.atomic():
        authorize_scope(actor, scope)
        KeyOperation.objects.filter(
            kind=OperationKind.REWRAP, scope=scope, purpose=purpose, state=OperationState.RUNNING
        ).update(state=OperationState.STOPPED, problem=problem, finished_at=timezone.now())


def _batch(operation: KeyOperation, after: str | None) -> rewrapping.Batch | None:
    """One batch and what it adds to the operation, in one transaction; None if the operation has ended.

    The operation's row is held meanwhile: whoever ends the operation waits for the batch, and the counts are exact.
    """
    with transaction.atomic():
        now = KeyOperation.objects.select_for_update().get(pk=operation.pk)
        if not now.running:
            return None
        mode = _MODES[OperationKind(operation.kind)]
        batch = rewrapping.advance(operation.scope, Purpose(operation.purpose), mode=mode, after=after)
        KeyOperation.objects.filter(pk=operation.pk).update(
            done=F("done") + batch.done, skipped=F("skipped") + batch.skipped, heartbeat_at=timezone.now()
        )
    return batch


def _finish(actor: Requester, operation: KeyOperation, stuck: rewrapping.Batch | None) -> KeyOperation:
    """Retires what is not needed, then says that it is done: killed in between, the next call says it.

    `stuck`: a pass that met nothing but values that do not open.
    """
    failed = stuck.failed if stuck else 0
    purpose = Purpose(operation.purpose)
    retired = retire_unneeded(actor=actor, scope=operation.scope, purpose=purpose)
    with transaction.atomic():
        authorize_scope(actor, operation.scope)
        now = KeyOperation.objects.select_for_update().get(pk=operation.pk)
        if not now.running:
            return now
        now.state = OperationState.STOPPED if stuck else OperationState.DONE
        now.finished_at = now.heartbeat_at = timezone.now()
        now.total = now.done + failed
        now.result = {
            "retired": [key.fingerprint for key in retired],
            "failed": failed,
            "failures": [asdict(failure) for failure in stuck.unreadable] if stuck else [],
        }
        if stuck:
            now.problem = (
                f"{failed:,} value{'s do' if failed > 1 else ' does'} not open, and stayed as "
                f"{'they were' if failed > 1 else 'it was'}. Restore from a backup what `manage.py keys verify` lists, "
                "or delete it, and begin again."
            )
        now.save()
        _append(actor, _DONE[OperationKind(now.kind)], now, {"changed": now.done, "failed": failed})
    return now


def _running(kind: OperationKind, scope: str, purpose: Purpose) -> KeyOperation | None:
    if kind is OperationKind.REWRAP and _given_up(scope):
        raise OperationUnderWay(SUPERSEDED)
    running = open_operation(scope, purpose)
    if running is not None and running.kind != kind:
        raise OperationUnderWay(
            f"Another operation ({running.get_kind_display().lower()}) is under way with these values since "
            f"{running.started_at:%d %B %Y, %H:%M} UTC. Let it finish first."
        )
    return running


def _given_up(scope: str) -> bool:
    """Whether the keys of that scope are being replaced because somebody saw them."""
    answers = Q(kind=OperationKind.COMPROMISE, scope=scope) | Q(kind=OperationKind.ROOT_COMPROMISE)
    return KeyOperation.objects.filter(answers, state=OperationState.RUNNING).exists()


def _append(actor: Requester, action: Action, operation: KeyOperation, details: dict[str, object]) -> None:
    active = WrappedKey.objects.filter(
        scope=operation.scope, purpose=operation.purpose, state=KeyState.ACTIVE.value
    ).first()
    organization_id: UUID | None = operation.organization_id
    append(
        actor=audit_actor(actor),
        action=action,
        organization_id=organization_id,
        resource=key_resource(active) if active else Resource(ResourceKind.KEY, str(operation.pk)),
        key_id=bytes(active.key_id) if active else None,
        details={"purpose": operation.purpose, "operation": str(operation.pk), **details},
    )

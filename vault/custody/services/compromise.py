"""What to do when a key was seen by somebody: new keys, new encryption, a proof, a list, a mail, a signed report.

The steps are phases of a `KeyOperation`, each of which can be done again: whoever calls next goes on.
"""

import time
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import Action, ResourceKind
from audit.resource import Resource
from audit.services import append
from orgs.models import Organization
from vault.custody.errors import RootKeyRefused
from vault.custody.kinds import OperationKind, OperationState
from vault.custody.models import KeyOperation, ShredRequest
from vault.custody.selectors import MOVABLE
from vault.custody.services.authority import Requester, audit_actor, authorize_instance, authorize_scope
from vault.custody.services.operations import SUPERSEDED, advance_operation, start_operation, stop_rewrapping
from vault.custody.services.reporting import authorize_answer, notify, write_report
from vault.custody.services.roots import finish_root_rotation, rotate_root
from vault.custody.services.rotation import retire_unneeded, rotate_key
from vault.fields import census, rewrapping
from vault.keys import rootkeys
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_PURPOSES, SYSTEM_SCOPE, KeyState, Purpose

PHASES = ("root", "rotate", "move", "retire", "report", "notify")
"""In order; the first only for a root key. `result["phase"]` is the one under way."""


def declare_compromise(
    *, actor: Requester, scope: str | None, since: datetime | None = None, next_root: str | None = None
) -> KeyOperation:
    """Begins the answer to a compromised key of an organization (None: to a compromised root key), or finds the one
    that is under way. `advance_compromise` does the work.

    `since`: from when on it matters who opened values; by default from the first use of the oldest key. `next_root`:
    the fingerprint of the root key that is to take over, if several could. Every key that the scope has now counts as
    seen; of a root key, every key there is when the next one has taken over alone. Raises `AccessDenied`,
    `KeysDestroyed`, `EventNotWritten`; `RootKeyRefused` without a next root key, and for a person, since that is done
    on the server.
    """
    kind = OperationKind.COMPROMISE if scope else OperationKind.ROOT_COMPROMISE
    with transaction.atomic(durable=True):
        if scope is None:
            _refuse_person(actor)
            authorize_instance(actor)
            organization_id = None
        else:
            organization_id = authorize_scope(actor, scope)
        running = KeyOperation.objects.filter(kind=kind, scope=scope or "", state=OperationState.RUNNING).first()
        if running is not None:
            return running
        suspects = WrappedKey.objects.exclude(state=KeyState.DESTROYED.value)
        if scope is not None:
            suspects = suspects.filter(scope=scope)
        else:
            _refuse_without_next(next_root)
        oldest = min((key.activated_at or key.created_at for key in suspects), default=timezone.now())
        by, now = audit_actor(actor), timezone.now()
        rows = census.rows_under(suspects)
        operation = KeyOperation.objects.create(
            started_at=now,
            heartbeat_at=now,
            total=sum(rows[key.uid] for key in suspects if Purpose(key.purpose) in MOVABLE),
            kind=kind,
            scope=scope or "",
            organization_id=organization_id,
            requested_by_id=by.id,
            requested_by_label=by.label,
            result={
                "phase": PHASES[1] if scope else PHASES[0],
                "since": (since or oldest).isoformat(),
                "suspects": [str(key.uid) for key in suspects],
                "next_root": next_root,
                "root_key": rootkeys.wrapping_root_keys().now.fingerprint,  # not the one that a rotation leads to
                "mails": {},
            },
        )
        append(
            actor=by,
            action=Action.KEY_COMPROMISE_DECLARED,
            organization_id=organization_id,
            resource=_resource(operation),
            details={"operation": str(operation.pk), "kind": kind, "since": operation.result["since"]},
        )
    return operation


def advance_compromise(
    *,
    actor: Requester,
    operation: KeyOperation,
    seconds: float | None = None,
    force: bool = False,
    progress: Callable[[KeyOperation], None] | None = None,
) -> KeyOperation:
    """Goes on with the answer for about so many seconds (None: to its end). `result["phase"]` says where it is; at the
    end `result["report"]` is the uid of the `KeyReport`, and `problem` says if values are left under a key given up.

    `force`: give up the compromised root key although a serving process lacks the next one. Raises `RootKeyRefused`
    for that, and as `declare_compromise`.
    """
    until = None if seconds is None else time.monotonic() + seconds
    while operation.running:
        if _step(actor, operation, force=force):
            _next_phase(operation)
        operation.refresh_from_db()
        if progress is not None:
            progress(operation)
        if until is not None and time.monotonic() >= until:
            break
    return operation


def suspects_of(operation: KeyOperation) -> list[WrappedKey]:
    """The keys that the operation gives up, as they are now."""
    return list(WrappedKey.objects.filter(pk__in=operation.result["suspects"]))


def _step(actor: Requester, operation: KeyOperation, *, force: bool) -> bool:
    """Some work of the phase under way; whether the phase is complete. Nothing is done, mailed or called complete for
    whoever has lost the right since."""
    with transaction.atomic():
        authorize_answer(actor, operation)
    phase = operation.result["phase"]
    if phase == "root":
        return _replace_root(actor, operation, force=force)
    if phase == "rotate":
        return _rotate(actor, operation)
    if phase == "move":
        return _move(actor, operation)
    if phase == "retire":
        for scope, purpose in _targets(operation):
            retire_unneeded(actor=actor, scope=scope, purpose=purpose)
        return True
    if phase == "report":
        return write_report(actor=actor, operation=operation, suspects=suspects_of(operation))
    return notify(actor=actor, operation=operation)


def _next_phase(operation: KeyOperation) -> None:
    """Steps on, unless somebody else did."""
    with transaction.atomic():
        now = KeyOperation.objects.select_for_update().get(pk=operation.pk)
        phase = operation.result["phase"]
        if not now.running or now.result["phase"] != phase:
            return
        if phase == PHASES[-1]:
            now.state, now.finished_at = OperationState.DONE, timezone.now()
        else:
            now.result["phase"] = PHASES[PHASES.index(phase) + 1]
        now.heartbeat_at = timezone.now()
        now.save(update_fields=["state", "finished_at", "heartbeat_at", "result"])


def _targets(operation: KeyOperation) -> list[tuple[str, Purpose]]:
    """The scopes and purposes whose keys are given up."""
    if operation.scope:
        return [(operation.scope, Purpose.DATA)]
    shredded = ShredRequest.objects.filter(executed_at__isnull=False).values("organization_id")
    organizations = Organization.objects.exclude(pk__in=shredded).order_by("created_at", "uid")
    return [(SYSTEM_SCOPE, purpose) for purpose in SYSTEM_PURPOSES] + [
        (organization.key_scope, Purpose.DATA) for organization in organizations
    ]


def _replace_root(actor: Requester, operation: KeyOperation, *, force: bool) -> bool:
    if _root_rotation_under_way() or rootkeys.wrapping_root_key().fingerprint == operation.result["root_key"]:
        rotate_root(actor=actor, fingerprint=operation.result["next_root"])
        finish_root_rotation(actor=actor, force=force)
    _suspect_all(operation)
    return True


def _suspect_all(operation: KeyOperation) -> None:
    """Adds the keys that were made since the declaration: until now, every one was wrapped by the root key given up."""
    with transaction.atomic():
        now = KeyOperation.objects.select_for_update().get(pk=operation.pk)
        if not now.running or now.result["phase"] != PHASES[0]:
            return
        known = set(now.result["suspects"])
        made = [key for key in WrappedKey.objects.exclude(state=KeyState.DESTROYED.value) if str(key.uid) not in known]
        rows = census.rows_under(made)
        now.result["suspects"] += [str(key.uid) for key in made]
        now.total += sum(rows[key.uid] for key in made if Purpose(key.purpose) in MOVABLE)
        now.save(update_fields=["result", "total"])


def _rotate(actor: Requester, operation: KeyOperation) -> bool:
    """A key that nobody has seen for each scope and purpose. A pending one may have been seen, and counts as one."""
    suspects = {UUID(uid) for uid in operation.result["suspects"]}
    for scope, purpose in _targets(operation):
        if purpose in MOVABLE:
            stop_rewrapping(actor=actor, scope=scope, purpose=purpose, problem=SUPERSEDED)
        active = WrappedKey.objects.filter(scope=scope, purpose=purpose.value, state=KeyState.ACTIVE.value).first()
        while active is None or active.uid in suspects:
            active = rotate_key(actor=actor, scope=scope, purpose=purpose)
    return True


def _move(actor: Requester, operation: KeyOperation) -> bool:
    """About a second of encrypting anew; complete when nothing but values that do not open is left."""
    waiting = [
        (scope, purpose)
        for scope, purpose in _targets(operation)
        if purpose in MOVABLE and [scope, purpose.value] not in operation.result.get("moved", [])
    ]
    if not waiting:
        return True
    scope, purpose = waiting[0]
    if rewrapping.outstanding(scope, purpose):
        moving = start_operation(actor=actor, kind=OperationKind.REENCRYPT, scope=scope, purpose=purpose)
        before = moving.done
        moving = advance_operation(actor=actor, operation=moving)
        done, ended = moving.done - before, not moving.running
    else:
        done, ended = 0, True
    with transaction.atomic():
        now = KeyOperation.objects.select_for_update().get(pk=operation.pk)
        now.done += done
        now.total = max(now.total, now.done)
        now.heartbeat_at = timezone.now()
        if ended and [scope, purpose.value] not in now.result.get("moved", []):
            now.result.setdefault("moved", []).append([scope, purpose.value])
        now.save(update_fields=["done", "total", "heartbeat_at", "result"])
    return ended and len(waiting) == 1


def _root_rotation_under_way() -> bool:
    return WrappedKey.objects.filter(next_root_key_id__isnull=False).exists()


def _refuse_without_next(fingerprint: str | None) -> None:
    if _root_rotation_under_way():
        return
    try:
        rootkeys.next_root_key(fingerprint)
    except rootkeys.NoNextRootKey as refused:
        raise RootKeyRefused(str(refused)) from refused


def _refuse_person(actor: Requester) -> None:
    if isinstance(actor, User):
        raise RootKeyRefused("A compromised root key is answered on the server: `manage.py keys compromise --root`.")


def _resource(operation: KeyOperation) -> Resource:
    if operation.organization_id is None:
        return Resource(ResourceKind.INSTANCE, "1", "This instance")
    return Organization.objects.get(pk=operation.organization_id).audit_resource

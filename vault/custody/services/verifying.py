"""Opening every value, to know that it opens."""

from collections.abc import Callable
from dataclasses import asdict
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.actions import Action, Outcome, ResourceKind
from audit.resource import Resource
from audit.services import append
from orgs.models import Organization
from vault.custody.kinds import OperationKind, OperationState
from vault.custody.models import KeyOperation, ShredRequest
from vault.custody.services.authority import Requester, audit_actor, authorize_instance, authorize_scope
from vault.fields.verification import shredded_organizations, verify

MOST_FAILURES = 1000
"""How many rows that do not open are kept one by one; all of them are counted."""


def verify_values(
    *,
    actor: Requester,
    scope: str | None = None,
    sample: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> KeyOperation:
    """Opens all values (or a random `sample`) of a scope, or of the whole instance, and remembers what was found.

    The operation's `done` counts values that were opened; `result` has `failures` (a list of objects with `table`,
    `column`, `row`, `version`, `scope`, `key_fingerprint`, `problem`), `failed` (how many), `by_table`, `sample`
    and `left_out` (organizations whose keys were destroyed on purpose).
    `progress` is called with (checked, total). One that is killed leaves nothing behind. Raises `AccessDenied`,
    `InstanceAdministratorsOnly`, `KeysDestroyed`, `EventNotWritten`.
    """
    by = audit_actor(actor)
    with transaction.atomic():
        organization_id = authorize_verification(actor, scope)
    operation = KeyOperation(
        kind=OperationKind.VERIFY,
        scope=scope or "",
        organization_id=organization_id,
        requested_by_id=by.id,
        requested_by_label=by.label,
    )
    found = verify(scope=scope, sample=sample, progress=progress)
    operation.done = found.checked - found.failed
    operation.result = {
        "failed": found.failed,
        "failures": [asdict(failure) for failure in found.failures[:MOST_FAILURES]],
        "by_table": {name: asdict(count) for name, count in found.by_table.items()},
        "sample": sample,
        "left_out": found.left_out,
    }
    with transaction.atomic():
        authorize_verification(actor, scope)
        conclude(actor, operation)
    return operation


def authorize_verification(actor: Requester, scope: str | None) -> UUID | None:
    """Decides about opening everything in `scope` (None: in the instance); returns the organization's uid, if any.

    Raises `AccessDenied`, `InstanceAdministratorsOnly`, `KeysDestroyed`.
    """
    if scope is None:
        authorize_instance(actor)
        return None
    return authorize_scope(actor, scope)


def conclude(actor: Requester, operation: KeyOperation) -> None:
    """Ends a verification with what it found, in the caller's transaction: the row and its event."""
    failed = int(operation.result["failed"])
    operation.total = operation.done + failed
    operation.state = OperationState.DONE
    operation.finished_at = operation.heartbeat_at = timezone.now()
    problems = [f"{failed:,} of {operation.total:,} values do not open."] if failed else []
    if not operation.scope and (robbed := _destroyed_by_nobody()):
        problems.append(f"The keys of {', '.join(robbed)} are destroyed, and no two owners agreed to that.")
    operation.problem = " ".join(problems)
    operation.save()
    append(
        actor=audit_actor(actor),
        action=Action.KEY_VERIFIED,
        outcome=Outcome.FAILURE if problems else Outcome.SUCCESS,
        organization_id=operation.organization_id,
        resource=_resource(operation.organization_id),
        details={"checked": operation.total, "failed": failed, "operation": str(operation.pk)},
    )


def _destroyed_by_nobody() -> list[str]:
    """The slugs of organizations whose values were left out although nobody asked for the end of their keys: whoever
    empties them in the database must not have a verification hold after that."""
    asked = ShredRequest.objects.filter(executed_at__isnull=False).values("organization_id")
    destroyed = Organization.objects.filter(pk__in=shredded_organizations()).exclude(pk__in=asked)
    return list(destroyed.order_by("slug").values_list("slug", flat=True))


def _resource(organization_id: UUID | None) -> Resource:
    if organization_id is None:
        return Resource(ResourceKind.INSTANCE, "1", "This instance")
    return Organization.objects.get(pk=organization_id).audit_resource

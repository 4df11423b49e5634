"""The one way into the log.

`append` takes part in the transaction of the business it reports: both are committed, or neither. `record` reports what
has no business to commit with it (a refusal, a failed sign-in), in a transaction of its own that no later rollback
undoes.
"""

import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from uuid import UUID

from django.db import DatabaseError, transaction
from django.utils import timezone

from audit.actions import Action, ActorKind, Outcome, ResourceKind
from audit.actor import Actor
from audit.canonical import FORMAT, Body, canonical_body, leaf_hash, mac_message
from audit.details import checked_details
from audit.models import Event
from audit.resource import Resource
from audit.risk import risk_of
from vault import context, tenancy
from vault.crypto.errors import CryptoError
from vault.errors import ServiceUnavailable
from vault.keys.peppers import keyed_hash
from vault.keys.purposes import Purpose
from vault.names import safe_label

MAX_ID = 64
MAX_LABEL = 254


class EventNotWritten(ServiceUnavailable):
    """The log did not take the event, so what it reports did not happen and nothing may be shown."""

    def __init__(self) -> None:
        super().__init__(
            "The activity log cannot be written at the moment, so nothing was shown or changed. Try again in a minute."
        )


class OutsideTransaction(RuntimeError):
    """`append` was called without a transaction to take part in."""

    def __init__(self) -> None:
        super().__init__(
            "audit.services.append needs the transaction of the business it reports (transaction.atomic); "
            "what stands alone is written with audit.services.record."
        )


class InsideTransaction(RuntimeError):
    """`record` was called where a rollback could undo what it writes."""

    def __init__(self) -> None:
        super().__init__(
            "audit.services.record commits for itself and was called inside transaction.atomic. Leave it first, "
            "or use audit.services.append for an event that belongs to it."
        )


def append(
    *,
    actor: Actor,
    action: Action,
    outcome: Outcome = Outcome.SUCCESS,
    organization_id: UUID | None = None,
    resource: Resource | None = None,
    key_id: bytes | None = None,
    details: Mapping[str, object] | None = None,
) -> Event:
    """Write an event in the caller's transaction; where from and by which program is taken from `vault.context`.

    `key_id`: the 16-byte id of the tenant key that was used. `details`: only what `audit.details` lists. Labels are
    put on one line, cleaned and cut. Raises OutsideTransaction; EventNotWritten if the database or the audit key fails;
    UnknownDetail or UnfitDetail; ValueError for a word that is in none of the vocabularies.
    """
    if not transaction.get_connection().in_atomic_block:
        raise OutsideTransaction
    event = _event(_body(actor, Action(action), Outcome(outcome), organization_id, resource, key_id, details))
    try:
        with _own_tenant(organization_id):
            event.save()
    except DatabaseError as error:
        raise EventNotWritten from error
    return event


def record(
    *,
    actor: Actor,
    action: Action,
    outcome: Outcome = Outcome.SUCCESS,
    organization_id: UUID | None = None,
    resource: Resource | None = None,
    key_id: bytes | None = None,
    details: Mapping[str, object] | None = None,
) -> Event:
    """Write an event and commit it before returning. Raises InsideTransaction, and what `append` raises."""
    connection = transaction.get_connection()
    # A test case's own transaction is no caller's: Django marks it, and lets durable blocks nest in it.
    if connection.atomic_blocks and not connection.atomic_blocks[-1]._from_testcase:
        raise InsideTransaction
    try:
        with transaction.atomic(durable=True):
            return append(
                actor=actor,
                action=action,
                outcome=outcome,
                organization_id=organization_id,
                resource=resource,
                key_id=key_id,
                details=details,
            )
    except DatabaseError as error:  # the commit itself
        raise EventNotWritten from error


def _own_tenant(organization_id: UUID | None) -> AbstractContextManager[None]:
    """An event about an organization is written in it, also by somebody who has nothing to do with it: a denial."""
    if organization_id is None or tenancy.current().covers(organization_id):
        return nullcontext()
    return tenancy.within(organization_id)


def _body(
    actor: Actor,
    action: Action,
    outcome: Outcome,
    organization_id: UUID | None,
    resource: Resource | None,
    key_id: bytes | None,
    details: Mapping[str, object] | None,
) -> Body:
    request = context.current()
    return Body(
        uid=uuid.uuid4(),
        occurred_at=timezone.now(),
        action=action,
        outcome=outcome,
        risk=risk_of(action, outcome),
        actor_kind=ActorKind(actor.kind),
        actor_id=_id(actor.id),
        actor_label=safe_label(actor.label, max_length=MAX_LABEL),
        organization_id=organization_id,
        resource_kind=ResourceKind(resource.kind) if resource else None,
        resource_id=_id(resource.id) if resource else "",
        resource_label=safe_label(resource.label, max_length=MAX_LABEL) if resource else "",
        ip=request.ip,
        user_agent=request.user_agent,
        correlation_id=request.correlation_id,
        key_id=key_id,
        details=checked_details(details),
    )


def _id(uid: str) -> str:
    """A uid as text. Ids come from our own rows, so one that does not fit is a defect, not an input."""
    text = str(uid)
    if len(text) > MAX_ID or not text.isascii() or not text.isprintable():
        raise ValueError("An event names things by uid: at most 64 printable ASCII characters.")
    return text


def _event(body: Body) -> Event:
    canonical = canonical_body(body)
    try:
        mac = keyed_hash(Purpose.AUDIT, mac_message(canonical))
    except (CryptoError, DatabaseError) as error:
        raise EventNotWritten from error
    return Event(
        uid=body.uid,
        format=FORMAT,
        occurred_at=body.occurred_at,
        action=body.action.value,
        outcome=body.outcome.value,
        risk=body.risk.value,
        actor_kind=body.actor_kind.value,
        actor_id=body.actor_id,
        actor_label=body.actor_label,
        organization_id=body.organization_id,
        resource_kind=body.resource_kind.value if body.resource_kind else "",
        resource_id=body.resource_id,
        resource_label=body.resource_label,
        ip=body.ip,
        user_agent=body.user_agent,
        correlation_id=body.correlation_id,
        key_id=body.key_id,
        details=dict(body.details),
        leaf_hash=leaf_hash(canonical),
        mac=mac,
    )

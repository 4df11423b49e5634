"""Destroying an organization's keys: one owner asks, another agrees within a day, and no backup of the rows opens.

Who agrees decides when: at once, in the transaction of the approval, or left to the operator, who types the name at
`manage.py keys shred` before the request expires. Nobody shreds without two owners, the operator included.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from audit.actions import Action, ResourceKind
from audit.actor import Actor
from audit.services import append
from orgs.models import Membership, Organization
from orgs.permissions import Permission
from orgs.roles import Role
from orgs.selectors import object_for
from vault.custody.errors import ConfirmationMismatch, ShredRefused
from vault.custody.kinds import OperationState, ReportKind
from vault.custody.models import KeyOperation, KeyReport, ShredRequest
from vault.custody.reports import Draft, moment, signed
from vault.custody.selectors import open_shred_request, shredded_at
from vault.custody.services.authority import audit_actor, refuse_shredded
from vault.keys import lifecycle
from vault.keys.models import WrappedKey
from vault.seals import genuine, with_seal

SHRED_REQUEST_HOURS = 24

_REMINDER = (
    "Nothing under these keys opens any more, unless a backup of the key table and its root key exist: delete those "
    "backups."
)


def request_shred(*, actor: User, organization: Organization, confirmation: str) -> ShredRequest:
    """An owner asks to destroy the keys, with the organization's name typed as `confirmation`.

    Raises `AccessDenied` for anybody but an owner (`org:delete`), `ConfirmationMismatch`, `ShredRefused` if a request
    is open or there is no other owner to approve it, `KeysDestroyed`, `EventNotWritten`.
    """
    with transaction.atomic():
        locked = _lock(actor, organization)
        refuse_shredded(locked.uid)
        _typed(confirmation, locked)
        if open_shred_request(locked) is not None:
            raise ShredRefused("There is a request to destroy these keys already. Approve or cancel it.")
        if not genuine(with_seal(_active_owners(locked).exclude(user_id=actor.pk))):
            raise ShredRefused("Another owner must agree, and you are the only one. Make somebody else an owner first.")
        now = timezone.now()
        request = ShredRequest.objects.create(
            organization=locked,
            requested_by=actor,
            requested_at=now,
            expires_at=now + timedelta(hours=SHRED_REQUEST_HOURS),
        )
        _append(actor.audit_actor, Action.KEY_SHRED_REQUESTED, locked, {"expires_at": request.expires_at.isoformat()})
    return request


def approve_shred(*, actor: User, request: ShredRequest, execute: bool = True) -> ShredRequest:
    """Another owner agrees; with `execute` the keys are destroyed in the same transaction, else the operator carries it
    out with `manage.py keys shred`. Approved before by the same person, it is carried out now.

    Both must be active owners now. Raises `AccessDenied`, `ShredRefused`, `KeysDestroyed`, `EventNotWritten`.
    """
    with transaction.atomic(durable=True):
        locked = _lock(actor, request.organization)
        refuse_shredded(locked.uid)
        now = _open(request)
        if now.requested_by_id == actor.pk:
            raise ShredRefused("Another owner must agree: whoever asked cannot approve as well.")
        _both_still_own(locked, now.requested_by, actor)
        now.approved_by, now.approved_at = actor, timezone.now()
        now.save(update_fields=["approved_by", "approved_at"])
        if execute:
            _destroy(actor.audit_actor, locked, now)
        else:
            _append(actor.audit_actor, Action.KEY_SHRED_APPROVED, locked, {"expires_at": now.expires_at.isoformat()})
    return now


def cancel_shred(*, actor: User, request: ShredRequest) -> ShredRequest:
    """Any owner ends a request that was not executed. Raises `AccessDenied`, `EventNotWritten`; nothing happens if it
    has ended."""
    with transaction.atomic():
        locked = _lock(actor, request.organization)
        now = ShredRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
        if now.executed_at or now.cancelled_at or now.expires_at <= timezone.now():
            return now
        now.cancelled_at = timezone.now()
        now.save(update_fields=["cancelled_at"])
        _append(actor.audit_actor, Action.KEY_SHRED_CANCELLED, locked, {})
    return now


def execute_shred(*, actor: Actor, organization: Organization, confirmation: str) -> ShredRequest:
    """The operator carries out what two owners approved, with the organization's name typed. Done before: nothing
    happens. Raises `ConfirmationMismatch`, `ShredRefused` without an approved request, `EventNotWritten`."""
    with transaction.atomic(durable=True):
        locked = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        if shredded_at(locked.uid) is not None:
            return ShredRequest.objects.filter(organization=locked, executed_at__isnull=False).latest("executed_at")
        request = open_shred_request(locked)
        if request is None or request.approved_at is None:
            raise ShredRefused(
                "Two owners must agree before the keys of an organization are destroyed: one asks for it on the page "
                "of its keys, another approves within a day."
            )
        _typed(confirmation, locked)
        _both_still_own(locked, request.requested_by, request.approved_by)
        _destroy(audit_actor(actor), locked, request)
    return request


def _destroy(actor: Actor, organization: Organization, request: ShredRequest) -> None:
    """The end of the keys, its signed certificate and its event. Inside the caller's transaction."""
    keys = lifecycle.destroy_scope(organization.key_scope)
    KeyOperation.objects.filter(scope=organization.key_scope, state=OperationState.RUNNING).update(
        state=OperationState.STOPPED, problem="The keys were destroyed meanwhile.", finished_at=timezone.now()
    )
    request.executed_at = timezone.now()
    request.save(update_fields=["executed_at"])
    report = KeyReport.objects.create(
        kind=ReportKind.SHRED,
        organization_id=organization.uid,
        text=signed(_certificate(organization, request, keys)),
    )
    _append(actor, Action.KEY_SHREDDED, organization, {"keys": len(keys), "report": str(report.pk)})


def _certificate(organization: Organization, request: ShredRequest, keys: list[WrappedKey]) -> Draft:
    approved = request.approved_by
    return Draft(
        title="Holdfast report: destroyed organization keys",
        facts=[
            ("Organization", f"{organization.name} ({organization.slug}, {organization.uid})"),
            ("Asked for", f"{moment(request.requested_at)} by {request.requested_by.email}"),
            ("Approved", f"{moment(request.approved_at or timezone.now())} by {approved.email if approved else ''}"),
            ("Destroyed", moment(request.executed_at or timezone.now())),
            *((f"Key of {key.purpose}, version {key.version}", key.fingerprint) for key in keys),
        ],
        notes=[_REMINDER],
    )


def _lock(actor: User, organization: Organization) -> Organization:
    """The organization under lock, for an owner. Raises `AccessDenied`."""
    organizations = Organization.objects.select_for_update(no_key=True)
    return object_for(actor, Permission.ORG_DELETE, organizations, organization.pk, kind=ResourceKind.ORGANIZATION)


def _open(request: ShredRequest) -> ShredRequest:
    now = ShredRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    if now.cancelled_at is not None:
        raise ShredRefused("The request was cancelled. Nothing was destroyed.")
    if now.expires_at <= timezone.now():
        raise ShredRefused("The request is older than a day. Ask anew.")
    return now


def _both_still_own(organization: Organization, *people: User | None) -> None:
    """Raises `ShredRefused` unless whoever asked and whoever agreed are active owners at this moment."""
    both = _active_owners(organization).filter(user__in=[person for person in people if person])
    if len(genuine(with_seal(both))) != 2:
        raise ShredRefused("Whoever asked or approved is not an active owner any more. Ask anew.")


def _active_owners(organization: Organization) -> "QuerySet[Membership]":
    return Membership.objects.filter(
        organization=organization, role=Role.OWNER, status=Membership.Status.ACTIVE, user__is_active=True
    )


def _typed(confirmation: str, organization: Organization) -> None:
    if confirmation.strip() != organization.name:
        raise ConfirmationMismatch("This is not the name of the organization. Type it exactly as it is shown.")


def _append(actor: Actor, action: Action, organization: Organization, details: dict[str, object]) -> None:
    append(
        actor=actor,
        action=action,
        organization_id=organization.uid,
        resource=organization.audit_resource,
        details=details,
    )

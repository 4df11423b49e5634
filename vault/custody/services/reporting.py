"""The end of the answer to a compromised key: the proof, the signed report and the mails."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from audit.actions import Action, ResourceKind
from audit.resource import Resource
from audit.services import append
from orgs.models import Organization
from vault.custody.exposure import exposure_of
from vault.custody.kinds import OperationKind, ReportKind
from vault.custody.mails import deliver_compromise
from vault.custody.models import KeyOperation, KeyReport
from vault.custody.reports import Draft, Section, moment, signed
from vault.custody.services.authority import Requester, audit_actor, authorize_instance, authorize_scope
from vault.fields import census
from vault.keys import rootkeys
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, KeyState, Purpose

_KINDS = {OperationKind.COMPROMISE: ReportKind.COMPROMISE, OperationKind.ROOT_COMPROMISE: ReportKind.ROOT_COMPROMISE}


def write_report(*, actor: Requester, operation: KeyOperation, suspects: Sequence[WrappedKey]) -> bool:
    """Counts what is left under the keys given up, and stores the signed report, with its event, in one transaction.

    Of a root key, every organization gets a report of its own as well, and the instance's names no secret: those who
    look after the instance may belong to none of them. Always true: written once.
    """
    with transaction.atomic(durable=True):
        authorize_answer(actor, operation)
        now = KeyOperation.objects.select_for_update().get(pk=operation.pk)
        if not now.running or "report" in now.result:
            return True
        rows = census.rows_under(suspects)  # counted anew, after everything was moved
        sections = _sections(now, suspects, rows)
        left = sum(rows[key.uid] for key in suspects if _encrypts(key))
        facts = _facts(now, left)
        kind = _KINDS[OperationKind(now.kind)]
        title = f"Holdfast report: {kind.label.lower()}"
        notes = _notes(suspects, rows)
        report = KeyReport.objects.create(
            kind=kind,
            organization_id=now.organization_id,
            text=signed(Draft(title, facts, sections, notes, names=now.organization_id is not None)),
        )
        if now.organization_id is None:
            for section in sections:
                KeyReport.objects.create(
                    kind=kind,
                    organization_id=section.organization.uid,
                    text=signed(Draft(title, facts, [section])),
                )
        now.result |= {
            "report": str(report.pk),
            "left": left,
            "sections": [_section_document(section) for section in sections],
        }
        if left:
            now.problem = (
                f"{left:,} value{'s do' if left > 1 else ' does'} not open, and stayed under a key given up. "
                "`manage.py keys verify` lists them."
            )
        now.save()
        append(
            actor=audit_actor(actor),
            action=Action.KEY_COMPROMISE_ANSWERED,
            organization_id=now.organization_id,
            resource=_resource(now),
            details={
                "operation": str(now.pk),
                "report": str(report.pk),
                "keys": len(suspects),
                "count": sum(section.exposure.secrets for section in sections),
                "remaining": left,
            },
        )
    return True


def notify(*, actor: Requester, operation: KeyOperation) -> bool:
    """Mails the owners of each organization, and remembers whom: killed, the next call goes on with the next
    organization. Always true."""
    for section in operation.result["sections"]:
        if section["organization"] in operation.result["mails"]:
            continue
        organization = Organization.objects.get(pk=section["organization"])
        delivered = deliver_compromise(organization, section, root=operation.organization_id is None)
        with transaction.atomic():
            authorize_answer(actor, operation)
            now = KeyOperation.objects.select_for_update().get(pk=operation.pk)
            now.result["mails"][section["organization"]] = delivered
            now.heartbeat_at = timezone.now()  # however slow the mails are, housekeeping must not send them as well
            now.save(update_fields=["result", "heartbeat_at"])
    return True


def authorize_answer(actor: Requester, operation: KeyOperation) -> None:
    """Decides about going on with the answer to a compromise. Raises as `authorize_scope`."""
    if operation.scope:
        authorize_scope(actor, operation.scope)
    else:
        authorize_instance(actor)


def _sections(operation: KeyOperation, suspects: Sequence[WrappedKey], rows: dict[UUID, int]) -> list[Section]:
    since = _since(operation)
    found = []
    for organization in Organization.objects.filter(
        pk__in={key.scope for key in suspects if key.scope != SYSTEM_SCOPE}
    ):
        keys = [key for key in suspects if key.scope == organization.key_scope]
        if all(key.state == KeyState.DESTROYED.value for key in keys):
            continue
        left = sum(rows[key.uid] for key in keys)
        found.append(Section(organization, keys, left, exposure_of(organization.uid, since)))
    return sorted(found, key=lambda section: section.organization.slug)


def _facts(operation: KeyOperation, left: int) -> list[tuple[str, str]]:
    facts = [
        ("Declared", f"{moment(operation.started_at)} by {operation.requested_by_label}"),
        ("Answered", moment(timezone.now())),
    ]
    if operation.organization_id is None:
        facts += [
            ("Root key given up", operation.result["root_key"]),
            ("Root key that took over", rootkeys.wrapping_root_key().fingerprint),
        ]
    facts.append(("Values still under keys given up", f"{left:,}, counted after everything was encrypted anew"))
    return facts


def _notes(suspects: Sequence[WrappedKey], rows: dict[UUID, int]) -> list[str]:
    """What to know about the keys of the instance: those that authenticate stay readable while rows name them."""
    told = []
    for key in suspects:
        if key.scope != SYSTEM_SCOPE:
            continue
        told.append(
            f"Instance key given up: {key.fingerprint}, {key.purpose}, version {key.version}, now {key.state}, "
            f"rows that name it: {rows[key.uid]:,}"
        )
    if any(key.purpose == Purpose.TOKEN.value and rows[key.uid] for key in suspects):
        told.append(
            "Recovery codes and open invitations keep working under the token key given up: revoke the invitations, "
            "and have people make new recovery codes."
        )
    return told


def _section_document(section: Section) -> dict[str, object]:
    """What the operation remembers of a section, and the command prints."""
    exposure = section.exposure
    return {
        "organization": str(section.organization.uid),
        "slug": section.organization.slug,
        "keys": [key.fingerprint for key in section.given_up],
        "left": section.rows_left,
        "secrets": exposure.secrets,
        "versions": exposure.versions,
        "purged": len(exposure.purged),
        "since": exposure.since.isoformat(),
        "openings": exposure.openings,
        "opened_by": [
            {
                "who": opener.label,
                "times": opener.times,
                "by_action": opener.by_action,
                "last_at": opener.last_at.isoformat(timespec="seconds"),
            }
            for opener in exposure.openers
        ],
        "protected": [{"project": each.project, "secrets": len(each.names)} for each in exposure.protected],
    }


def _encrypts(key: WrappedKey) -> bool:
    return key.purpose in {Purpose.DATA.value, Purpose.TOTP.value}


def _since(operation: KeyOperation) -> datetime:
    since = parse_datetime(operation.result["since"])
    if since is None:
        raise ValueError("The operation does not say since when.")
    return since


def _resource(operation: KeyOperation) -> Resource:
    if operation.organization_id is None:
        return Resource(ResourceKind.INSTANCE, "1", "This instance")
    return Organization.objects.get(pk=operation.organization_id).audit_resource

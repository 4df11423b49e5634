"""Grants: who has which role where, from when until when, and up to which classification.

Nobody gives, changes or revokes more than they hold themselves in all of that scope and for that class; to give, until
the grant's own end, and to take away, at this moment: `orgs.services.authority.within_reach`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import formats, timezone

from accounts.models import User
from audit.actions import Action, ResourceKind
from audit.resource import Resource
from audit.services import append
from orgs.classification import Classification
from orgs.errors import InvalidGrant, NothingChosen, RoleOutOfReach
from orgs.models import ClassPolicy, CustomRole, Environment, Grant, Machine, Membership, Organization, Project, Team
from orgs.permissions import NOTHING_THERE, AccessDenied, Permission, decide
from orgs.permissions.authority import scope_label
from orgs.places import Scope, clean_path
from orgs.roles import Role
from orgs.selectors import custom_role_for, grant_for, live_grants_of, machine_for, member_for, team_for
from orgs.services.authority import (
    lock_organization,
    permissions_in,
    subject_label,
    within_reach,
    within_reach_of,
)
from vault.names import clean_text
from vault.seals import genuine, with_seal

REASON_LENGTH = 500

P = TypeVar("P", Project, Environment)

Subject = Membership | Team | Machine
_KINDS: dict[type[Subject], Grant.SubjectKind] = {
    Membership: Grant.SubjectKind.MEMBER,
    Team: Grant.SubjectKind.TEAM,
    Machine: Grant.SubjectKind.MACHINE,
}
APPROVED = frozenset({Grant.Origin.REQUESTED, Grant.Origin.BREAK_GLASS})
"""What others agreed to, for the time that they were asked about."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a grant is to be, besides its subject and its role. `starts_at`: None for now; `ends_at`: None for never."""

    scope: Scope
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    highest: Classification = Classification.INTERNAL
    reason: str = ""


@transaction.atomic
def give_grant(*, actor: User, subject: Subject, role: Role | CustomRole, terms: Terms) -> Grant:
    """Gives a member, a team or a machine a role in a scope.

    Raises `AccessDenied` without `grant:manage` there, or for what is not in the organization; `RoleOutOfReach` for the
    role Owner; `BeyondReach` for more than the actor has; `InvalidGrant` for a scope, a window or a class that cannot
    be, and for a grant that is there already; `ValidationError` for the path and the reason.
    """
    organization = lock_organization(terms.scope.organization)
    grant = drafted_grant(actor=actor, organization=organization, subject=subject, role=role, terms=terms)
    grant.save()
    append_grant_event(actor, Action.GRANT_GIVEN, grant)
    return grant


def drafted_grant(
    *, actor: User, organization: Organization, subject: Subject, role: Role | CustomRole, terms: Terms
) -> Grant:
    """The grant as it would be, with all that it names, stored nowhere: for a preview, and for what stores it.

    Raises as `give_grant` does. What it finds is true for as long as the organization is locked.
    """
    now = timezone.now()
    scope, project, environment = _place(actor, organization, terms.scope)
    if role is Role.OWNER:
        raise RoleOutOfReach("The role Owner cannot be granted. Make the person an owner on the members page.")
    found = _subject(actor, organization, subject)
    custom = None
    if isinstance(role, CustomRole):
        custom = custom_role_for(actor, organization.pk, role.pk, Permission.ORG_VIEW)
    grant = Grant(
        organization=organization,
        subject_kind=_KINDS[type(found)],
        membership=found if isinstance(found, Membership) else None,
        team=found if isinstance(found, Team) else None,
        machine=found if isinstance(found, Machine) else None,
        role="" if isinstance(role, CustomRole) else Role(role),
        custom_role=custom,
        project=project,
        environment=environment,
        path=scope.path,
        highest=Classification(terms.highest),
        starts_at=max(terms.starts_at or now, now),
        ends_at=terms.ends_at,
        reason=clean_text(terms.reason, field="Reason", max_length=REASON_LENGTH),
        granted_by=actor,
    )
    _refuse_past(grant, now)
    held = permissions_in(_role_of(grant))
    within_reach(actor, organization.pk, held, scope, Classification(grant.highest), grant.ends_at)
    refuse_longer_than_allowed(grant)
    _refuse_twin(grant)
    return grant


@transaction.atomic
def change_grant(*, actor: User, grant: Grant, starts_at: datetime | None, ends_at: datetime | None) -> Grant:
    """Gives a grant another window; nothing happens when it is the one it has. `starts_at`: None leaves it.

    What has begun keeps its beginning. Raises `AccessDenied` without `grant:manage` in its scope; `InvalidGrant` for
    a window that cannot be, or a grant that holds no more; `BeyondReach` for more than the actor has: now, and to make
    it hold longer, until its new end.
    """
    locked = _lock(actor, grant)
    before = (locked.starts_at, locked.ends_at)
    redated_grant(actor=actor, grant=locked, starts_at=starts_at, ends_at=ends_at)
    if before == (locked.starts_at, locked.ends_at):
        return locked
    locked.save(update_fields=["starts_at", "ends_at"])
    append_grant_event(actor, Action.GRANT_CHANGED, locked, {"from": _said(before[1]), "to": _said(locked.ends_at)})
    return locked


def redated_grant(*, actor: User, grant: Grant, starts_at: datetime | None, ends_at: datetime | None) -> None:
    """Sets another window on a grant in memory, with its roles loaded: for a preview, and for what stores it.

    Raises as `change_grant` does. What it finds is true for as long as the organization is locked.
    """
    now = timezone.now()
    if not grant.is_live(now):
        raise InvalidGrant("This grant holds no more. Give a new one.")
    if grant.subject_kind == Grant.SubjectKind.EVERYONE:
        raise InvalidGrant("This grant is what opens a project, which holds until the project is restricted.")
    within_reach_of(actor, grant.organization_id, [grant], taking=True)
    before = (grant.starts_at, grant.ends_at)
    if starts_at is not None and starts_at != grant.starts_at:
        if grant.starts_at <= now:
            raise InvalidGrant("This grant has begun, so its beginning stays. Change its end.", field="starts_at")
        grant.starts_at = max(starts_at, now)
    grant.ends_at = ends_at
    if before == (grant.starts_at, grant.ends_at):
        return
    _refuse_past(grant, now)
    if _is_later(grant.ends_at, before[1]) or grant.starts_at < before[0]:
        if grant.origin in APPROVED:
            raise InvalidGrant("Others agreed to this access for that time. Ask for it anew.", field="ends_at")
        within_reach_of(actor, grant.organization_id, [grant])
        refuse_longer_than_allowed(grant)


@transaction.atomic
def revoke_grants(*, actor: User, grants: Sequence[Grant]) -> list[Grant]:
    """Ends grants at once: all of them, or none. One that holds no more stays as it is. Returns those that ended.

    Raises `NothingChosen` for none; `AccessDenied` without `grant:manage` in the scope of each, or for grants of
    different organizations; `BeyondReach` for more than the actor has; `InvalidGrant` for what opens a project.
    """
    if not grants:
        raise NothingChosen("Choose at least one grant.")
    now = timezone.now()
    organization = lock_organization(grants[0].organization_id)
    uids = dict.fromkeys(grant.pk for grant in grants)
    found = [grant_for(actor, organization.pk, uid) for uid in uids]
    held = [grant for grant in found if grant.is_live(now)]
    if any(grant.subject_kind == Grant.SubjectKind.EVERYONE for grant in held):
        raise InvalidGrant("A grant to every member is what opens a project. Restrict it in the project's settings.")
    within_reach_of(actor, organization.pk, held, taking=True)
    for grant in held:
        end_grant(grant, by=actor, at=now)
        append_grant_event(actor, Action.GRANT_REVOKED, grant)
    return held


def end_grant(grant: Grant, *, by: User | None, at: datetime) -> None:
    """Revokes a grant. The caller has authorized it, holds the organization's lock and writes the event."""
    grant.revoked_at, grant.revoked_by = at, by
    grant.save(update_fields=["revoked_at", "revoked_by"])


def refuse_longer_than_allowed(grant: Grant) -> None:
    """Raises `InvalidGrant` if the policy of a class that the grant reaches does not let it hold that long."""
    limit = holds_longer_than_allowed(grant)
    if limit is not None:
        days, classification = limit
        last = formats.date_format(timezone.localtime(grant.starts_at + timedelta(days=days)), "j M Y, H:i")
        raise InvalidGrant(
            f"A grant that reaches what is {classification.label.lower()} holds for at most {days} "
            f"day{'' if days == 1 else 's'}. Choose an end until {last}, or a lower highest classification.",
            field="ends_at",
        )


def holds_longer_than_allowed(grant: Grant) -> tuple[int, Classification] | None:
    """The limit that the grant goes beyond, as `longest_days` says it; None for one that holds no longer.

    A grant of a role that does nothing with secrets reaches no class.
    """
    if not any(permission.startswith("secret:") for permission in permissions_in(_role_of(grant))):
        return None
    limit = longest_days(grant.organization_id, Classification(grant.highest))
    if limit is None or (grant.ends_at is not None and grant.ends_at <= grant.starts_at + timedelta(days=limit[0])):
        return None
    return limit


def longest_days(organization_id: UUID, highest: Classification) -> tuple[int, Classification] | None:
    """How many days a grant may hold that reaches up to `highest`, and the class that says so; None without limit.

    Raises `InvalidGrant` where the policy of one of these classes is missing, or not genuine: it may have had one.
    """
    classes = Classification.up_to(highest)
    stored = ClassPolicy.objects.filter(organization_id=organization_id, classification__in=classes)
    policies = genuine(with_seal(stored))
    if missing := classes - {Classification(policy.classification) for policy in policies}:
        raise InvalidGrant(
            f"The organization's policy for what is {min(missing).label.lower()} is missing. An owner has to save it "
            "again, under Access, Policies.",
            field="highest",
        )
    found = [
        (policy.longest_grant_days, Classification(policy.classification))
        for policy in policies
        if policy.longest_grant_days is not None
    ]
    return min(found, default=None)


def append_grant_event(actor: User, action: Action, grant: Grant, details: dict[str, object] | None = None) -> None:
    """The event about a grant, which names all that it does. It must be loaded with `orgs.selectors.GRANT_ROWS`."""
    append(
        actor=actor.audit_actor,
        action=action,
        organization_id=grant.organization_id,
        resource=grant.audit_resource,
        details={**grant_details(grant), **(details or {})},
    )


def grant_details(grant: Grant) -> dict[str, object]:
    """What an event says about a grant."""
    subject = grant.subject
    found: dict[str, object] = {
        "subject": subject_label(grant),
        "subject_id": str(subject.pk) if subject is not None else None,
        "subject_kind": grant.subject_kind,
        "role": grant.role_label,
        "role_id": str(grant.custom_role_id) if grant.custom_role_id else None,
        "scope": scope_label(grant),
        "project_id": str(grant.project_id) if grant.project_id else None,
        "environment_id": str(grant.environment_id) if grant.environment_id else None,
        "path": grant.path,
        "classification": Classification(grant.highest).word,
        "starts_at": _said(grant.starts_at),
        "expires_at": _said(grant.ends_at),
        "reason": grant.reason,
    }
    return {key: each for key, each in found.items() if each not in (None, "")}


def _said(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _lock(actor: User, grant: Grant) -> Grant:
    """The grant as it is now, under the organization's lock."""
    organization = lock_organization(grant.organization_id)
    return grant_for(actor, organization.pk, grant.pk)


def _role_of(grant: Grant) -> Role | CustomRole:
    return grant.custom_role if grant.custom_role is not None else Role(grant.role)


def _subject(actor: User, organization: Organization, subject: Subject) -> Subject:
    """The subject as it is now. One of another organization does not exist."""
    match subject:
        case Membership():
            return member_for(actor, organization.pk, subject.pk, Permission.ORG_VIEW)
        case Team():
            return team_for(actor, organization.pk, subject.pk, Permission.ORG_VIEW)
        case Machine():
            return machine_for(actor, organization.pk, subject.pk, Permission.ORG_VIEW)


def _place(actor: User, organization: Organization, asked: Scope) -> tuple[Scope, Project | None, Environment | None]:
    """The scope as it is stored, with its rows, for somebody who manages grants in all of it."""
    project = environment = None
    if asked.project is not None:
        project = _found(actor, Project.objects.filter(organization=organization), asked.project, ResourceKind.PROJECT)
    if asked.environment is not None:
        environments = Environment.objects.filter(project=project)
        environment = _found(actor, environments, asked.environment, ResourceKind.ENVIRONMENT)
    path = clean_path(asked.path)
    if path and environment is None:
        raise InvalidGrant("A path is part of an environment. Choose one, or leave the path empty.", field="path")
    scope = Scope(organization.pk, asked.project, asked.environment, path)
    decision = decide(actor, Permission.GRANT_MANAGE, scope.place)
    if not decision.allowed:
        named = (environment or project or organization).audit_resource
        raise AccessDenied(decision, Permission.GRANT_MANAGE, named, organization_id=organization.pk)
    return scope, project, environment


def _found(actor: User, rows: QuerySet[P], uid: UUID, kind: ResourceKind) -> P:
    """A project or an environment. Who may not manage grants in the organization learns as much as `decide` says."""
    found = rows.filter(pk=uid).first()
    if found is None:
        raise AccessDenied(NOTHING_THERE, Permission.GRANT_MANAGE, Resource(kind, str(uid)))
    return found


def _refuse_past(grant: Grant, now: datetime) -> None:
    if grant.ends_at is None:
        return
    if grant.ends_at <= now:
        raise InvalidGrant("The end is over already. Choose a later one.", field="ends_at")
    if grant.ends_at <= grant.starts_at:
        raise InvalidGrant("The end is not after the beginning. Choose a later one.", field="ends_at")


def _refuse_twin(grant: Grant) -> None:
    """Two that say the same would have to be taken away twice."""
    uids = {f"{grant.subject_kind}s": [grant.subject.pk]} if grant.subject is not None else {}
    for other in live_grants_of(**uids):
        if _likeness(other) == _likeness(grant) and _overlap(other, grant):
            until = (
                f" until {formats.date_format(timezone.localtime(other.ends_at), 'j M Y, H:i')}"
                if other.ends_at
                else ""
            )
            raise InvalidGrant(
                f"{subject_label(grant)} has this role there already{until}. Change the window of that grant instead."
            )


def _likeness(grant: Grant) -> tuple[object, ...]:
    return grant.role, grant.custom_role_id, grant.scope, int(grant.highest), grant.approvals


def _overlap(one: Grant, other: Grant) -> bool:
    return (one.ends_at is None or other.starts_at < one.ends_at) and (
        other.ends_at is None or one.starts_at < other.ends_at
    )


def _is_later(one: datetime | None, other: datetime | None) -> bool:
    return other is not None and (one is None or one > other)

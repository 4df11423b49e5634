"""Break-glass: who may, who did, and what is owed."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.classification import Classification
from orgs.models import Membership, Organization
from orgs.permissions import AccessDenied, Decision, Permission, decide, judge, standing_of, standings_in
from orgs.permissions.giving import Portion, shortfall
from orgs.permissions.standing import Standing
from orgs.roles import Role
from orgs.selectors import membership_of, object_for
from vault.access.approving import without_grants
from vault.access.models import AccessRequest, BreakGlassPerson, BreakGlassUse
from vault.seals import genuine, is_genuine, with_seal

SHOWN = 100
"""The newest reviewed uses that a page lists."""


def people_in(organization_id: UUID) -> "QuerySet[BreakGlassPerson]":
    """Everybody who was named, with what the rows name and with their seals."""
    return with_seal(
        BreakGlassPerson.objects.filter(organization_id=organization_id).select_related(
            "organization", "membership__user", "project", "named_by"
        )
    )


def named_in(organization_id: UUID) -> list[BreakGlassPerson]:
    """Those who may break the glass now, by name."""
    found = genuine(people_in(organization_id).filter(ended_at__isnull=True).order_by("membership__user__name", "uid"))
    return [each for each in found if each.holds_for(each.membership) and is_genuine(each.membership)]


def own_namings(actor: User, organization: Organization) -> list[BreakGlassPerson]:
    """Where the actor may break the glass."""
    membership = membership_of(actor, organization)
    if membership is None:
        return []
    mine = genuine(
        people_in(organization.uid).filter(ended_at__isnull=True, membership=membership).order_by("named_at")
    )
    return [each for each in mine if each.holds_for(membership) and not (each.project_id and each.project is None)]


def person_for(actor: User, organization: Organization, uid: UUID) -> BreakGlassPerson:
    """A naming that holds, for owners and for the person named. Raises `AccessDenied`."""
    own = next((each for each in own_namings(actor, organization) if each.pk == uid), None)
    return naming_for(actor, organization, uid) if own is None else own


def naming_for(actor: User, organization: Organization, uid: UUID) -> BreakGlassPerson:
    """A naming that holds, for owners. Raises `AccessDenied`."""
    found = people_in(organization.uid).filter(pk=uid, ended_at__isnull=True)
    people = found if is_genuine(found.first()) else found.none()
    return object_for(actor, Permission.ORG_DELETE, people, uid, kind=ResourceKind.MEMBERSHIP)


def uses_in(organization_id: UUID) -> "QuerySet[BreakGlassUse]":
    """Each time that somebody broke the glass, the newest first."""
    uses = BreakGlassUse.objects.filter(organization_id=organization_id)
    related = ("organization", "membership__user", "project", "reviewer__user", "grant")
    return with_seal(uses.select_related(*related).order_by("-used_at", "uid"))


def owed_in(organization_id: UUID) -> list[BreakGlassUse]:
    """Those that nobody has reviewed, the oldest first."""
    return genuine(uses_in(organization_id).filter(reviewed_at__isnull=True).order_by("used_at", "uid"))


def use_for(actor: User, organization: Organization, uid: UUID) -> BreakGlassUse:
    """A use, for whoever made it, for owners, and for those who hold `request:approve` there."""
    found = uses_in(organization.uid).filter(pk=uid)
    use = found.first()
    if use is not None and is_genuine(use):
        membership = membership_of(actor, organization)
        if membership is not None and (membership.pk == use.membership_id or is_owner(membership)):
            return use
    uses = found if is_genuine(use) else found.none()
    return object_for(actor, Permission.REQUEST_APPROVE, uses, uid, kind=ResourceKind.GRANT)


def is_owner(membership: Membership) -> bool:
    """Whether it is an active owner's. The row must be genuine."""
    return membership.role == Role.OWNER and membership.status == Membership.Status.ACTIVE


def owners_of(organization_id: UUID) -> list[Membership]:
    """The active owners with their people, by name."""
    owners = Membership.objects.filter(
        organization_id=organization_id, role=Role.OWNER, status=Membership.Status.ACTIVE, user__is_active=True
    )
    return genuine(with_seal(owners.select_related("user").order_by("user__name", "user__email_key")))


def why_not_review(actor: User, use: BreakGlassUse, at: datetime) -> str:
    """Why `actor` may not review it; empty if they may.

    A review is the approval that break-glass went without, given afterwards: by somebody who could have given it, who
    is not the one who broke the glass, nor one who held break-glass access at the same time.
    """
    membership = membership_of(actor, use.organization)
    standing = standing_of(actor, use.organization_id, permissions=(Permission.REQUEST_APPROVE,), place=use.place)
    if membership is None:
        return "not a member of the organization"
    return _why_not(membership, standing, use, _together(use), _given_to(use), at)


def reviewers_of(use: BreakGlassUse, at: datetime) -> list[Membership]:
    """Everybody who may review it now, by name; in as many queries for many members as for few."""
    together, given = _together(use), _given_to(use)
    found = [
        subject
        for subject, standing in standings_in(use.organization_id, place=use.place)
        if isinstance(subject, Membership) and not _why_not(subject, standing, use, together, given, at)
    ]
    return sorted(found, key=lambda membership: (membership.user.name.casefold(), membership.user.email))


def _why_not(
    membership: Membership,
    standing: Standing,
    use: BreakGlassUse,
    together: frozenset[UUID],
    given: frozenset[UUID],
    at: datetime,
) -> str:
    if membership.pk == use.membership_id:
        return "nobody reviews what he did himself"
    if membership.pk in together:
        return "you held break-glass access at the same time, so somebody else has to review it"
    held = without_grants(standing, given, highest=Classification.CRITICAL)
    portion = Portion(frozenset({Permission.REQUEST_APPROVE}), use.scope, Classification.CRITICAL, at)
    return "" if shortfall(held, portion, at) is None else "request:approve is missing there"


def _together(use: BreakGlassUse) -> frozenset[UUID]:
    """The members who held break-glass access in the organization at the same time. Rows that are not genuine count
    here: they can only forbid."""
    others = BreakGlassUse.objects.filter(organization_id=use.organization_id).exclude(pk=use.pk)
    near = others.filter(used_at__lt=use.ends_at, ends_at__gt=use.used_at)
    return frozenset(near.values_list("membership_id", flat=True))


def _given_to(use: BreakGlassUse) -> frozenset[UUID]:
    """The grants that came from requests of whoever broke the glass."""
    asked = AccessRequest.objects.filter(
        organization_id=use.organization_id, membership_id=use.membership_id, grant_id__isnull=False
    )
    return frozenset(asked.values_list("grant_id", flat=True))


def refused_review(actor: User, use: BreakGlassUse, because: str) -> AccessDenied:
    """The refusal of an act on a use, which whoever may know of it learns the reason of."""
    decision = decide(actor, Permission.REQUEST_APPROVE, use)
    membership = membership_of(actor, use.organization)
    own = membership is not None and membership.pk == use.membership_id
    denied = Decision(allowed=False, because=because, visible=decision.visible or own)
    resource = Resource(ResourceKind.GRANT, str(use.pk), use.audit_resource.label)
    return AccessDenied(denied, Permission.REQUEST_APPROVE, resource, organization_id=use.organization_id)


def seen_uses(actor: User, organization: Organization, at: datetime) -> list[BreakGlassUse]:
    """The uses that the actor may see: all for owners, else their own and those where they hold `request:approve`.

    All that are owed, and the newest others.
    """
    membership = membership_of(actor, organization)
    if membership is None:
        return []
    uses = uses_in(organization.uid)
    found = [*owed_in(organization.uid), *genuine(uses.filter(reviewed_at__isnull=False)[:SHOWN])]
    if is_owner(membership):
        return found
    standing = standing_of(actor, organization.uid, permissions=(Permission.REQUEST_APPROVE,))
    return [
        each
        for each in found
        if each.membership_id == membership.pk or judge(standing, Permission.REQUEST_APPROVE, each.place, at=at).allowed
    ]

"""Fetching is authorizing: every object comes from here with the actor and the permission it is wanted for.

An outsider cannot tell a foreign object from one that does not exist: both raise `AccessDenied` that is not visible,
and the middleware answers both with the same 404.
"""

from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import TOTPDevice, User
from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.models import Environment, Invitation, Membership, Organization, Project
from orgs.permissions import (
    AccessDenied,
    Decision,
    Permission,
    decide,
    judge,
    may_give,
    organization_id_of,
    roles_with,
)
from orgs.roles import Role

M = TypeVar("M", bound=Model)

_MISSING = Decision(allowed=False, because="there is no such object", visible=False)


def object_for(
    actor: User | AnonymousUser, permission: Permission, queryset: QuerySet[M], uid: UUID, *, kind: ResourceKind
) -> M:
    """The object `uid` of `queryset` if `actor` may do `permission` to it; raises `AccessDenied` otherwise.

    The model is `Organization` or carries `organization_id`. `kind` is what the denial is recorded about.
    """
    found = queryset.filter(pk=uid).first()
    if found is None:
        # The same work as for a foreign object: one decision, one recorded denial.
        decide(actor, permission, Organization(uid=uid))
        raise AccessDenied(_MISSING, permission, Resource(kind, str(uid)))
    require(actor, permission, found, kind=kind)
    return found


def require(actor: User | AnonymousUser, permission: Permission, resource: Model, *, kind: ResourceKind) -> Decision:
    """The allowing decision about an object that is already at hand; raises `AccessDenied` otherwise."""
    decision = decide(actor, permission, resource)  # type: ignore[arg-type]  # object_for states the shape of models
    if not decision.allowed:
        organization_id = organization_id_of(resource)  # type: ignore[arg-type]  # as above
        raise AccessDenied(
            decision, permission, Resource(kind, str(resource.pk), str(resource)), organization_id=organization_id
        )
    return decision


def organization_for(actor: User | AnonymousUser, uid: UUID, permission: Permission) -> Organization:
    """The organization, for somebody who may do `permission` in it."""
    return object_for(actor, permission, Organization.objects.all(), uid, kind=ResourceKind.ORGANIZATION)


def project_for(actor: User | AnonymousUser, uid: UUID, permission: Permission) -> Project:
    """The project with its organization."""
    projects = Project.objects.select_related("organization")
    return object_for(actor, permission, projects, uid, kind=ResourceKind.PROJECT)


def environment_for(actor: User | AnonymousUser, uid: UUID, permission: Permission) -> Environment:
    """The environment with its project and organization."""
    environments = Environment.objects.select_related("project", "organization")
    return object_for(actor, permission, environments, uid, kind=ResourceKind.ENVIRONMENT)


def member_for(actor: User | AnonymousUser, organization_uid: UUID, uid: UUID, permission: Permission) -> Membership:
    """The membership with its person and organization; one of another organization, or a removed one, is missing."""
    memberships = Membership.objects.select_related("user", "organization").filter(
        organization_id=organization_uid, status=Membership.Status.ACTIVE
    )
    return object_for(actor, permission, memberships, uid, kind=ResourceKind.MEMBERSHIP)


def invitation_for(
    actor: User | AnonymousUser, organization_uid: UUID, uid: UUID, permission: Permission
) -> Invitation:
    """The invitation with its organization; one of another organization is missing."""
    invitations = Invitation.objects.select_related("organization", "invited_by").filter(
        organization_id=organization_uid
    )
    return object_for(actor, permission, invitations, uid, kind=ResourceKind.INVITATION)


def membership_of(actor: User | AnonymousUser, organization: Organization) -> Membership | None:
    """The actor's active membership, or None."""
    if not isinstance(actor, User):
        return None
    return (
        Membership.objects.select_related("user")
        .filter(user_id=actor.pk, organization=organization, status=Membership.Status.ACTIVE)
        .first()
    )


def organizations_where(actor: User | AnonymousUser, permission: Permission) -> QuerySet[Organization]:
    """The organizations in which `actor` may do `permission`: `decide` as a queryset, for lists and subqueries.

    `Secret.objects.filter(organization__in=organizations_where(actor, Permission.SECRET_LIST))`
    """
    roles = roles_with(permission)
    if not isinstance(actor, User) or not actor.is_active:
        return Organization.objects.none()
    return Organization.objects.filter(
        memberships__user_id=actor.pk,
        memberships__status=Membership.Status.ACTIVE,
        memberships__role__in=roles,
    )


def members_of(organization: Organization) -> QuerySet[Membership]:
    """The active members with their persons, in the order of their names, each with `has_second_factor`."""
    return (
        Membership.objects.filter(organization=organization, status=Membership.Status.ACTIVE)
        .select_related("user")
        .annotate(has_second_factor=Exists(TOTPDevice.objects.filter(user=OuterRef("user"), confirmed=True)))
        .order_by("user__name", "user__email_key")
    )


def memberships_of(person: User) -> QuerySet[Membership]:
    """The person's active memberships with their organizations, each with `member_count`."""
    return (
        Membership.objects.filter(user=person, status=Membership.Status.ACTIVE)
        .select_related("organization")
        .annotate(
            member_count=Count(
                "organization__memberships",
                filter=Q(organization__memberships__status=Membership.Status.ACTIVE),
            )
        )
        .order_by("organization__name", "organization_id")
    )


class InvitationState(StrEnum):
    """Whether an invitation can be taken up, and if not, why."""

    USABLE = "usable"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"
    POWERLESS = "inviter lost the authority"


def invitation_state(invitation: Invitation, inviter: Membership | None) -> InvitationState:
    """The state now; `inviter` is the membership (with its person) of whoever invited.

    An invitation gives no more than its author could give at this moment: a removed administrator leaves no way back
    in behind.
    """
    if invitation.accepted_at:
        return InvitationState.USED
    if invitation.revoked_at:
        return InvitationState.REVOKED
    if invitation.expires_at <= timezone.now():
        return InvitationState.EXPIRED
    if (
        inviter is None
        or not inviter.user.is_active
        or not judge(inviter, Permission.MEMBER_INVITE).allowed
        or not may_give(Role(inviter.role), Role(invitation.role))
    ):
        return InvitationState.POWERLESS
    return InvitationState.USABLE


def inviter_of(invitation: Invitation) -> Membership | None:
    """The active membership of whoever invited, with the person."""
    if invitation.invited_by is None:
        return None
    return membership_of(invitation.invited_by, invitation.organization)


def invitations_of(organization: Organization) -> list[tuple[Invitation, InvitationState]]:
    """The invitations that were neither accepted nor revoked, the newest first, with their states (two queries)."""
    invitations = list(
        Invitation.objects.filter(organization=organization, accepted_at__isnull=True, revoked_at__isnull=True)
        .select_related("invited_by")
        .order_by("-created_at", "uid")
    )
    inviters = {
        membership.user_id: membership
        for membership in members_of(organization).filter(user__in={each.invited_by_id for each in invitations})
    }
    return [
        (each, invitation_state(each, inviters.get(each.invited_by_id) if each.invited_by_id else None))
        for each in invitations
    ]


def projects_of(organization: Organization) -> QuerySet[Project]:
    """The projects in the order of their names, each with `secret_count` (not in the trash) and its environments."""
    return (
        Project.objects.filter(organization=organization)
        .annotate(secret_count=Count("secrets", filter=Q(secrets__trashed_at__isnull=True)))
        .prefetch_related("environments")
        .order_by("name_key")
    )


def environments_of(project: Project) -> QuerySet[Environment]:
    """The environments in their order, each with `secret_count`, which includes the trash: what a deletion meets."""
    return (
        Environment.objects.filter(project=project)
        .annotate(secret_count=Count("secrets"))
        .order_by("position", "name_key")  # an aggregate drops the order of the model
    )


def invitation_with(uid: UUID) -> Invitation | None:
    """The invitation that a session has opened with its token: possession was proved, no membership is needed."""
    return Invitation.objects.select_related("organization", "invited_by").filter(pk=uid).first()

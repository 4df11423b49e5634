"""Fetching is authorizing: every object comes from here with the actor and the permission it is wanted for.

An outsider cannot tell a foreign object from one that does not exist: both raise `AccessDenied` that is not visible,
and the middleware answers both with the same 404.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, Model, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.models import TOTPDevice, User
from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.models import Environment, Invitation, Membership, Organization, Project
from orgs.permissions import (
    ROLE_PERMISSIONS,
    AccessDenied,
    Actor,
    Decision,
    Permission,
    Reach,
    decide,
    may_give,
    organization_id_of,
    reaches,
    standings_of,
)
from orgs.permissions.querysets import places_touched, secrets_reached
from orgs.roles import Role
from vault.seals import genuine, is_genuine, with_seal

M = TypeVar("M", bound=Model)

_MISSING = Decision(allowed=False, because="there is no such object", visible=False)


def object_for(
    actor: Actor,
    permission: Permission,
    queryset: QuerySet[M],
    uid: UUID,
    *,
    kind: ResourceKind,
    partly: bool = False,
) -> M:
    """The object `uid` of `queryset` if `actor` may do `permission` to it; raises `AccessDenied` otherwise.

    The model is `Organization` or carries `organization_id`. `kind` is what the denial is recorded about. `partly`: to
    any part of it; see `orgs.permissions.judge`.
    """
    found = queryset.filter(pk=uid).first()
    if found is None:
        # The same work as for a foreign object: one decision, one recorded denial.
        decide(actor, permission, Organization(uid=uid))
        raise AccessDenied(_MISSING, permission, Resource(kind, str(uid)))
    require(actor, permission, found, kind=kind, partly=partly)
    return found


def require(
    actor: Actor, permission: Permission, resource: Model, *, kind: ResourceKind, partly: bool = False
) -> Decision:
    """The allowing decision about an object that is already at hand; raises `AccessDenied` otherwise."""
    decision = decide(actor, permission, resource, partly=partly)  # type: ignore[arg-type]  # object_for states the shape of models
    if not decision.allowed:
        organization_id = organization_id_of(resource)  # type: ignore[arg-type]  # as above
        raise AccessDenied(
            decision, permission, Resource(kind, str(resource.pk), str(resource)), organization_id=organization_id
        )
    return decision


def organization_for(actor: Actor, uid: UUID, permission: Permission, *, partly: bool = False) -> Organization:
    """The organization, for somebody who may do `permission` in it."""
    organizations = Organization.objects.all()
    return object_for(actor, permission, organizations, uid, kind=ResourceKind.ORGANIZATION, partly=partly)


def project_for(actor: Actor, uid: UUID, permission: Permission, *, partly: bool = False) -> Project:
    """The project with its organization."""
    projects = Project.objects.select_related("organization")
    return object_for(actor, permission, projects, uid, kind=ResourceKind.PROJECT, partly=partly)


def environment_for(actor: Actor, uid: UUID, permission: Permission, *, partly: bool = False) -> Environment:
    """The environment with its project and organization."""
    environments = Environment.objects.select_related("project", "organization")
    return object_for(actor, permission, environments, uid, kind=ResourceKind.ENVIRONMENT, partly=partly)


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
    found = Membership.objects.select_related("user").filter(
        user_id=actor.pk, organization=organization, status=Membership.Status.ACTIVE
    )
    return next(iter(genuine(with_seal(found))), None)


def reached_by(actor: Actor, permission: Permission, organization_ids: Iterable[UUID] | None = None) -> list[Reach]:
    """Where `actor` holds `permission` now, in these organizations or in all of them: what every list is made of."""
    now = timezone.now()
    standings = standings_of(actor, organization_ids, permissions=(permission,))
    return [reach for standing in standings.values() for reach in reaches(standing, permission, now)]


def organizations_where(actor: Actor, permission: Permission) -> QuerySet[Organization]:
    """The organizations in which `actor` may do `permission`, to a part of them at least if it is about secrets."""
    found = reached_by(actor, permission)
    if not permission.startswith("secret:"):
        found = [reach for reach in found if reach.scope.project is None]
    return Organization.objects.filter(pk__in={reach.scope.organization for reach in found})


def projects_where(
    actor: Actor, permission: Permission, organization_ids: Iterable[UUID] | None = None
) -> QuerySet[Project]:
    """The projects of which `actor` may do `permission` to a part at least."""
    return Project.objects.filter(places_touched(reached_by(actor, permission, organization_ids), project="uid"))


def environments_where(actor: Actor, permission: Permission, project: Project) -> QuerySet[Environment]:
    """The environments of `project` of which `actor` may do `permission` to a part at least, in their order."""
    reached = reached_by(actor, permission, [project.organization_id])
    touched = places_touched(reached, project="project_id", environment="uid")
    return Environment.objects.filter(touched, project=project)


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
        or not _may_invite(inviter)
        or not may_give(Role(inviter.role), Role(invitation.role))
    ):
        return InvitationState.POWERLESS
    return InvitationState.USABLE


def _may_invite(inviter: Membership) -> bool:
    """By the role, or by a grant, which takes a closer look."""
    return (
        Permission.MEMBER_INVITE in ROLE_PERMISSIONS[Role(inviter.role)]
        or decide(inviter.user, Permission.MEMBER_INVITE, inviter).allowed
    )


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


def projects_of(actor: Actor, organization: Organization) -> QuerySet[Project]:
    """The projects of which `actor` may see a part, in the order of their names, each with its environments and with
    `secret_count`: of those that `actor` may see, and that are not in the trash."""
    reached = reached_by(actor, Permission.SECRET_LIST, [organization.uid])
    seen = Q(secrets__trashed_at__isnull=True) & secrets_reached(reached, prefix="secrets__")
    touched = places_touched(reached, project="project_id", environment="uid")
    return (
        Project.objects.filter(places_touched(reached, project="uid"))
        .annotate(secret_count=Count("secrets", filter=seen))
        .prefetch_related(Prefetch("environments", Environment.objects.filter(touched)))
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
    found = with_seal(Invitation.objects.select_related("organization", "invited_by").filter(pk=uid)).first()
    return found if is_genuine(found) else None

"""Fetching is authorizing: every object comes from here with the actor and the permission it is wanted for.

An outsider cannot tell a foreign object from one that does not exist: both raise `AccessDenied` that is not visible,
and the middleware answers both with the same 404.
"""

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from django.utils import timezone

from accounts.models import User
from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.models import Environment, Invitation, Membership, Organization, Project
from orgs.permissions import (
    NOTHING_THERE,
    AccessDenied,
    Actor,
    Decision,
    Permission,
    Reach,
    decide,
    denied_as_missing,
    organization_id_of,
    reaches,
    standings_of,
)
from vault import tenancy
from vault.seals import SealedModel, genuine, is_genuine, require_genuine, with_seal

M = TypeVar("M", bound=Model)
S = TypeVar("S", bound=SealedModel)


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
    any part of it; see `orgs.permissions.judge`. What has a place of its own is asked about there, so that place, and
    its class, must be what this program wrote: raises `SealBroken` for those who may, unless it is.
    """
    placed = issubclass(queryset.model, SealedModel) and hasattr(queryset.model, "place")
    found = visible((with_seal(queryset) if placed else queryset).filter(pk=uid))  # type: ignore[type-var]  # asked just before
    if found is None:
        raise denied_as_missing(actor, permission, Resource(kind, str(uid)))
    require(actor, permission, found, kind=kind, partly=partly)
    if placed:
        require_genuine(found)
    return found


def visible(queryset: QuerySet[M]) -> M | None:
    """The first row, also of an organization that the request is not let into: a denial is recorded where it happened.

    Such a row and one that is missing take the same two queries, with a database that hides the row and with one that
    does not.
    """
    found = next(iter(queryset), None)
    if found is None or not tenancy.current().covers(organization_id_of(found)):  # type: ignore[arg-type]  # as below
        with tenancy.everywhere("whose it is that somebody was denied"):
            found = next(iter(queryset.all()), None)
    return found


def sealed_for(actor: Actor, permission: Permission, queryset: QuerySet[S], uid: UUID, *, kind: ResourceKind) -> S:
    """As `object_for`, for a sealed row: one that is not genuine is missing."""
    found = object_for(actor, permission, with_seal(queryset), uid, kind=kind)
    if not is_genuine(found):
        raise AccessDenied(NOTHING_THERE, permission, Resource(kind, str(uid)))
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


def member_for(actor: Actor, organization_uid: UUID, uid: UUID, permission: Permission) -> Membership:
    """The membership with its person and organization; one of another organization, or a removed one, is missing."""
    memberships = Membership.objects.select_related("user", "organization").filter(
        organization_id=organization_uid, status=Membership.Status.ACTIVE
    )
    return sealed_for(actor, permission, memberships, uid, kind=ResourceKind.MEMBERSHIP)


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


def organizations_of(person: User) -> list[UUID]:
    """Where the person is a member now: what their requests may touch."""
    with tenancy.everywhere("which organizations these are is the question"):
        active = Membership.objects.filter(user_id=person.pk, status=Membership.Status.ACTIVE)
        return list(active.values_list("organization_id", flat=True))


def reached_by(actor: Actor, permission: Permission, organization_ids: Iterable[UUID] | None = None) -> list[Reach]:
    """Where `actor` holds `permission` now, in these organizations or in all of them: what every list is made of."""
    now = timezone.now()
    standings = standings_of(actor, organization_ids, permissions=(permission,))
    return [reach for standing in standings.values() for reach in reaches(standing, permission, now)]

"""Changing who belongs to an organization and as what.

Every service here locks the organization's row first: two people who change memberships of one organization at the
same time queue, so the last owner cannot slip away between a check and a write.
"""

from uuid import UUID

from django.db import transaction

from accounts.models import User
from audit.actions import Action, ResourceKind
from audit.services import append
from orgs.errors import LastOwner, OrganizationError, RoleOutOfReach
from orgs.models import Membership, Organization
from orgs.permissions import Permission, may_give
from orgs.roles import Role
from orgs.selectors import membership_of, require
from vault.seals import genuine, with_seal


def lock_organization(uid: UUID) -> Organization:
    """The organization's row, held until the end of the transaction: the queue of everything about its members."""
    return Organization.objects.select_for_update(no_key=True).get(pk=uid)


@transaction.atomic
def change_member_role(*, actor: User, membership: Membership, role: Role) -> Membership:
    """Gives the member another role; nothing happens when it is the one they have.

    Raises `AccessDenied` without `member:manage`; `RoleOutOfReach` when the member's role or the new one holds more
    than the actor's own, so nobody raises themselves; `LastOwner`.
    """
    role = Role(role)
    organization = lock_organization(membership.organization_id)
    require(actor, Permission.MEMBER_MANAGE, organization, kind=ResourceKind.ORGANIZATION)
    target = _active(membership)
    _within_reach(actor, organization, Role(target.role))
    _within_reach(actor, organization, role)
    if target.role == role:
        return target
    if target.role == Role.OWNER:
        _another_owner_remains(target)
    before, target.role = Role(target.role), role
    target.save(update_fields=["role", "changed_at"])
    append(
        actor=actor.audit_actor,
        action=Action.MEMBERSHIP_ROLE_CHANGED,
        organization_id=organization.uid,
        resource=target.audit_resource,
        details={"from": before, "to": role},
    )
    return target


@transaction.atomic
def remove_member(*, actor: User, membership: Membership) -> Membership:
    """Ends a membership; the person's access ends with the next request.

    Raises `AccessDenied` without `member:manage`, `RoleOutOfReach` for somebody with more authority, `LastOwner`.
    """
    organization = lock_organization(membership.organization_id)
    require(actor, Permission.MEMBER_MANAGE, organization, kind=ResourceKind.ORGANIZATION)
    target = _active(membership)
    _within_reach(actor, organization, Role(target.role))
    return _end(target, organization, actor=actor)


@transaction.atomic
def leave_organization(*, actor: User, organization: Organization) -> Membership:
    """Ends the actor's own membership. Raises `AccessDenied` for somebody who is no member, `LastOwner`."""
    locked = lock_organization(organization.pk)
    require(actor, Permission.ORG_VIEW, locked, kind=ResourceKind.ORGANIZATION)
    target = Membership.objects.select_related("user").get(organization=locked, user_id=actor.pk)
    return _end(target, locked, actor=actor)


def _end(target: Membership, organization: Organization, *, actor: User) -> Membership:
    if target.role == Role.OWNER:
        _another_owner_remains(target)
    target.status = Membership.Status.REMOVED
    target.save(update_fields=["status", "changed_at"])
    append(
        actor=actor.audit_actor,
        action=Action.MEMBERSHIP_REMOVED,
        organization_id=organization.uid,
        resource=target.audit_resource,
        details={"role": target.role, "left": target.user_id == actor.pk},
    )
    return target


def _active(membership: Membership) -> Membership:
    """The membership as it is now, under the organization's lock."""
    target = Membership.objects.select_related("user").filter(pk=membership.pk, status=Membership.Status.ACTIVE).first()
    if target is None:
        raise OrganizationError("This person is no longer a member. Reload the page.")
    return target


def _within_reach(actor: User, organization: Organization, role: Role) -> None:
    own = membership_of(actor, organization)
    if own is None or not may_give(Role(own.role), role):
        raise RoleOutOfReach(f"Only an owner may give or take away the role {role.label}. Ask an owner.")


def _another_owner_remains(target: Membership) -> None:
    others = Membership.objects.filter(
        organization_id=target.organization_id, role=Role.OWNER, status=Membership.Status.ACTIVE, user__is_active=True
    ).exclude(pk=target.pk)
    if not genuine(with_seal(others)):
        raise LastOwner

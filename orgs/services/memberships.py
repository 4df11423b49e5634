"""Changing who belongs to an organization and as what.

Every service here locks the organization's row first: two people who change memberships of one organization at the
same time queue, so the last owner cannot slip away between a check and a write.
"""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import Action, ResourceKind
from audit.services import append
from orgs.errors import LastOwner, OrganizationError, RoleOutOfReach
from orgs.models import Grant, Membership, Organization, TeamMembership
from orgs.permissions import Permission, may_give
from orgs.roles import Role
from orgs.selectors import live_grants_of, membership_of, require
from orgs.services.authority import lock_organization, within_reach_of
from orgs.services.grants import end_grant
from vault.seals import genuine, is_genuine, with_seal


@transaction.atomic
def change_member_role(*, actor: User, membership: Membership, role: Role) -> Membership:
    """Gives the member another role; nothing happens when it is the one they have.

    Raises `AccessDenied` without `member:manage`; `RoleOutOfReach` when the member's role or the new one holds more
    than the actor's own, so nobody raises themselves; `LastOwner`.
    """
    role = Role(role)
    organization = lock_organization(membership.organization_id)
    target = role_changeable(actor=actor, organization=organization, membership=membership, role=role)
    if target.role == role:
        return target
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


def role_changeable(*, actor: User, organization: Organization, membership: Membership, role: Role) -> Membership:
    """The member as they are now, who could be given that role: for a preview, and for what stores it.

    Raises as `change_member_role` does. What it finds is true for as long as the organization is locked.
    """
    require(actor, Permission.MEMBER_MANAGE, organization, kind=ResourceKind.ORGANIZATION)
    target = _active(membership)
    _within_reach(actor, organization, Role(target.role))
    _within_reach(actor, organization, role)
    if target.role == Role.OWNER and role != Role.OWNER:
        _another_owner_remains(target)
    return target


@transaction.atomic
def remove_member(*, actor: User, membership: Membership) -> Membership:
    """Ends a membership with all that was granted to it; the person's access ends with the next request.

    Raises `AccessDenied` without `member:manage`, `RoleOutOfReach` for somebody with a role of more authority,
    `BeyondReach` for somebody who was granted more, `LastOwner`.
    """
    organization = lock_organization(membership.organization_id)
    require(actor, Permission.MEMBER_MANAGE, organization, kind=ResourceKind.ORGANIZATION)
    target = _active(membership)
    _within_reach(actor, organization, Role(target.role))
    within_reach_of(actor, organization.pk, _granted_to(target), taking=True)
    return _end(target, organization, actor=actor)


@transaction.atomic
def leave_organization(*, actor: User, organization: Organization) -> Membership:
    """Ends the actor's own membership. Raises `AccessDenied` for somebody who is no member, `LastOwner`."""
    locked = lock_organization(organization.pk)
    require(actor, Permission.ORG_VIEW, locked, kind=ResourceKind.ORGANIZATION)
    target = _active(Membership.objects.get(organization=locked, user_id=actor.pk))
    return _end(target, locked, actor=actor)


def _end(target: Membership, organization: Organization, *, actor: User) -> Membership:
    if target.role == Role.OWNER:
        _another_owner_remains(target)
    grants = live_grants_of(members=[target.pk])
    for grant in grants:
        end_grant(grant, by=actor, at=timezone.now())
    places = list(TeamMembership.objects.filter(membership=target))
    for place in places:
        place.delete()
    target.status = Membership.Status.REMOVED
    target.save(update_fields=["status", "changed_at"])
    append(
        actor=actor.audit_actor,
        action=Action.MEMBERSHIP_REMOVED,
        organization_id=organization.uid,
        resource=target.audit_resource,
        details={
            "role": target.role,
            "left": target.user_id == actor.pk,
            "grants": len(grants),
            "teams": len(places),
        },
    )
    return target


def _granted_to(membership: Membership) -> list[Grant]:
    """What a member has by grants: their own, and those of their teams and of the ones above these."""
    places = TeamMembership.objects.filter(membership=membership).select_related("team")
    teams = {uid for place in genuine(with_seal(places)) for uid in (place.team_id, place.team.parent_id) if uid}
    return live_grants_of(members=[membership.pk], teams=teams)


def _active(membership: Membership) -> Membership:
    """The membership as it is now, under the organization's lock."""
    rows = Membership.objects.select_related("user").filter(pk=membership.pk, status=Membership.Status.ACTIVE)
    target = with_seal(rows).first()
    if target is None or not is_genuine(target):
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

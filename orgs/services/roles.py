"""Roles of an organization's own, over the closed list of permissions.

A role gives nothing by itself, but every grant of it gives what it says, and goes on doing so when it is edited. So a
role never holds more than whoever makes or edits it has in the whole organization, and for good.
"""

from collections.abc import Collection

from django.db import transaction

from accounts.models import User
from audit.actions import Action, ResourceKind
from audit.services import append
from orgs.classification import Classification
from orgs.errors import InUse, NothingChosen
from orgs.models import CustomRole, Grant, Organization
from orgs.names import AUTHORITY_DESCRIPTION_LENGTH, ROLE_NAME_LENGTH, clean_authority_named
from orgs.permissions import Permission
from orgs.permissions.authority import permissions_named
from orgs.places import Scope
from orgs.selectors import custom_role_for, live_grants_of, require
from orgs.services.authority import lock_organization, named_grants, refuse_taken, within_reach
from orgs.services.grants import APPROVED, holds_longer_than_allowed
from vault.names import clean_text


@transaction.atomic
def create_role(
    *, actor: User, organization: Organization, name: str, permissions: Collection[Permission], description: str = ""
) -> CustomRole:
    """A role with these permissions.

    Raises `AccessDenied` without `role:manage`, `BeyondReach` for a permission that the actor has not, `NameTaken`,
    `NothingChosen` without any permission, `ValueError` for one that does not exist, `ValidationError`.
    """
    chosen = _chosen(permissions)
    locked = lock_organization(organization.pk)
    require(actor, Permission.ROLE_MANAGE, locked, kind=ResourceKind.ORGANIZATION)
    _within_reach(actor, locked, chosen)
    role = CustomRole(organization=locked, created_by=actor, permissions=sorted(chosen))
    _name(role, name, description)
    role.save()
    _append(actor, Action.ROLE_CREATED, role, {"permissions": role.permissions})
    return role


@transaction.atomic
def update_role(
    *, actor: User, role: CustomRole, name: str, permissions: Collection[Permission], description: str
) -> CustomRole:
    """Renames a role, or gives it other permissions, which every grant of it has at once; nothing happens when nothing
    differs.

    Raises as `create_role` does; `BeyondReach` also for a permission that the role had and the actor has not; `InUse`
    for more than the role had, while it is that of an access that others agreed to, and for what is done with secrets,
    while a grant of it holds longer than a policy allows such a one.
    """
    chosen = _chosen(permissions)
    locked = _lock(actor, role)
    had = permissions_named(locked.permissions)
    _within_reach(actor, locked.organization, chosen | had)
    before = (locked.name, locked.description, locked.permissions)
    locked.permissions = sorted(chosen)
    if chosen - had:
        _refuse_more(locked, had)
    _name(locked, name, description)
    if before == (locked.name, locked.description, locked.permissions):
        return locked
    locked.save()
    details: dict[str, object] = {
        "description_changed": before[1] != locked.description,
        "permissions": locked.permissions,
        "added": len(chosen - had),
        "removed": len(had - chosen),
    }
    if before[0] != locked.name:
        details |= {"from": before[0], "to": locked.name}
    _append(actor, Action.ROLE_UPDATED, locked, details)
    return locked


@transaction.atomic
def delete_role(*, actor: User, role: CustomRole) -> None:
    """Deletes a role, with the grants of it that have ended.

    Raises `AccessDenied` without `role:manage`, `InUse` while a grant of it holds, `BeyondReach` for a permission of it
    that the actor has not.
    """
    locked = _lock(actor, role)
    _within_reach(actor, locked.organization, permissions_named(locked.permissions))
    held = live_grants_of(roles=[locked.pk])
    if held:
        raise InUse(
            f"{locked.name} is the role of grants that still hold: {named_grants(actor, held)}. Revoke them first."
        )
    for grant in Grant.objects.filter(custom_role=locked):
        grant.delete()
    _append(actor, Action.ROLE_DELETED, locked, {"permissions": locked.permissions})
    locked.delete()


def _lock(actor: User, role: CustomRole) -> CustomRole:
    """The role as it is now, under the organization's lock. One that was deleted meanwhile does not exist."""
    organization = lock_organization(role.organization_id)
    locked = custom_role_for(actor, organization.pk, role.pk, Permission.ROLE_MANAGE)
    locked.organization = organization
    return locked


def _refuse_more(role: CustomRole, had: Collection[Permission]) -> None:
    """Raises `InUse` where a role that comes to hold more would give what nobody could grant: more than others agreed
    to, who saw what it held (and whose approvals are what opens a class that asks for them), or for too long."""
    held = live_grants_of(roles=[role.pk])
    if any(grant.origin in APPROVED for grant in held):
        raise InUse(
            f"{role.name} is the role of access that others agreed to as it is, and that still holds. Make another "
            "role for what is to be added, or wait until that access has ended."
        )
    if any(permission.startswith("secret:") for permission in had):
        return
    for grant in held:
        grant.custom_role = role
        if holds_longer_than_allowed(grant) is not None:
            raise InUse(
                f"{role.name} did nothing with secrets, and grants of it hold longer than the policies allow one that "
                "does. Make another role, or give these grants an end first."
            )


def _chosen(permissions: Collection[Permission]) -> frozenset[Permission]:
    chosen = frozenset(map(Permission, permissions))
    if not chosen:
        raise NothingChosen("Choose at least one permission: a role without any gives nothing.", field="permissions")
    return chosen


def _within_reach(actor: User, organization: Organization, permissions: Collection[Permission]) -> None:
    within_reach(actor, organization.pk, permissions, Scope(organization.pk), Classification.CRITICAL, None)


def _name(role: CustomRole, name: str, description: str) -> None:
    role.name, role.name_key = clean_authority_named(name, field="Role name", max_length=ROLE_NAME_LENGTH)
    role.description = clean_text(description, field="Description", max_length=AUTHORITY_DESCRIPTION_LENGTH)
    refuse_taken(role, "role")


def _append(actor: User, action: Action, role: CustomRole, details: dict[str, object]) -> None:
    append(
        actor=actor.audit_actor,
        action=action,
        organization_id=role.organization_id,
        resource=role.audit_resource,
        details=details,
    )

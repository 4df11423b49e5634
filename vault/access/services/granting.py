"""What requests and break-glass have in common: the grant that they end in, and the role that only reads."""

from datetime import datetime
from uuid import UUID

from accounts.models import User
from audit.actions import Action
from audit.services import append
from orgs.models import CustomRole, Grant
from orgs.names import clean_named
from orgs.permissions import Permission
from orgs.services.grants import append_grant_event, end_grant
from vault.seals import genuine, with_seal

READING = frozenset({Permission.SECRET_LIST, Permission.SECRET_REVEAL})
"""What it takes to read: to see names and open values, and nothing else."""
_READER = "Reader"


def reader_role(organization_id: UUID, *, by: User) -> CustomRole:
    """The organization's role that only reads: one that holds exactly that, made when there is none.

    By what it holds, not by its name: a role that somebody has changed since is another one. Queue at the organization
    first.
    """
    found = known_reader_role(organization_id)
    if found is not None:
        return found
    taken = set(CustomRole.objects.filter(organization_id=organization_id).values_list("name_key", flat=True))
    number = 1
    while True:
        name, key = clean_named(_READER if number == 1 else f"{_READER} {number}", field="Role name", max_length=100)
        if key not in taken:
            break
        number += 1
    role = CustomRole(
        organization_id=organization_id,
        name=name,
        name_key=key,
        description="Sees names and opens values. Made for requests and break-glass.",
        permissions=sorted(READING),
        created_by=by,
    )
    role.save()
    append(
        actor=by.audit_actor,
        action=Action.ROLE_CREATED,
        organization_id=role.organization_id,
        resource=role.audit_resource,
        details={"permissions": role.permissions, "role_id": str(role.pk)},
    )
    return role


def known_reader_role(organization_id: UUID) -> CustomRole | None:
    """The same role if it is there already."""
    roles = genuine(with_seal(CustomRole.objects.filter(organization_id=organization_id).order_by("created_at", "uid")))
    return next((role for role in roles if frozenset(role.permissions) == READING), None)


def role_to_read(organization_id: UUID) -> CustomRole:
    """The same role, or what it would be: for a preview, stored nowhere."""
    role = CustomRole(organization_id=organization_id, name=_READER, permissions=sorted(READING))
    return known_reader_role(organization_id) or role


def give(grant: Grant, *, by: User) -> Grant:
    """Saves a grant that was decided on, with its event.

    Who decides is not held to `orgs.services.authority.within_reach`: to approve, and to break the glass, open what the
    one who decides may not open himself. `vault.access.approving` says what takes its place.
    """
    grant.granted_by = by
    grant.save()
    append_grant_event(by, Action.GRANT_GIVEN, grant)
    return grant


def revoke(grant: Grant, *, by: User, at: datetime) -> None:
    """Ends a grant that still holds, with its event; nothing happens to one that does not."""
    if grant.is_live(at):
        end_grant(grant, by=by, at=at)
        append_grant_event(by, Action.GRANT_REVOKED, grant)

"""The one access decision: may this person do this to that?

Everything asks :func:`decide`, or its queryset form :func:`orgs.selectors.organizations_where`, which reads the same
table. Nothing here outlives a call: a role that was taken away is gone at the next decision.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from audit.resource import Resource
from orgs.models import Membership, Organization
from orgs.roles import Role


class Permission(StrEnum):
    """Everything that can be allowed, as `subject:verb`. A name that is not here cannot be asked for."""

    ORG_VIEW = "org:view"
    ORG_CONFIGURE = "org:configure"
    ORG_DELETE = "org:delete"
    MEMBER_INVITE = "member:invite"
    MEMBER_MANAGE = "member:manage"
    TEAM_MANAGE = "team:manage"
    ROLE_MANAGE = "role:manage"
    PROJECT_CREATE = "project:create"
    PROJECT_CONFIGURE = "project:configure"
    PROJECT_DELETE = "project:delete"
    SECRET_LIST = "secret:list"  # noqa: S105 - a name, not a secret
    SECRET_REVEAL = "secret:reveal"  # noqa: S105 - a name, not a secret
    SECRET_WRITE = "secret:write"  # noqa: S105 - a name, not a secret
    SECRET_ROTATE = "secret:rotate"  # noqa: S105 - a name, not a secret
    SECRET_DELETE = "secret:delete"  # noqa: S105 - a name, not a secret
    SECRET_PURGE = "secret:purge"  # noqa: S105 - a name, not a secret
    SECRET_SHARE = "secret:share"  # noqa: S105 - a name, not a secret
    SECRET_EXPORT = "secret:export"  # noqa: S105 - a name, not a secret
    GRANT_MANAGE = "grant:manage"
    REQUEST_APPROVE = "request:approve"
    MACHINE_MANAGE = "machine:manage"
    AUDIT_VIEW = "audit:view"
    AUDIT_EXPORT = "audit:export"
    KEY_ROTATE = "key:rotate"


_VIEWER = frozenset({Permission.ORG_VIEW, Permission.SECRET_LIST})
_MEMBER = _VIEWER | {Permission.SECRET_REVEAL, Permission.SECRET_WRITE, Permission.SECRET_DELETE}
_ADMIN = frozenset(Permission) - {Permission.ORG_DELETE}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.ADMIN: _ADMIN,
    Role.MEMBER: _MEMBER,
    Role.VIEWER: _VIEWER,
}
"""What each built-in role allows. `secret:delete` moves to the trash; `secret:purge` destroys for good."""


class Belonging(Protocol):
    """Anything that an organization owns: a project, an environment, a secret, a version, a tag."""

    @property
    def organization_id(self) -> UUID: ...


@dataclass(frozen=True, slots=True)
class Decision:
    """`because` names what decided, in words a person can read; `visible` says whether the actor may know that the
    resource exists at all. An allowed decision is always visible."""

    allowed: bool
    because: str
    visible: bool


class AccessDenied(Exception):
    """A refused decision on its way to the middleware, which records it and answers 404 (not visible) or 403."""

    def __init__(
        self, decision: Decision, permission: Permission, resource: Resource, *, organization_id: UUID | None = None
    ) -> None:
        super().__init__(f"{permission}: {decision.because}")
        self.decision = decision
        self.permission = permission
        self.resource = resource
        self.organization_id = organization_id

    @property
    def visible(self) -> bool:
        """Whether the actor may learn that the resource exists."""
        return self.decision.visible


def roles_with(permission: Permission) -> list[Role]:
    """The built-in roles that allow `permission`; raises `ValueError` for a permission that does not exist."""
    permission = Permission(permission)
    return [role for role, allowed in ROLE_PERMISSIONS.items() if permission in allowed]


def judge(membership: Membership | None, permission: Permission) -> Decision:
    """The decision for a membership that is already loaded; without one, or with one that is not active: denied."""
    permission = Permission(permission)
    if membership is None or membership.status != Membership.Status.ACTIVE:
        return Decision(allowed=False, because="not a member of the organization", visible=False)
    role = Role(membership.role)
    if permission in ROLE_PERMISSIONS[role]:
        return Decision(allowed=True, because=f"the role {role.label}", visible=True)
    return Decision(allowed=False, because=f"the role {role.label} does not include {permission}", visible=True)


def organization_id_of(resource: Organization | Belonging) -> UUID:
    """The organization that owns `resource`, which may be the organization itself."""
    return resource.uid if isinstance(resource, Organization) else resource.organization_id


def decide(
    actor: User | AnonymousUser, permission: Permission, resource: Organization | Belonging, *, lock: bool = False
) -> Decision:
    """Whether `actor` may do `permission` to `resource`, and why. Denied unless a role allows it.

    One query, never remembered. With `lock` (inside a transaction) the membership row is held until the end of the
    transaction, so that a removal under way is either seen here or waits: the check before a reveal.
    Raises `ValueError` for a permission that does not exist.
    """
    permission = Permission(permission)
    if not isinstance(actor, User) or not actor.is_active:
        return Decision(allowed=False, because="not signed in to an active account", visible=False)
    memberships = Membership.objects.filter(user_id=actor.pk, organization_id=organization_id_of(resource))
    if lock:
        memberships = memberships.select_for_update(of=("self",), no_key=True)
    return judge(memberships.first(), permission)


def permissions_of(actor: User | AnonymousUser, organization: Organization) -> frozenset[Permission]:
    """Everything `actor` may do in `organization` (one query): for pages that show only what can be done."""
    if not isinstance(actor, User) or not actor.is_active:
        return frozenset()
    membership = Membership.objects.filter(user_id=actor.pk, organization=organization).first()
    return frozenset(permission for permission in Permission if judge(membership, permission).allowed)


def may_give(giver: Role, role: Role) -> bool:
    """Whether somebody with the role `giver` may give or take away `role`: only authority that they have themselves."""
    return ROLE_PERMISSIONS[Role(role)] <= ROLE_PERMISSIONS[Role(giver)]


def roles_given_by(giver: Role) -> list[Role]:
    """The roles that somebody with the role `giver` may give, from most to least."""
    return [role for role in Role if may_give(giver, role)]

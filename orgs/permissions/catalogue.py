"""The closed list of permissions, and what the built-in roles hold of it."""

from enum import StrEnum

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

NEEDS_APPROVAL = frozenset(
    {Permission.SECRET_REVEAL, Permission.SECRET_ROTATE, Permission.SECRET_SHARE, Permission.SECRET_EXPORT}
)
"""What opens a value. Where the policy of a class asks for approvals, only an approved grant allows these."""


def roles_with(permission: Permission) -> list[Role]:
    """The built-in roles that hold `permission`; raises `ValueError` for a permission that does not exist."""
    permission = Permission(permission)
    return [role for role, allowed in ROLE_PERMISSIONS.items() if permission in allowed]


def may_give(giver: Role, role: Role) -> bool:
    """Whether somebody with the role `giver` may give or take away `role`: only authority that they have themselves."""
    return ROLE_PERMISSIONS[Role(role)] <= ROLE_PERMISSIONS[Role(giver)]


def roles_given_by(giver: Role) -> list[Role]:
    """The roles that somebody with the role `giver` may give, from most to least."""
    return [role for role in Role if may_give(giver, role)]

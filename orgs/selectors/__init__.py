"""Fetching is authorizing: every object comes from here with the actor and the permission it is wanted for.

An outsider cannot tell a foreign object from one that does not exist: both raise `AccessDenied` that is not visible,
and the middleware answers both with the same 404.
"""

from orgs.selectors.fetching import (
    environment_for,
    invitation_for,
    member_for,
    membership_of,
    object_for,
    organization_for,
    project_for,
    reached_by,
    require,
)
from orgs.selectors.invitations import (
    InvitationState,
    invitation_state,
    invitation_with,
    invitations_of,
    inviter_of,
)
from orgs.selectors.listing import (
    environments_of,
    environments_where,
    members_of,
    memberships_of,
    organizations_where,
    projects_of,
    projects_where,
)

__all__ = [
    "InvitationState",
    "environment_for",
    "environments_of",
    "environments_where",
    "invitation_for",
    "invitation_state",
    "invitation_with",
    "invitations_of",
    "inviter_of",
    "member_for",
    "members_of",
    "membership_of",
    "memberships_of",
    "object_for",
    "organization_for",
    "organizations_where",
    "project_for",
    "projects_of",
    "projects_where",
    "reached_by",
    "require",
]

"""The only functions that change organizations, memberships, invitations, projects and environments.

Each authorizes, changes and appends its event in one transaction; if the event cannot be written, nothing happened.
"""

from orgs.services.environments import (
    create_environment,
    delete_environment,
    move_environment,
    rename_environment,
)
from orgs.services.invitations import (
    Invited,
    accept_invitation,
    invite_member,
    join_with_invitation,
    open_invitation,
    revoke_invitation,
)
from orgs.services.memberships import change_member_role, leave_organization, remove_member
from orgs.services.organizations import create_organization, rename_organization
from orgs.services.projects import create_project, delete_project, update_project
from orgs.services.setup import SetupLink, bootstrap_instance, claim_instance, create_setup_link

__all__ = [
    "Invited",
    "SetupLink",
    "accept_invitation",
    "bootstrap_instance",
    "change_member_role",
    "claim_instance",
    "create_environment",
    "create_organization",
    "create_project",
    "create_setup_link",
    "delete_environment",
    "delete_project",
    "invite_member",
    "join_with_invitation",
    "leave_organization",
    "move_environment",
    "open_invitation",
    "remove_member",
    "rename_environment",
    "rename_organization",
    "revoke_invitation",
    "update_project",
]

"""The only functions that change organizations, who belongs to them, what is in them, and who may do what there.

Each authorizes, changes and appends its event in one transaction; if the event cannot be written, nothing happened.
"""

from orgs.services.environments import (
    create_environment,
    delete_environment,
    move_environment,
    rename_environment,
)
from orgs.services.grants import change_grant, give_grant, revoke_grants
from orgs.services.invitations import (
    Invited,
    accept_invitation,
    invite_member,
    join_with_invitation,
    open_invitation,
    revoke_invitation,
)
from orgs.services.machines import create_machine, disable_machine, enable_machine, update_machine
from orgs.services.memberships import change_member_role, leave_organization, remove_member
from orgs.services.networks import add_network, clear_networks, remove_network
from orgs.services.openness import change_open_role, restrict_project
from orgs.services.organizations import create_organization, rename_organization
from orgs.services.policies import change_policy, classify_environment
from orgs.services.projects import create_project, delete_project, update_project
from orgs.services.roles import create_role, delete_role, update_role
from orgs.services.setup import SetupLink, bootstrap_instance, claim_instance, create_setup_link
from orgs.services.teams import (
    add_team_members,
    create_team,
    delete_team,
    move_team,
    remove_team_member,
    update_team,
)

__all__ = [
    "Invited",
    "SetupLink",
    "accept_invitation",
    "add_network",
    "add_team_members",
    "bootstrap_instance",
    "change_grant",
    "change_member_role",
    "change_open_role",
    "change_policy",
    "claim_instance",
    "classify_environment",
    "clear_networks",
    "create_environment",
    "create_machine",
    "create_organization",
    "create_project",
    "create_role",
    "create_setup_link",
    "create_team",
    "delete_environment",
    "delete_project",
    "delete_role",
    "delete_team",
    "disable_machine",
    "enable_machine",
    "give_grant",
    "invite_member",
    "join_with_invitation",
    "leave_organization",
    "move_environment",
    "move_team",
    "open_invitation",
    "remove_member",
    "remove_network",
    "remove_team_member",
    "rename_environment",
    "rename_organization",
    "restrict_project",
    "revoke_grants",
    "revoke_invitation",
    "update_machine",
    "update_project",
    "update_role",
    "update_team",
]

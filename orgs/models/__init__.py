"""Organizations, who belongs to them, where their secrets are, and who may do what with them.

Primary keys are random uids: a foreign key then carries the very id that binds a ciphertext to its row, and nothing
that a URL or an event shows can be counted.
"""

from orgs.models.authority import CustomRole, Grant, Machine, Team, TeamMembership
from orgs.models.network import NetworkPolicy, NetworkRule
from orgs.models.organizations import Invitation, Membership, Organization
from orgs.models.places import Environment, Project
from orgs.models.policies import ClassPolicy

__all__ = [
    "ClassPolicy",
    "CustomRole",
    "Environment",
    "Grant",
    "Invitation",
    "Machine",
    "Membership",
    "NetworkPolicy",
    "NetworkRule",
    "Organization",
    "Project",
    "Team",
    "TeamMembership",
]

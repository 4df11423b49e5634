"""What people may type. Forms say what is wrong in words; the services decide again."""

from orgs.forms.organizations import (
    EnvironmentForm,
    InviteForm,
    JoinForm,
    JoinTokenForm,
    NewProjectForm,
    OrganizationForm,
    ProjectForm,
    RoleForm,
    SetupForm,
    refuse,
)

__all__ = [
    "EnvironmentForm",
    "InviteForm",
    "JoinForm",
    "JoinTokenForm",
    "NewProjectForm",
    "OrganizationForm",
    "ProjectForm",
    "RoleForm",
    "SetupForm",
    "refuse",
]

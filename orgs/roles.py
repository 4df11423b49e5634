"""The four built-in roles."""

from django.db import models


class Role(models.TextChoices):
    """From most to least; what each may do stands in `orgs.permissions`."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"
    VIEWER = "viewer", "Viewer"


ROLE_HINTS: dict[Role, str] = {
    Role.OWNER: "Everything, including other owners and the organization itself.",
    Role.ADMIN: "Everything but owners: people, projects, secrets and the activity log.",
    Role.MEMBER: "Reads, adds and changes secrets.",
    Role.VIEWER: "Sees which secrets there are, never their values.",
}
"""What to tell a person who chooses a role."""


OPEN_ROLES = (Role.MEMBER, Role.VIEWER)
"""What a project can be open as: what every member has in it."""

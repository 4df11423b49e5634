"""The four built-in roles."""

from django.db import models


class Role(models.TextChoices):
    """From most to least; what each may do stands in `orgs.permissions`."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"
    VIEWER = "viewer", "Viewer"

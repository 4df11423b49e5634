"""What the support desk sees of secrets: that they exist, and where. Versions, which hold the values, are not here."""

from accounts.support import MetadataAdmin, support_site
from audit.actions import ResourceKind
from vault.secrets.models import Secret


@support_site.register_metadata(Secret)
class SecretAdmin(MetadataAdmin):
    """Secrets by name."""

    resource_kind = ResourceKind.SECRET
    description = "Names and places of secrets, never a value."
    icon = "key-round"
    list_display = ("name", "organization", "project", "environment", "kind", "trashed_at")
    fields = (
        "name", "organization", "project", "environment", "kind", "version", "created_at", "created_by", "updated_at",
        "updated_by", "trashed_at", "trashed_by", "uid",
    )  # fmt: skip
    search_fields = ("name", "organization__name", "project__name")
    list_filter = ("kind",)
    list_select_related = True
    ordering = ("name",)

from django.apps import AppConfig


class CustodyConfig(AppConfig):
    """Operations on keys, their records, commands and pages."""

    name = "vault.custody"
    label = "custody"
    verbose_name = "Keys"
    default_auto_field = "django.db.models.BigAutoField"

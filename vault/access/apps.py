from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Who reaches what, and why."""

    name = "vault.access"
    label = "access"
    verbose_name = "Access"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from vault.access import checks  # noqa: F401 - registers them

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The log of what happened: append-only events."""

    name = "audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        from audit import checks  # noqa: F401 - importing registers the system checks

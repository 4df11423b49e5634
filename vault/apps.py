from django.apps import AppConfig


class VaultConfig(AppConfig):
    """The project itself as an app: template tags, system checks, management commands."""

    name = "vault"
    verbose_name = "Holdfast"

    def ready(self) -> None:
        from vault import checks  # noqa: F401 - importing registers the system checks

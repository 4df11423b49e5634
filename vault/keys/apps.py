from django.apps import AppConfig


class KeysConfig(AppConfig):
    """The key table, the root-key providers and the keyring cache."""

    name = "vault.keys"
    label = "keys"
    verbose_name = "Keys"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from vault.keys import startup  # noqa: F401 - importing registers the system check

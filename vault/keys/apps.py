from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class KeysConfig(AppConfig):
    """The key table, the root-key providers and the keyring cache."""

    name = "vault.keys"
    label = "keys"
    verbose_name = "Keys"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from vault.keys import startup  # noqa: F401 - importing registers the system check

        post_migrate.connect(make_system_keys, sender=self)


def make_system_keys(using: str, **_: Any) -> None:
    """The instance's own keys, after every migration: commands that store keyed hashes run before the first start."""
    from vault.keys.models import WrappedKey
    from vault.keys.services import ensure_system_keys

    if using == "default" and WrappedKey._meta.db_table in connections[using].introspection.table_names():
        ensure_system_keys()

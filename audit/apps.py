from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        post_migrate.connect(_make_system_keys, sender=self)


def _make_system_keys(using: str, **_: Any) -> None:
    """The instance's own keys, after every migration: commands that store keyed hashes run before the first start."""
    from audit.models import Event
    from audit.system_keys import make_system_keys
    from vault.keys.models import WrappedKey

    tables = connections[using].introspection.table_names()
    if using == "default" and {WrappedKey._meta.db_table, Event._meta.db_table} <= set(tables):
        make_system_keys()

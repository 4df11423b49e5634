from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db import connections
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        post_migrate.connect(ensure_instance, sender=self)


def ensure_instance(using: str, **_: Any) -> None:
    """The one row of `Instance`, after every migration: without it the set-up would have nothing to lock."""
    from accounts.models import Instance
    from audit.models import Event
    from audit.system_keys import make_system_keys
    from vault.keys.models import WrappedKey
    from vault.seals.models import Seal, Tally

    needed = {model._meta.db_table for model in (Instance, Event, WrappedKey, Seal, Tally)}
    if using == "default" and needed <= set(connections[using].introspection.table_names()):
        make_system_keys()  # the seal of the row needs one, and this receiver comes before theirs
        Instance.objects.get_or_create(pk=1)


class SupportAdminConfig(AdminConfig):
    """The Django admin, with the support desk's own site in place of the stock one."""

    default_site = "accounts.support.SupportSite"

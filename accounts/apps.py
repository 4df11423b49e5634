from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        post_migrate.connect(ensure_instance, sender=self)


def ensure_instance(using: str, **_: Any) -> None:
    """The one row of `Instance`, after every migration: without it the set-up would have nothing to lock."""
    from accounts.models import Instance
    from audit.system_keys import make_system_keys

    if using == "default":
        make_system_keys()  # its seal needs one, and this is the first receiver
        Instance.objects.get_or_create(pk=1)


class SupportAdminConfig(AdminConfig):
    """The Django admin, with the support desk's own site in place of the stock one."""

    default_site = "accounts.support.SupportSite"

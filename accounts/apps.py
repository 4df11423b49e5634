from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"


class SupportAdminConfig(AdminConfig):
    """The Django admin, with the support desk's own site in place of the stock one."""

    default_site = "accounts.support.SupportSite"

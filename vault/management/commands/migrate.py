from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections

from vault import tenancy
from vault.database import policies
from vault.database.owner import as_owner, sees_every_organization

EMPTY_BACKUPS = (
    "A backup made as {role} would have the tables and none of their rows. As a superuser of PostgreSQL: "
    "ALTER ROLE {role} SET app.tenant = '*'"
)


class Command(migrate.Command):
    """Django's, which on PostgreSQL changes the tables as their owner and then installs what guards them."""

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        with tenancy.everywhere("migrations change the rows of every organization"):
            if connections[alias].vendor != "postgresql" or options["check_unapplied"] or options["plan"]:
                super().handle(*args, **options)
                return
            try:
                with as_owner(alias) as connection:
                    super().handle(*args, **options)
                    policies.install(connection, role=settings.APPLICATION_ROLE)
                    if not sees_every_organization(connection):
                        self.stderr.write(EMPTY_BACKUPS.format(role=connection.settings_dict["USER"]))
            except ImproperlyConfigured as missing:
                raise CommandError(str(missing)) from None

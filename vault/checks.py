"""System checks: what must hold of the configuration before Holdfast does anything."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import OperationalError, ProgrammingError, connections

from vault.database.owner import excess_of_role


@register(Tags.security)
def check_debug(**kwargs: Any) -> list[CheckMessage]:
    """`vault.E001`: DEBUG shows local variables and SQL to whoever causes an error, and here those are secrets."""
    if settings.DEBUG:
        return [Error("DEBUG must be off: its error pages would show other people's secrets.", id="vault.E001")]
    return []


@register(Tags.security)
def check_transport(**kwargs: Any) -> list[CheckMessage]:
    """`vault.E002`, `vault.W001`: in production, HTTPS to the browser and TLS to the database."""
    if not settings.PRODUCTION:
        return []
    problems: list[CheckMessage] = []
    cookies = settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE
    if not (settings.HTTPS and cookies and settings.SECURE_HSTS_SECONDS >= 31536000):
        problems.append(
            Error(
                "Production needs HTTPS: secure cookies and HSTS of at least a year.",
                hint="HOLDFAST_BASE_URL must be the https address that people use.",
                id="vault.E002",
            )
        )
    mode = settings.DATABASES["default"].get("OPTIONS", {}).get("sslmode", "prefer")
    if mode in {"disable", "allow", "prefer"}:
        problems.append(
            checks.Warning(
                f"The connection to the database may be without TLS (sslmode={mode}).",
                hint="Leave sslmode out of DATABASE_URL for TLS, or set verify-full with sslrootcert. A database on "
                "the same host or in the same private container network may go without.",
                id="vault.W001",
            )
        )
    return problems


@register(Tags.database)
def check_database_role(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """`vault.E004`: what PostgreSQL's policies promise holds for a role that they bind, and that cannot drop them."""
    connection = connections["default"]
    if "default" not in (databases or ()) or connection.vendor != "postgresql":
        return []
    try:
        found = excess_of_role(connection)
    except (OperationalError, ProgrammingError):
        return []  # not reachable: others say so
    hint = 'docs/operators/upgrade.md, "Two roles".'
    return [Error(problem, hint=hint, id="vault.E004") for problem in found]


@register(Tags.security)
def check_transactions(**kwargs: Any) -> list[CheckMessage]:
    """`vault.E003`: a transaction around whole requests would take refusals and failed attempts back."""
    if any(database.get("ATOMIC_REQUESTS") for database in settings.DATABASES.values()):
        return [
            Error(
                "ATOMIC_REQUESTS must be off: the rollback of a refused request would undo the event that reports it.",
                id="vault.E003",
            )
        ]
    return []

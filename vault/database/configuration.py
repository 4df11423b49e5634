"""From a URL in the environment to a database in Django's settings."""

from typing import Any

import dj_database_url

from vault.environment import Environment

ENGINE = "vault.database.postgresql"


def postgresql_database(env: Environment, name: str, url: str, *, production: bool) -> dict[str, Any]:
    """An entry of DATABASES for the URL in the variable `name`; empty, with a problem noted, if it is unusable.

    TLS unless the URL says otherwise; verify-full needs sslrootcert in it (docs/operators/configuration.md).
    """
    try:
        database: dict[str, Any] = dict(
            dj_database_url.parse(url, engine=ENGINE, conn_max_age=300, conn_health_checks=True)
        )
    except ValueError:  # its message would repeat parts of the URL
        database = {}
    if not database or not url.startswith(("postgresql://", "postgres://")):
        env.problems.append(
            f"{name} must name a PostgreSQL database: postgresql://user:password@host/name, with reserved "
            "characters of the user and the password percent-encoded"
        )
        return {}
    database.setdefault("OPTIONS", {}).setdefault("sslmode", "require" if production else "prefer")
    return database

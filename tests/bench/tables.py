"""What only the owner of the tables may do, for benchmarks: making tables, and counting rows for the planner."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from vault.database import policies
from vault.database.owner import as_owner


@contextmanager
def owning_the_tables() -> Iterator[None]:
    """On PostgreSQL the application's role makes no tables, and has no right to one until the owner gives it."""
    if connection.vendor != "postgresql":
        yield
        return
    with as_owner("default") as owner:
        yield
        policies.install(owner, role=settings.APPLICATION_ROLE)


def analyze() -> None:
    """As the database does by itself after so many new rows."""
    with owning_the_tables(), connection.cursor() as cursor:
        cursor.execute("ANALYZE")

"""System checks of the log."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import OperationalError, ProgrammingError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from audit import triggers


@register(Tags.database)
def check_triggers(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """`audit.E001`: the triggers that keep events from being changed are in the database."""
    return report_missing(
        databases, {triggers.TABLE}, triggers.missing, "The table of events is not append-only", "audit.E001"
    )


def report_missing(
    databases: Sequence[str] | None,
    tables: Collection[str],
    missing_in: Callable[[BaseDatabaseWrapper], list[str]],
    what: str,
    number: str,
) -> list[CheckMessage]:
    """The error `number`, which begins with `what`, if triggers are missing from the tables that they guard; none
    before these are there, as there is nothing to protect yet."""
    if "default" not in (databases or ()):
        return []
    connection = connections["default"]
    try:
        if not set(tables) <= set(connection.introspection.table_names()):
            return []
        missing = missing_in(connection)
    except (OperationalError, ProgrammingError):
        return []
    if not missing:
        return []
    return [
        Error(
            f"{what}: the triggers {', '.join(missing)} are missing.",
            hint="Run manage.py migrate; if they were dropped by hand, find out by whom before you restore them.",
            id=number,
        )
    ]

"""System checks of the log."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import OperationalError, ProgrammingError, connections

from audit import triggers


@register(Tags.database)
def check_triggers(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """`audit.E001`: the triggers that keep events from being changed are in the database."""
    if "default" not in (databases or ()):
        return []
    connection = connections["default"]
    try:
        if triggers.TABLE not in connection.introspection.table_names():
            return []  # before the first migration there is nothing to protect
        missing = triggers.missing(connection)
    except (OperationalError, ProgrammingError):
        return []
    if not missing:
        return []
    return [
        Error(
            f"The table of events is not append-only: the triggers {', '.join(missing)} are missing.",
            hint="Run manage.py migrate; if they were dropped by hand, find out by whom before you restore them.",
            id="audit.E001",
        )
    ]

"""System checks of reviews."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import OperationalError, ProgrammingError, connections

from vault.access import triggers


@register(Tags.database)
def check_triggers(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """`access.E001`: the triggers that keep decisions of reviews from being changed are in the database."""
    if "default" not in (databases or ()):
        return []
    connection = connections["default"]
    try:
        if not triggers.TABLES.keys() <= set(connection.introspection.table_names()):
            return []  # before the migration there is nothing to protect
        missing = triggers.missing(connection)
    except (OperationalError, ProgrammingError):
        return []
    if not missing:
        return []
    return [
        Error(
            f"Decisions of reviews could be changed: the triggers {', '.join(missing)} are missing.",
            hint="Run manage.py migrate; if they were dropped by hand, find out by whom before you restore them.",
            id="access.E001",
        )
    ]

"""System checks of reviews."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, register

from audit.checks import report_missing
from vault.access import triggers


@register(Tags.database)
def check_triggers(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """`access.E001`: the triggers that keep decisions of reviews from being changed are in the database."""
    return report_missing(
        databases, triggers.TABLES.keys(), triggers.missing, "Decisions of reviews could be changed", "access.E001"
    )

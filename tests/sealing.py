"""Changing sealed rows in tests: as a service would (`change`), and as somebody with SQL alone would (`tamper`)."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import QuerySet

from accounts.models import Session


def change(rows: type[models.Model] | Iterable[Any], **values: Any) -> int:
    """Gives every row these values and saves it, with its seal. Returns how many there were."""
    found = list(rows._default_manager.all() if isinstance(rows, type) else rows)
    for row in found:
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=[*values, "mac"] if isinstance(row, Session) else list(values))
    return len(found)


def tamper(rows: type[models.Model] | QuerySet[Any], **values: Any) -> int:
    """Changes rows with an UPDATE, past the seals. Returns how many there were."""
    found = rows._default_manager.all() if isinstance(rows, type) else rows
    return unguarded(found).update(**values)


def unguarded(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The same rows in a queryset that knows nothing of seals."""
    plain = rows.all()
    plain.__class__ = QuerySet
    return plain

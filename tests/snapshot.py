"""Rows that were made once and are put into the database again, because making them takes longer than many a test.

What is made is the same each time: the rows that `make` added and the few that it changed. They are put back only into
a database that is as it was before they were made: the same keys, and what was changed as it was found.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone

from vault.keys import beside, counting
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE
from vault.seals import reporting, seen

T = TypeVar("T")
Row = tuple[Any, ...]
LONGEST = timedelta(hours=1)
"""A test that travels in time makes its rows at its own time."""


@dataclass
class _Table:
    """What was added to a table, and what was changed in it: each row before and after. The key is the first column."""

    name: str
    columns: Sequence[str]
    added: list[Row] = field(default_factory=list)
    changed: list[tuple[Row, Row]] = field(default_factory=list)


class Placed(Protocol):
    """What something is made upon, such as the cast: `place` tells whether it is the same as another time."""

    @property
    def place(self) -> str: ...


@dataclass(frozen=True)
class _Made:
    result: Any
    given: tuple[Placed, ...]
    at: datetime
    tables: list[_Table]


class Snapshot(Generic[T]):
    """`snapshot(…)` gives what `make(…)` gives, and has its rows in the database; `make` runs when it has to.

    What it is given has its own rows there, and they are the same each time, or `make` runs. In the result it is the
    one that was given; a row of it that the result names by itself is an equal one.
    """

    def __init__(self, make: Callable[..., T]) -> None:
        self._make = make
        self._made: dict[tuple[str, ...], _Made] = {}

    def __call__(self, *given: Placed) -> T:
        key = (*_keys(), *(each.place for each in given))
        made = self._made.get(key)
        if made is None:
            return self._record(key, *given)
        if abs(timezone.now() - made.at) > LONGEST or not _restore(made.tables):
            return self._make(*given)
        _forget()
        result: T = deepcopy(made.result, {id(old): new for old, new in zip(made.given, given, strict=True)})
        return result

    def _record(self, key: tuple[str, ...], *given: Placed) -> T:
        before = {name: _rows(name, columns) for name, columns in _tables()}
        result, at = self._make(*given), timezone.now()
        tables = []
        for name, columns in _tables():
            table = _Table(name, columns)
            for row_key, row in _rows(name, columns).items():
                found = before[name].get(row_key)
                if found is None:
                    table.added.append(row)
                elif found != row and name != WrappedKey._meta.db_table:  # its counter moves by itself
                    table.changed.append((found, row))
            tables.append(table)
        changed = [table for table in tables if table.added or table.changed]
        kept, upon = deepcopy((result, given))
        self._made[key] = _Made(kept, upon, at, changed)
        return result


def _keys() -> tuple[str, ...]:
    """What rows are made under: the root key, the keys of the system, and how passwords are hashed."""
    rows = WrappedKey.objects.filter(scope=SYSTEM_SCOPE).order_by("key_id").values_list("key_id", "state")
    return (
        str(settings.ROOT_KEY),
        settings.PASSWORD_HASHERS[0],
        *(f"{bytes(key_id).hex()} {state}" for key_id, state in rows),
    )


def _tables() -> list[tuple[str, Sequence[str]]]:
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    return [(model._meta.db_table, _columns(model)) for model in models]


def _columns(model: type[Model]) -> Sequence[str]:
    """The primary key and then the others."""
    others = [str(each.column) for each in model._meta.concrete_fields if not each.primary_key]
    return [str(model._meta.pk.column), *others]


def _rows(table: str, columns: Sequence[str]) -> dict[Any, Row]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_names(columns)} FROM {_name(table)}")  # noqa: S608 - names of our own models
        return {row[0]: tuple(map(_plain, row)) for row in cursor.fetchall()}


def _restore(tables: Sequence[_Table]) -> bool:
    """Whether the rows are there now. If they are not, nothing was written."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables:
            for before, _ in table.changed:
                cursor.execute(
                    f"SELECT {_names(table.columns)} FROM {_name(table.name)} WHERE {_name(table.columns[0])} = %s",  # noqa: S608 - names of our own models
                    [before[0]],
                )
                found = cursor.fetchone()
                if found is None or tuple(map(_plain, found)) != before:
                    return False
        for table in tables:
            if table.added:
                places = ", ".join([f"({', '.join(['%s'] * len(table.columns))})"] * len(table.added))
                cursor.execute(
                    f"INSERT INTO {_name(table.name)} ({_names(table.columns)}) VALUES {places}",  # noqa: S608 - as above
                    [value for row in table.added for value in row],
                )
            for _, row in table.changed:
                places = ", ".join(f"{_name(column)} = %s" for column in table.columns[1:])
                cursor.execute(
                    f"UPDATE {_name(table.name)} SET {places} WHERE {_name(table.columns[0])} = %s",  # noqa: S608 - as above
                    [*row[1:], row[0]],
                )
    return True


def _forget() -> None:
    """What this process knows of these very rows from before they were rolled back: their versions, what was told of
    them, and how much the keys among them have wrapped."""
    seen.forget()
    reporting.forget()
    with counting._lock:
        counting._pool.clear()
        counting._lost.clear()
    if connection.vendor == "sqlite":
        beside._file().unlink(missing_ok=True)


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def _name(name: str) -> str:
    return connection.ops.quote_name(name)


def _names(columns: Sequence[str]) -> str:
    return ", ".join(map(_name, columns))

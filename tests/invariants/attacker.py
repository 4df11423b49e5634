"""Somebody who may write to the database, and to nothing else: SQL in, SQL out, no key, no model, no service."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.db import connection

Row = dict[str, Any]


def select(table: str, **where: Any) -> list[Row]:
    """Rows as the database gives them."""
    condition, values = _where(where)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}{condition}", values)  # noqa: S608 - a test's own words
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def one(table: str, **where: Any) -> Row:
    """The one row."""
    (row,) = select(table, **where)
    return row


def insert(table: str, row: Mapping[str, Any], **other: Any) -> None:
    """A row, with some columns otherwise; without its number where the database counts them."""
    merged = {**row, **{name: _plain(value) for name, value in other.items()}}
    columns, places = ", ".join(merged), ", ".join(["%s"] * len(merged))
    _execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", list(merged.values()))  # noqa: S608 - as above


def update(table: str, where: Mapping[str, Any], **values: Any) -> None:
    """Changes columns; must meet a row."""
    condition, parameters = _where(where)
    assignments = ", ".join(f"{name} = %s" for name in values)
    changed = _execute(
        f"UPDATE {table} SET {assignments}{condition}",  # noqa: S608 - as above
        [*(_plain(value) for value in values.values()), *parameters],
    )
    assert changed, f"the attack met no row of {table}"


def delete(table: str, **where: Any) -> None:
    """Removes rows."""
    condition, values = _where(where)
    _execute(f"DELETE FROM {table}{condition}", values)  # noqa: S608 - as above


def put_back(table: str, row: Row, key: str) -> None:
    """A row as it was, in place of the one that is there now, if there is one."""
    present = [name for name in row if name != key]
    if select(table, **{key: row[key]}):
        update(table, {key: row[key]}, **{name: row[name] for name in present})
    else:
        insert(table, row)


def uid(value: UUID) -> Any:
    """A UUID as this database stores it."""
    return value if connection.vendor == "postgresql" else value.hex


def new_uid() -> Any:
    """One that no row has."""
    return uid(uuid4())


def _execute(statement: str, values: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def _where(where: Mapping[str, Any]) -> tuple[str, list[Any]]:
    if not where:
        return "", []
    return " WHERE " + " AND ".join(f"{name} = %s" for name in where), [_plain(value) for value in where.values()]


def _plain(value: Any) -> Any:
    return uid(value) if isinstance(value, UUID) else value

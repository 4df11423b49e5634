# ruff: noqa: S608 - what is put together here are the names of tables and columns, quoted; values are parameters
"""The SQL by which stored values are found, taken and replaced without an instance of a model.

A row comes as ``(*key, row uid, row version, scope, size, bytes)``: its primary key as the driver gives it, which goes
back to the database as it came; the columns that bind the value, uids as 16 bytes or, on SQLite, as 32 hex digits; the
value's length; and what was asked for of it.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection, transaction

from vault.crypto.envelope import FRONT_SIZE
from vault.crypto.fingerprint import KEY_ID_SIZE
from vault.database.postgresql.base import set_tenants
from vault.fields.indexes import KEY_ID_OFFSET
from vault.fields.registry import EncryptedColumn

Key = tuple[Any, ...]
"""A primary key: one value for each of its columns."""
Row = tuple[Any, ...]
Swap = tuple[Key, bytes, bytes]
"""A row's key, the front that it must still have, and what goes in its place."""


def statements_for(column: EncryptedColumn, *, without: Sequence[UUID] = ()) -> "Statements":
    """Those of the configured database. ``without``: organizations whose rows are left out where none is named."""
    return (_Postgresql if connection.vendor == "postgresql" else _Sqlite)(column, without)


class Statements(ABC):
    """What is asked of one column."""

    _slice = "SUBSTR"  # by the name that Django gave it in the index: with another the index would not serve
    _lock = ""

    def __init__(self, column: EncryptedColumn, without: Sequence[UUID]) -> None:
        quote = connection.ops.quote_name
        self.column = column
        self._without = without if column.scope else ()
        self._table = quote(column.table)
        self._assigned = quote(column.name)
        self._value = f"{self._table}.{self._assigned}"
        self._keys = [f"{self._table}.{quote(key)}" for key in column.keys]
        self._key = ", ".join(self._keys)
        self._scope = f"{self._table}.{quote(column.scope)}" if column.scope else "NULL"
        row, scope = self._uid(f"{self._table}.{quote(column.row)}"), self._uid(self._scope)
        version = f"{self._table}.{quote(column.version)}" if column.version else "1"
        self._place = f"{row}, {version}, {scope}, LENGTH({self._value})"
        self._key_id = f"{self._slice}({self._value}, {KEY_ID_OFFSET}, {KEY_ID_SIZE})"
        self._front = f"{self._slice}({self._value}, 1, {FRONT_SIZE})"
        self._rest = f"{self._slice}({self._value}, {FRONT_SIZE + 1})"

    def fronts(self, key_id: bytes, after: Key | None, limit: int) -> list[Row]:
        """The next rows under a key, with their fronts, by primary key. Locked on PostgreSQL, without waiting."""
        following, parameters = self._following(after)
        return self._fetch(
            f"SELECT {self._key}, {self._place}, {self._front} FROM {self._table} "
            f"WHERE {self._key_id} = %s AND {following} ORDER BY {self._key} LIMIT %s {self._lock}",
            [key_id, *parameters, limit],
        )

    def pages(self, scope: UUID | None, after: Key | None, limit: int) -> list[Key]:
        """The next primary keys; of one scope's rows, if one is given."""
        following, parameters = self._following(after)
        within, parameters = self._within(scope, parameters)
        return self._fetch(
            f"SELECT {self._key} FROM {self._table} WHERE {following} AND {within} ORDER BY {self._key} LIMIT %s",
            [*parameters, limit],
        )

    def any_of(self, scope: UUID | None, number: int) -> list[Key]:
        """The primary keys of so many rows, each row as likely as any other, in no order."""
        within, parameters = self._within(scope, [])
        return self._fetch(
            f"SELECT {self._key} FROM {self._table} WHERE {within} ORDER BY RANDOM() LIMIT %s", [*parameters, number]
        )

    def count(self, scope: UUID | None) -> int:
        """How many rows there are."""
        within, parameters = self._within(scope, [])
        [(number,)] = self._fetch(f"SELECT COUNT(*) FROM {self._table} WHERE {within}", parameters)
        return int(number)

    def whole(self, keys: Sequence[Key], longest: int) -> list[Row]:
        """The rows with these keys that are still there; NULL for a value that is longer than ``longest`` bytes."""
        return self._fetch_of(f"SELECT {self._columns(longest)} FROM {self._table}", keys)

    @abstractmethod
    def count_under(self, key_ids: Sequence[bytes]) -> dict[bytes, int]:
        """How many rows name each of the keys; those that no row names may be missing."""

    @abstractmethod
    def stream(self, scope: UUID | None, longest: int, number: int) -> Generator[list[Row]]:
        """All rows, or those of one scope, as ``whole`` gives them, so many at a time."""

    @abstractmethod
    def swap_fronts(self, swaps: Sequence[Swap]) -> int:
        """Put new fronts before the bodies, which stay where they are. The number of rows that had the old ones."""

    @abstractmethod
    def swap_whole(self, swaps: Sequence[Swap]) -> int:
        """Put new envelopes in the place of those with the old fronts. The number of rows that had them."""

    def _columns(self, longest: int) -> str:
        return f"{self._key}, {self._place}, CASE WHEN LENGTH({self._value}) <= {longest:d} THEN {self._value} END"

    @staticmethod
    def _uid(column: str) -> str:
        return column

    @abstractmethod
    def _fetch_of(self, select: str, keys: Sequence[Key]) -> list[Row]: ...

    @abstractmethod
    def _fetch(self, sql: str, parameters: Sequence[Any]) -> list[Row]: ...

    @abstractmethod
    def _stored_uid(self, uid: UUID) -> Any: ...

    def _following(self, after: Key | None) -> tuple[str, list[Any]]:
        if after is None:
            return "TRUE", []
        return f"({self._key}) > ({', '.join(['%s'] * len(self._keys))})", list(after)

    def _within(self, scope: UUID | None, parameters: list[Any]) -> tuple[str, list[Any]]:
        if scope is not None:
            return f"{self._scope} = %s", [*parameters, self._stored_uid(scope)]
        if not self._without:
            return "TRUE", parameters
        listed = ", ".join(["%s"] * len(self._without))
        within = f"({self._scope} IS NULL OR {self._scope} NOT IN ({listed}))"
        return within, [*parameters, *map(self._stored_uid, self._without)]


class _Postgresql(Statements):
    """Arrays in both directions, in binary: a batch is one statement, and no byte is written as two digits."""

    _slice = "SUBSTRING"
    _lock = "FOR UPDATE SKIP LOCKED"

    def __init__(self, column: EncryptedColumn, without: Sequence[UUID]) -> None:
        super().__init__(column, without)
        self._arrays = ", ".join(f"%b::{kind}[]" for kind in column.key_types)
        self._names = [f"k{number}" for number in range(len(self._keys))]
        self._same = " AND ".join(f"{key} = given.{name}" for key, name in zip(self._keys, self._names, strict=True))

    @staticmethod
    def _uid(column: str) -> str:
        return column if column == "NULL" else f"uuid_send({column})"

    def stream(self, scope: UUID | None, longest: int, number: int) -> Generator[list[Row]]:
        # One snapshot, so that a row which is rewritten meanwhile is neither missed nor given twice; and in the order
        # of the table, because that of its keys would take a page of the table for each row.
        within, parameters = self._within(scope, [])
        with transaction.atomic(), connection.wrap_database_errors:
            connection.ensure_connection()
            set_tenants()
            with psycopg.ServerCursor(connection.connection, "stored_values") as cursor:
                cursor.execute(
                    f"SELECT {self._columns(longest)} FROM {self._table} WHERE {within}", parameters, binary=True
                )
                while rows := cursor.fetchmany(number):
                    yield rows

    def swap_fronts(self, swaps: Sequence[Swap]) -> int:
        return self._swap(f"given.new || {self._rest}", swaps)

    def swap_whole(self, swaps: Sequence[Swap]) -> int:
        return self._swap("given.new", swaps)

    def _swap(self, value: str, swaps: Sequence[Swap]) -> int:
        keys, old, new = zip(*swaps, strict=True)
        names = ", ".join(self._names)
        with _binary_cursor() as cursor:
            cursor.execute(
                f"UPDATE {self._table} SET {self._assigned} = {value} "
                f"FROM UNNEST({self._arrays}, %b::bytea[], %b::bytea[]) AS given ({names}, old, new) "
                f"WHERE {self._same} AND {self._front} = given.old",
                [*map(list, zip(*keys, strict=True)), list(old), list(new)],
            )
            return cursor.rowcount

    def count_under(self, key_ids: Sequence[bytes]) -> dict[bytes, int]:
        return dict(
            self._fetch(
                f"SELECT {self._key_id}, COUNT(*) FROM {self._table} WHERE {self._key_id} = ANY(%b) GROUP BY 1",
                [list(key_ids)],
            )
        )

    def _fetch_of(self, select: str, keys: Sequence[Key]) -> list[Row]:
        names = ", ".join(self._names)
        return self._fetch(
            f"{select} JOIN UNNEST({self._arrays}) AS given ({names}) ON {self._same}",
            [*map(list, zip(*keys, strict=True))],
        )

    def _fetch(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        with _binary_cursor() as cursor:
            cursor.execute(sql, parameters, binary=True)
            return cursor.fetchall()

    def _stored_uid(self, uid: UUID) -> UUID:
        return uid


class _Sqlite(Statements):
    """One row at a time: there is no way to the database that a batch would save."""

    def __init__(self, column: EncryptedColumn, without: Sequence[UUID]) -> None:
        super().__init__(column, without)
        self._same = " AND ".join(f"{key} = %s" for key in self._keys)

    def stream(self, scope: UUID | None, longest: int, number: int) -> Generator[list[Row]]:
        # By rowid, in which the table and the entries of an index of the scope are in order. No statement stays open:
        # this connection could not write while it reads what others have changed since.
        within, parameters = self._within(scope, [])
        sql = (
            f"SELECT {self._table}.rowid, {self._columns(longest)} FROM {self._table} "
            f"WHERE {within} AND {self._table}.rowid > %s ORDER BY {self._table}.rowid LIMIT %s"
        )
        last = 0
        while rows := self._fetch(sql, [*parameters, last, number]):
            last = rows[-1][0]
            yield [row[1:] for row in rows]

    def swap_fronts(self, swaps: Sequence[Swap]) -> int:
        # || gives a text of the very bytes of both, also after a NUL, and the CAST makes them a BLOB again.
        return self._swap(f"CAST(%s || {self._rest} AS BLOB)", swaps)

    def swap_whole(self, swaps: Sequence[Swap]) -> int:
        return self._swap("%s", swaps)

    def _swap(self, value: str, swaps: Sequence[Swap]) -> int:
        with connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {self._table} SET {self._assigned} = {value} WHERE {self._same} AND {self._front} = %s",
                [(new, *key, old) for key, old, new in swaps],
            )
            return int(cursor.rowcount)

    def count_under(self, key_ids: Sequence[bytes]) -> dict[bytes, int]:
        # One search of the index for each. Grouped, SQLite would read the values to cut the key ids out of them; and
        # where all rows are under one key it would rather read the whole table, long values and all.
        by = f"INDEXED BY {connection.ops.quote_name(self.column.index)}" if self.column.index else ""
        counted = f"SELECT COUNT(*) FROM {self._table} {by} WHERE {self._key_id} = %s"
        return {key_id: int(self._fetch(counted, [key_id])[0][0]) for key_id in key_ids}

    def _fetch_of(self, select: str, keys: Sequence[Key]) -> list[Row]:
        one = f"({', '.join(['%s'] * len(self._keys))})"
        marks = ", ".join([one] * len(keys))
        return self._fetch(
            f"{select} WHERE ({', '.join(self._keys)}) IN (VALUES {marks})", [part for key in keys for part in key]
        )

    def _fetch(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return list(cursor.fetchall())

    def _stored_uid(self, uid: UUID) -> str:
        return uid.hex


@contextmanager
def _binary_cursor() -> Iterator["psycopg.Cursor[Row]"]:
    """A cursor of psycopg, within Django's connection and transaction: Django's own writes parameters into the text.

    Always in a transaction, because it has to be told in it whose rows these are.
    """
    with transaction.atomic(savepoint=False):
        connection.validate_no_broken_transaction()
        set_tenants()
        with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
            yield cursor

"""Rows for any table, made of what its columns take, so that a new table is tested without anybody writing it down."""

from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from psycopg import sql

from tests.harness.roles import as_table_owner

_VALUES: dict[str, Any] = {
    "boolean": lambda: False,
    "bytea": lambda: uuid4().bytes * 3,
    "character varying": lambda: uuid4().hex[:8],
    "integer": lambda: uuid4().int % 2**30,
    "bigint": lambda: uuid4().int % 2**30,
    "smallint": lambda: uuid4().int % 2**14,
    "inet": lambda: "192.0.2.1",
    "jsonb": lambda: "{}",
    "text": lambda: uuid4().hex,
    "timestamp with time zone": lambda: "2030-01-01T00:00:00Z",
    "uuid": uuid4,
}


def anything_goes(table: str) -> None:
    """What a row may say is no longer checked, until the end of the test's transaction. Whose it is still is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'", [table])
        names = [name for (name,) in cursor.fetchall()]
        with as_table_owner():
            for name in names:
                cursor.execute(
                    sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name))
                )


def insert(table: str, **values: object) -> dict[str, Any]:
    """A row with these values, and any that fit in the other columns that need one. Gives all of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema() "
            "AND table_name = %s AND is_nullable = 'NO' AND is_identity = 'NO' AND column_default IS NULL",
            [table],
        )
        row = {name: _VALUES[kind]() for name, kind in cursor.fetchall()} | values
        cursor.execute(
            sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                sql.Identifier(table),
                sql.SQL(", ").join(map(sql.Identifier, row)),
                sql.SQL(", ").join([sql.Placeholder()] * len(row)),
            ),
            list(row.values()),
        )
    return row


def tenants_seen(table: str, column: str) -> set[UUID | None]:
    """Whose rows a statement of this moment finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT DISTINCT {} FROM {}").format(sql.Identifier(column), sql.Identifier(table)))
        return {uid for (uid,) in cursor.fetchall()}

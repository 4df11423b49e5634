"""The whole database as values, to say of an operation that it changed nothing."""

from typing import Any

from django.db import connection

Snapshot = dict[str, list[tuple[Any, ...]]]

# Django's own bookkeeping, and the limiter's counters, which outlive a rolled-back request on purpose.
_OUTSIDE = frozenset(
    {"django_migrations", "django_content_type", "auth_permission", "holdfast_cache", "sqlite_sequence"}
)


# A code is used up by being tried, whatever comes of it afterwards: undoing that would let it be tried again.
SPENT = frozenset({"last_used_at", "last_step", "used_at", "throttling_failure_count", "throttling_failure_timestamp"})
# That somebody is at work, whatever comes of it.
SPENT |= {"heartbeat_at"}
# A row with such a column is sealed anew. That its seal fits is what a verification is for.
_SEALED_ANEW = {
    "seals_seal": frozenset({"version", "mac"}),
    "seals_tally": frozenset({"sum", "nonce", "version", "mac"}),
}


def take_snapshot(*, tables: frozenset[str] = frozenset(), columns: frozenset[str] = frozenset()) -> Snapshot:
    """Every row of every table, in an order that does not depend on the database; without `tables` and `columns`."""
    rows: Snapshot = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table in _OUTSIDE or table in tables:
                continue
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - our own tables' names
            left_out = columns | (_SEALED_ANEW.get(table, frozenset()) if columns & SPENT else frozenset())
            kept = [index for index, column in enumerate(cursor.description) if column[0] not in left_out]
            found = [tuple(_plain(row[index]) for index in kept) for row in cursor.fetchall()]
            rows[table] = sorted(found, key=repr)
    return rows


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value

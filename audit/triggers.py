"""Append-only, enforced by the database: what `audit.models` refuses, refused also to whoever goes around it.

A later migration that rebuilds the table on SQLite (most changes of a column do) loses the triggers with the old table
and must call `install` at its end; the system check `audit.E001` notices.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "audit_event"

# The second of SQLite's conditions: INSERT OR REPLACE deletes the row in its way without firing a DELETE trigger.
_SQLITE = {
    "audit_event_no_update": "BEFORE UPDATE ON audit_event",
    "audit_event_no_delete": "BEFORE DELETE ON audit_event",
    "audit_event_no_replace": (
        "BEFORE INSERT ON audit_event WHEN EXISTS (SELECT 1 FROM audit_event WHERE id = NEW.id OR uid = NEW.uid)"
    ),
}
_POSTGRESQL = {
    "audit_event_no_change": "BEFORE UPDATE OR DELETE ON audit_event FOR EACH ROW",
    "audit_event_no_truncate": "BEFORE TRUNCATE ON audit_event FOR EACH STATEMENT",
}
_MESSAGE = "audit_event is append-only"

_REFUSE = (
    "CREATE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
)

INSTALL: dict[str, list[str]] = {
    "sqlite": [
        f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END" for name, when in _SQLITE.items()
    ],
    "postgresql": [
        _REFUSE,
        *(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION audit_event_refuse()" for name, when in _POSTGRESQL.items()),
        # ALWAYS: an ordinary trigger is skipped by SET session_replication_role = replica.
        *(f"ALTER TABLE audit_event ENABLE ALWAYS TRIGGER {name}" for name in _POSTGRESQL),
    ],
}
REMOVE: dict[str, list[str]] = {
    "sqlite": [f"DROP TRIGGER IF EXISTS {name}" for name in _SQLITE],
    "postgresql": ["DROP FUNCTION IF EXISTS audit_event_refuse() CASCADE"],
}
_PRESENT = {
    "sqlite": ("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", _SQLITE),
    "postgresql": (
        "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal AND tgenabled = 'A'",
        _POSTGRESQL,
    ),
}


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers, which must not exist."""
    _execute(connection, INSTALL[connection.vendor])


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers, if they exist: to migrate backwards, and to empty a test database."""
    _execute(connection, REMOVE[connection.vendor])


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of the triggers that are not there, or that replication could skip."""
    query, expected = _PRESENT[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(query, [TABLE])
        present: set[Any] = {row[0] for row in cursor.fetchall()}
    return sorted(expected.keys() - present)


def _execute(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)

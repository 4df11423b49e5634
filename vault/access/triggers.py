"""Lines of reviews and decisions about them are written once, enforced by the database, as events are.

A later migration that rebuilds one of the tables on SQLite (most changes of a column do) loses the triggers with the
old table and must call `install` at its end; the system check `access.E001` notices.
"""

from collections.abc import Iterator
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = {"access_reviewline": "uid", "access_reviewdecision": "line_id"}
"""By table, the column besides its key by which INSERT OR REPLACE could push a row out."""
_MESSAGE = "reviews are written once"
_FUNCTION = "access_review_refuse"


def _sqlite() -> Iterator[tuple[str, str, str]]:
    for table, unique in TABLES.items():
        yield table, f"{table}_no_update", f"BEFORE UPDATE ON {table}"
        yield table, f"{table}_no_delete", f"BEFORE DELETE ON {table}"
        # INSERT OR REPLACE deletes the row in its way without firing a DELETE trigger.
        there = f"SELECT 1 FROM {table} WHERE uid = NEW.uid OR {unique} = NEW.{unique}"  # noqa: S608 - names of ours
        yield table, f"{table}_no_replace", f"BEFORE INSERT ON {table} WHEN EXISTS ({there})"


def _postgresql() -> Iterator[tuple[str, str, str]]:
    for table in TABLES:
        yield table, f"{table}_no_change", f"BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
        yield table, f"{table}_no_truncate", f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT"


_TRIGGERS = {"sqlite": list(_sqlite()), "postgresql": list(_postgresql())}


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers, which must not exist."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"CREATE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
            )
        for table, name, when in _TRIGGERS[connection.vendor]:
            if connection.vendor == "sqlite":
                cursor.execute(f"CREATE TRIGGER {name} {when} BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END")
            else:
                cursor.execute(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {_FUNCTION}()")
                # ALWAYS: an ordinary trigger is skipped by SET session_replication_role = replica.
                cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers, if they exist: to migrate backwards, and to empty a test database."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DROP FUNCTION IF EXISTS {_FUNCTION}() CASCADE")
            return
        for _, name, _ in _TRIGGERS["sqlite"]:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of the triggers that are not there, or that replication could skip."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if connection.vendor == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        present: set[Any] = {row[0] for row in cursor.fetchall()}
    return sorted({name for _, name, _ in _TRIGGERS[connection.vendor]} - present)

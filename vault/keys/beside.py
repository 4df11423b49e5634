"""SQLite: the totals of reserved wraps in a file of their own beside the database, where no rollback undoes them.

``<database>-wraps``, itself a small SQLite database: for each key the largest total that was ever reserved, which only
grows. The database has one writer, so nothing can be committed to it while a transaction writes. A file that is lost or
left behind takes with it only what was rolled back and not reserved over since: the key's row has the rest.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from django.db import connection

_SUFFIX = "-wraps"
_PATIENCE_SECONDS = 20.0
"""How long to wait for others at the file, who have it for the moment of a commit."""

_TABLE = "CREATE TABLE IF NOT EXISTS reserved (key_id BLOB PRIMARY KEY, wraps INTEGER NOT NULL) WITHOUT ROWID"
_LASTING = "PRAGMA synchronous = EXTRA"
"""A commit survives a power cut, also the removal of the journal, which is what makes it one."""
_PASSING = "PRAGMA synchronous = OFF"
"""Where the database itself does not survive one."""


class CannotKeep(Exception):
    """The file cannot be read or written. Names it, and says what is wrong."""


class Total:
    """The total of one key. ``wraps``: what was reserved so far; what is assigned is kept when the block ends."""

    def __init__(self, wraps: int) -> None:
        self.wraps = wraps


@contextmanager
def total_of(key_id: bytes) -> Iterator[Total]:
    """The total of a key, nobody else's until the block ends. Nothing is kept if it raises. Raises CannotKeep."""
    file = _file()
    with _told(file), closing(sqlite3.connect(file, timeout=_PATIENCE_SECONDS, isolation_level=None)) as kept:
        kept.execute(_LASTING if _is_lasting() else _PASSING)
        kept.execute("BEGIN IMMEDIATE")
        kept.execute(_TABLE)
        row = kept.execute("SELECT wraps FROM reserved WHERE key_id = ?", [key_id]).fetchone()
        total = Total(row[0] if row else 0)
        before = total.wraps
        yield total
        if total.wraps > before:
            kept.execute("INSERT OR REPLACE INTO reserved VALUES (?, ?)", [key_id, total.wraps])
        kept.execute("COMMIT")


def totals() -> dict[bytes, int]:
    """The total of every key that has one. Raises CannotKeep."""
    file = _file()
    if not file.exists():
        return {}
    with _told(file), closing(sqlite3.connect(file, timeout=_PATIENCE_SECONDS, isolation_level=None)) as kept:
        kept.execute(_TABLE)
        return dict(kept.execute("SELECT key_id, wraps FROM reserved").fetchall())


def _file() -> Path:
    connection.ensure_connection()
    _, _, database = connection.connection.execute("PRAGMA database_list").fetchone()
    if not database:
        raise CannotKeep("A database in memory has no file, and no place beside it")
    return Path(database + _SUFFIX)


def _is_lasting() -> bool:
    """Whether a commit to the database itself survives a power cut."""
    (level,) = connection.connection.execute("PRAGMA synchronous").fetchone()
    return bool(level)


@contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as problem:
        raise CannotKeep(f"{file}: {problem}") from problem

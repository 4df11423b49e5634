"""The highest version of each row that this process has seen: what is older than that was brought back.

A row and its seal that are brought back together are as genuine as they were. This memory is what tells at once; after
a restart, and for rows that this process never met, the tallies tell (``tally``). What a transaction sees or writes
counts only once it is committed.
"""

from collections.abc import Iterable
from functools import partial
from threading import Lock

from django.db import transaction

KEPT = 50_000
"""Rows that are remembered, some ten megabytes; beyond that the ones first met are forgotten."""

_versions: dict[tuple[str, str], int] = {}
_lock = Lock()


def highest(kind: str, row: str) -> int:
    """The highest version of a row that this process has seen, 0 if it has not met it."""
    return _versions.get((kind, row), 0)


def note(rows: Iterable[tuple[str, str, int]]) -> None:
    """Remember versions (kind, row, version) once the transaction under way is committed; at once outside of one."""
    transaction.on_commit(partial(_note, list(rows)))


def forget() -> None:
    """Start anew. For tests, and for a process that outlives the restoration of a backup."""
    with _lock:
        _versions.clear()


def _note(rows: list[tuple[str, str, int]]) -> None:
    with _lock:
        for kind, row, version in rows:
            if version > _versions.get((kind, row), 0):
                _versions[kind, row] = version
        while len(_versions) > KEPT:
            del _versions[next(iter(_versions))]

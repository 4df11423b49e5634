"""The highest version of each row that this process has seen: what is older than that was brought back.

A row and its seal that are brought back together are as genuine as they were. This memory is what tells at once; after
a restart, and for rows that this process never met, the tallies tell (``tally``). What a transaction sees or writes
counts only once it is committed.
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from threading import Lock

from django.db import transaction

KEPT = 50_000
"""Rows of a kind that are remembered, some ten megabytes; beyond that the ones first met are forgotten. However many
secrets are opened, what is known of memberships stays known."""

_versions: defaultdict[str, dict[str, int]] = defaultdict(dict)
_lock = Lock()


def highest(kind: str, row: str) -> int:
    """The highest version of a row that this process has seen, 0 if it has not met it."""
    return _versions[kind].get(row, 0)


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
            known = _versions[kind]
            if version > known.get(row, 0):
                known[row] = version
                if len(known) > KEPT:
                    del known[next(iter(known))]

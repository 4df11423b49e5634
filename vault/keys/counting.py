"""How many data keys a tenant key has wrapped: never fewer than there were, across rollbacks, processes and crashes.

Random nonces bound the wraps under one key (NIST SP 800-38D, 8.3: 2**32). Processes reserve them in blocks, before they
use any; what a process did not use of its block is counted all the same. A reservation must stand whatever becomes of
the transaction that asked for it, because a nonce that was drawn stays drawn. So it is committed at once:

- on PostgreSQL in the key's row, on a second, short-lived connection, which holds no lock until the transaction ends;
- on SQLite, which has one writer, in a file beside the database (``beside``), and in the key's row with the
  transaction. The row counts all that is stored, the file what was rolled back as well. The larger of the two is the
  count (``reserved``); the next reservation brings the row up to it.

What cannot be reserved so is not wrapped (``NotCounted``). On PostgreSQL a key that the transaction itself made is not
there for a second connection: its wraps are reserved within the transaction, whose rollback undoes the key with them. A
rollback to a savepoint undoes the reservation alone: this process remembers that, and reserves it again with the next.
"""

import os
from collections import defaultdict
from collections.abc import Mapping
from threading import Lock

from django.db import OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from vault.keys import beside

BLOCK = 1024
"""Wraps reserved at once."""

WRAP_LIMIT = 2**32 - 2**20
"""Beyond this a key wraps nothing more. The rest to 2**32 is a margin; keys are rotated at half of it."""

_LOCK_TIMEOUT = "5s"
"""How long to wait for whoever has the key's row; it may be somebody who waits for this transaction."""

_pool: dict[bytes, int] = defaultdict(int)
"""By key id, the wraps that are reserved, committed, and not used yet by this process."""

_lost: set["_Block"] = set()
"""Blocks in the row of a key that its own transaction made, until they are committed: they never will, if they were
rolled back to a savepoint."""

_lock = Lock()
"""For the two above; never held while the database is asked."""


class WrapsExhausted(Exception):
    """The key has wrapped as much as it may."""


class NotCounted(OperationalError):
    """The count cannot be read, or not be made to stand. Says why, in words for the log: they may name a file."""


class _Block:
    """Wraps reserved within a transaction, kept among what happens when it commits. A rollback drops it from there."""

    def __init__(self, key_id: bytes, size: int, settles: list["_Block"]) -> None:
        """``settles``: blocks lost in rollbacks whose uses this reservation counts again."""
        self.key_id = key_id
        self.left = size
        self.used = 0
        self.settles = settles

    def __call__(self) -> None:
        """The reservation is committed: what is left is for everybody."""
        with _lock:
            _pool[self.key_id] += self.left
            _lost.difference_update(self.settles, (self,))


def take(key_id: bytes, wraps: int) -> bool:
    """Use wraps that are reserved already, by this process or this transaction. False if there are not enough."""
    with _lock:
        if _pool[key_id] >= wraps:
            _pool[key_id] -= wraps
            return True
    for block in _own_blocks(key_id):
        if block.left >= wraps:
            block.left -= wraps
            block.used += wraps
            return True
    return False


def has(key_id: bytes, wraps: int) -> bool:
    """Whether this process has wraps reserved; another thread may still use them first."""
    return _pool.get(key_id, 0) >= wraps


def reserved() -> Mapping[bytes, int]:
    """By key id, counts that may be larger than those in the keys' rows. Raises NotCounted."""
    if connection.vendor == "postgresql":
        return {}
    try:
        return beside.totals()
    except beside.CannotKeep as problem:
        raise NotCounted(str(problem)) from problem


def reserve_apart(key_id: bytes, wraps: int) -> bool:
    """Reserve a block on a connection of its own, and use wraps of it. PostgreSQL.

    False if the key is not there for others: this transaction made it. Raises NotCounted if there is no connection to
    spare, or somebody keeps the row locked; WrapsExhausted.
    """
    size = max(BLOCK, wraps)
    other = connection.copy()
    try:
        other.set_autocommit(False)  # a setting of the session would stay behind in one that a pooler keeps
        with other.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_LOCK_TIMEOUT])
        if _reserve(other, key_id, size) is None:
            return False
        other.commit()
    except OperationalError as problem:
        raise NotCounted(f"a second connection: {problem}") from problem
    finally:
        other.close()
    with _lock:
        _pool[key_id] += size - wraps
    return True


def reserve_beside(key_id: bytes, wraps: int) -> str | None:
    """Reserve a block beside the database, and in the row with this transaction. Gives the key's state. SQLite.

    None if there is no such key. Raises NotCounted, WrapsExhausted.
    """
    size = max(BLOCK, wraps)
    try:
        with beside.total_of(key_id) as total, connection.cursor() as cursor:
            cursor.execute(
                "UPDATE keys_wrappedkey SET wraps = max(wraps, %s) + %s WHERE key_id = %s AND max(wraps, %s) + %s <= %s"
                " RETURNING wraps, state",
                [total.wraps, size, key_id, total.wraps, size, WRAP_LIMIT],
            )
            row = cursor.fetchone()
            if row is None:
                _see_why_not(cursor, key_id)
                return None
            total.wraps, state = row
    except beside.CannotKeep as problem:
        raise NotCounted(str(problem)) from problem
    # Nobody else uses the block before this transaction commits: what is stored is counted by the row alone.
    transaction.on_commit(_Block(key_id, size, []))
    return str(state)


def reserve_here(key_id: bytes, wraps: int) -> str | None:
    """Reserve a block within this transaction, which made the key. Gives its state. PostgreSQL.

    None if there is no such key. Raises WrapsExhausted.
    """
    own = _own_blocks(key_id)
    with _lock:
        lost = [block for block in _lost if block.key_id == key_id and block not in own]
    size = max(BLOCK, wraps)
    state = _reserve(connection, key_id, size + sum(block.used for block in lost))
    if state is not None:
        block = _Block(key_id, size, lost)
        with _lock:
            _lost.add(block)
        transaction.on_commit(block)
    return state


def _own_blocks(key_id: bytes) -> list[_Block]:
    """The blocks that this transaction has reserved."""
    marks = (entry[1] for entry in connection.run_on_commit)
    return [mark for mark in marks if isinstance(mark, _Block) and mark.key_id == key_id]


def _reserve(database: BaseDatabaseWrapper, key_id: bytes, wraps: int) -> str | None:
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE keys_wrappedkey SET wraps = wraps + %s WHERE key_id = %s AND wraps + %s <= %s RETURNING state",
            [wraps, key_id, wraps, WRAP_LIMIT],
        )
        row = cursor.fetchone()
        if row is None:
            _see_why_not(cursor, key_id)
            return None
    return str(row[0])


def _see_why_not(cursor: CursorWrapper, key_id: bytes) -> None:
    """No row was changed: there is none, or it would have been too much. Raises WrapsExhausted."""
    cursor.execute("SELECT 1 FROM keys_wrappedkey WHERE key_id = %s", [key_id])
    if cursor.fetchone() is not None:
        raise WrapsExhausted


def _after_fork() -> None:
    # Parent and child must not both use what one of them reserved.
    global _lock  # noqa: PLW0603 - a fork while another thread held the lock would leave it held for ever
    _lock = Lock()
    _pool.clear()
    _lost.clear()


os.register_at_fork(after_in_child=_after_fork)

"""How many data keys a tenant key has wrapped: never fewer than were stored, across processes and crashes.

Random nonces bound the wraps under one key (NIST SP 800-38D, 8.3: 2**32). Processes reserve them in the database in
blocks, before they use any; what a process did not use of its block is counted all the same.

PostgreSQL: a block is reserved on a second, short-lived connection, whose commit stands whatever becomes of the
transaction that asked, and which holds no lock until that ends. Within the transaction a block is reserved where that
cannot be: on SQLite, which has one writer, and for a key that the transaction itself made or changed. What was used of
such a block goes to waste with a rollback, and is reserved again later.
"""

import os
from collections import defaultdict
from threading import Lock

from django.db import OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

BLOCK = 1024
"""Wraps reserved at once."""

WRAP_LIMIT = 2**32 - 2**20
"""Beyond this a key wraps nothing more. The rest to 2**32 is a margin; keys are rotated at half of it."""

_LOCK_TIMEOUT = "500ms"

_pool: dict[bytes, int] = defaultdict(int)
"""By key id, the wraps that are reserved, committed, and not used yet by this process."""

_unsettled: set["_Block"] = set()
"""Blocks of transactions that have not committed: they never will, if they were rolled back."""

_lock = Lock()
"""For the two above; never held while the database is asked."""


class WrapsExhausted(Exception):
    """The key has wrapped as much as it may."""


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
            _unsettled.difference_update(self.settles, (self,))


def take(key_id: bytes, wraps: int) -> bool:
    """Use wraps that are reserved already, by this process or this transaction. False if there are not enough."""
    for block in _own_blocks(key_id) if _unsettled else ():
        if block.left >= wraps:
            block.left -= wraps
            block.used += wraps
            return True
    with _lock:
        if _pool[key_id] < wraps:
            return False
        _pool[key_id] -= wraps
        return True


def has(key_id: bytes, wraps: int) -> bool:
    """Whether this process has wraps reserved; another thread may still use them first."""
    return _pool.get(key_id, 0) >= wraps


def reserve_apart(key_id: bytes, wraps: int) -> bool:
    """Reserve a block that stays reserved whatever becomes of this transaction, and use wraps of it. PostgreSQL.

    False if that cannot be done: there is no connection to spare, or others see the row locked or not at all. Raises
    WrapsExhausted.
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
    except OperationalError:
        return False
    finally:
        other.close()
    with _lock:
        _pool[key_id] += size - wraps
    return True


def reserve_here(key_id: bytes, wraps: int) -> str | None:
    """Reserve a block within this transaction. Gives the state of the key, which nobody can give up before it ends.

    None if there is no such key. Raises WrapsExhausted.
    """
    own = _own_blocks(key_id)
    with _lock:
        lost = [block for block in _unsettled if block.key_id == key_id and block not in own]
    size = max(BLOCK, wraps)
    state = _reserve(connection, key_id, size + sum(block.used for block in lost))
    if state is not None:
        block = _Block(key_id, size, lost)
        with _lock:
            _unsettled.add(block)
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
            cursor.execute("SELECT 1 FROM keys_wrappedkey WHERE key_id = %s", [key_id])
            if cursor.fetchone() is not None:
                raise WrapsExhausted
            return None
    return str(row[0])


def _after_fork() -> None:
    # Parent and child must not both use what one of them reserved.
    global _lock  # noqa: PLW0603 - a fork while another thread held the lock would leave it held for ever
    _lock = Lock()
    _pool.clear()
    _unsettled.clear()


os.register_at_fork(after_in_child=_after_fork)

"""Keys to write with, behind a fence: while a transaction writes under a key, nobody can give that key up.

The fence is a lock of the key's row, for as long as the transaction lasts: shared among writers and with ``activate``,
so that neither waits for the other; ``retire`` and ``destroy`` (``lifecycle``) want the row for themselves, wait for
the writers that are there, and count the rows under the key after that.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from vault.crypto.errors import CryptoError, KeyUnavailable
from vault.crypto.fingerprint import fingerprint
from vault.crypto.keyring import Keyring, NoActiveKey, TenantKey
from vault.keys import counting, keyrings
from vault.keys.purposes import SYSTEM_SCOPE, KeyState, Purpose

logger = logging.getLogger(__name__)

_READ_THE_ROW = "SELECT state FROM keys_wrappedkey WHERE key_id = %s"
"""On SQLite the transaction itself is the lock (settings: ``IMMEDIATE``)."""
_LOCK_THE_ROW = "SELECT state FROM keys_wrappedkey WHERE key_id = %s FOR KEY SHARE"
"""Which the ORM has not. FOR UPDATE waits for it; an UPDATE of the state, as in ``activate``, does not."""

_ATTEMPTS = 5
"""How often another process may change the active key under our feet before we give up."""


class KeyExhausted(CryptoError):
    """A key has wrapped as many data keys as random nonces allow. Says how to go on."""

    def __init__(self, key: TenantKey) -> None:
        self.key_id = key.key_id
        which = f"--purpose {key.purpose}" if key.scope == SYSTEM_SCOPE else f"--org {key.scope}"
        super().__init__(
            f"The {key.purpose} key {fingerprint(key.key_id)} of {key.scope} has wrapped as many values as it may "
            "(NIST SP 800-38D, 8.3). Nothing more is stored under it, and everything still opens. Rotate it: "
            f"`manage.py keys rotate {which}`."
        )


class WrapsNotCounted(KeyUnavailable):
    """What was to be wrapped under a key could not be counted first, and was not wrapped. Trying again may help."""

    def __init__(self, key: TenantKey) -> None:
        self.key_id = key.key_id
        Exception.__init__(
            self,
            f"What the {key.purpose} key {fingerprint(key.key_id)} of {key.scope} wraps cannot be counted at this "
            "moment, so nothing was stored under it. Try again in a minute. If it stays so, the server's log says why.",
        )


class WriteOutsideTransaction(RuntimeError):
    """Something was to be encrypted or hashed outside of a transaction, where no lock could keep its key."""

    def __init__(self) -> None:
        super().__init__(
            "What is written under a key needs the transaction of its row (transaction.atomic): the key could be given "
            "up before the row is there."
        )


class _Fence:
    """A mark in a transaction: the row of this key is locked. Dropped with the lock, also by a savepoint's rollback."""

    def __init__(self, key_id: bytes) -> None:
        self.key_id = key_id

    def __call__(self) -> None:
        """The transaction is committed, and the lock is gone."""


def keyring_to_write(scope: str, purpose: Purpose, *, wraps: int) -> Keyring:
    """The keys of one scope and purpose, of which the active one can be written with until this transaction ends.

    ``wraps``: how many data keys the caller is about to wrap with it, which are counted; 0 for keys that authenticate
    or sign. One query for each transaction and key, and another when wraps must be reserved (``counting``).

    Raises WriteOutsideTransaction, NoActiveKey, KeyExhausted, WrapsNotCounted, and what ``keyring_for`` raises.
    """
    database = transaction.get_connection()
    if not database.in_atomic_block:
        raise WriteOutsideTransaction
    ring = keyrings.keyring_for(scope, purpose)
    for _ in range(_ATTEMPTS):
        try:
            key = ring.active
        except NoActiveKey:
            ring = keyrings.reload(scope, purpose)
            key = ring.active
        if _is_fenced(key.key_id, database.run_on_commit):
            if wraps and not counting.take(key.key_id, wraps):
                _reserve(key, wraps)
            return ring
        if _fence(key, wraps) == KeyState.ACTIVE.value:
            transaction.on_commit(_Fence(key.key_id))
        else:
            ring = keyrings.reload(scope, purpose)
    raise NoActiveKey(scope, purpose)


def _is_fenced(key_id: bytes, on_commit: list[Any]) -> bool:
    for entry in on_commit:
        mark = entry[1]
        if mark.__class__ is _Fence and mark.key_id == key_id:
            return True
    return False


def _fence(key: TenantKey, wraps: int) -> str | None:
    """Lock the row of a key against whoever would give it up. Gives its state; None if there is no such row."""
    if wraps and _counts_with_the_row(key) and not counting.has(key.key_id, wraps):
        return _reserve_with_the_row(key, wraps)  # the UPDATE locks the row as well
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_THE_ROW if connection.vendor == "postgresql" else _READ_THE_ROW, [key.key_id])
        row = cursor.fetchone()
    return None if row is None else str(row[0])


def _reserve(key: TenantKey, wraps: int) -> None:
    """Reserve wraps of a key that is fenced, and use them."""
    if not _counts_with_the_row(key):
        with _told(key):
            if counting.reserve_apart(key.key_id, wraps):
                return
    _reserve_with_the_row(key, wraps)
    if not counting.take(key.key_id, wraps):
        raise NoActiveKey(key.scope, key.purpose)  # the row went away below the fence


def _counts_with_the_row(key: TenantKey) -> bool:
    """Whether this transaction changes the row to reserve: on SQLite, and for a key that only this transaction has."""
    return connection.vendor != "postgresql" or keyrings.is_made_here(key.key_id)


def _reserve_with_the_row(key: TenantKey, wraps: int) -> str | None:
    reserve = counting.reserve_here if connection.vendor == "postgresql" else counting.reserve_beside
    with _told(key):
        return reserve(key.key_id, wraps)


@contextmanager
def _told(key: TenantKey) -> Iterator[None]:
    try:
        yield
    except counting.WrapsExhausted:
        raise KeyExhausted(key) from None
    except counting.NotCounted as problem:
        logger.error("The wraps of a key cannot be counted: %s", problem)  # noqa: TRY400 - the message says all
        raise WrapsNotCounted(key) from None

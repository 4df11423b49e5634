"""Taking stored values from older tenant keys to the active one, a batch at a time, while everybody goes on working.

``REWRAP`` gives a value's data key a new wrapping and leaves its body as it is; ``REENCRYPT`` encrypts it anew. Both
replace a value only if it still has the front that was read, and find values by the keys that they name: what is left
to do is what the rows say, so the next call goes on where a killed one was.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db import connection, transaction

from vault.crypto import envelope as envelopes
from vault.crypto.aead import NotAuthentic
from vault.crypto.errors import CryptoError
from vault.crypto.keyring import Keyring, TenantKey
from vault.fields.census import count_under
from vault.fields.failures import Failures, RowFailure
from vault.fields.opening import DAMAGED, Places
from vault.fields.registry import EncryptedColumn, encrypted_columns
from vault.fields.statements import Key, Row, Statements, Swap, statements_for
from vault.keys.keyrings import keyring_for
from vault.keys.purposes import KeyState, Purpose
from vault.keys.writing import keyring_to_write

BATCH = 500
"""Rows in one transaction."""
_SQLITE_BATCH = 100  # there every other writer waits for the end of the transaction

_BYTES = 8 * 1024 * 1024
_SQLITE_BYTES = 4 * 1024 * 1024
"""Bytes of values in one transaction, at which it takes no further row: of long values a few are work enough."""

_TOLD = 100  # failures of one batch that are told one by one


_OLDER_KEYS = (
    "SELECT key_id FROM keys_wrappedkey WHERE scope = %s AND purpose = %s AND state NOT IN (%s, %s) ORDER BY version"
)


class Mode(StrEnum):
    """What becomes of a value."""

    REWRAP = "rewrap"
    """The same data key and body, under the active tenant key."""
    REENCRYPT = "reencrypt"
    """A new data key and body, under the active tenant key."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one call did.

    ``done``: values now under the active key. ``skipped``: values that somebody else replaced or removed meanwhile.
    ``unreadable``: values that do not open and were left as they are; at most 100 of the ``failed``, which counts all.
    ``after``: for the next call, which then does not look at the same unreadable ones again; None at the end of the
    pass, where only what was locked or came in meanwhile can be left (``outstanding``).
    """

    done: int
    skipped: int
    unreadable: list[RowFailure]
    failed: int
    after: str | None


def outstanding(scope: str, purpose: Purpose) -> int:
    """How many values of a scope and purpose are under keys that are not the active one and were not destroyed."""
    purpose = Purpose(purpose)
    return sum(count_under(purpose, _older_keys(scope, purpose)).values())


def advance(scope: str, purpose: Purpose, *, mode: Mode, limit: int = BATCH, after: str | None = None) -> Batch:
    """Take the next values, ``limit`` at most and fewer if they are long, to the active key: one transaction.

    Goes on through values that do not open until it has done one, so that calls in a row come to an end also without
    ``after``. Rows that another transaction has locked are left to a later call. Raises NoActiveKey, KeyExhausted, and
    what ``keyring_for`` raises.
    """
    purpose = Purpose(purpose)
    if connection.vendor == "sqlite":
        limit = min(limit, _SQLITE_BATCH)
    with transaction.atomic():
        return _Step(scope, purpose, Mode(mode)).run(limit, _Position.read(after))


def _older_keys(scope: str, purpose: Purpose) -> list[bytes]:
    with connection.cursor() as cursor:  # asked for each batch, and the ORM would take longer than the database
        cursor.execute(_OLDER_KEYS, [scope, purpose.value, KeyState.ACTIVE.value, KeyState.DESTROYED.value])
        return [bytes(key_id) for (key_id,) in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class _Position:
    """How far a pass has come: the last row that was looked at."""

    column: str
    key_id: bytes
    key: Key

    @classmethod
    def read(cls, text: str | None) -> "_Position | None":
        if text is None:
            return None
        column, key_id, *key = json.loads(text)
        return cls(column, bytes.fromhex(key_id), tuple(key))

    def __str__(self) -> str:
        key = [str(part) if isinstance(part, UUID) else part for part in self.key]
        return json.dumps([self.column, self.key_id.hex(), *key])


class _Step:
    """One transaction's work."""

    def __init__(self, scope: str, purpose: Purpose, mode: Mode) -> None:
        self._scope, self._purpose, self._mode = scope, purpose, mode
        self._bytes = _SQLITE_BYTES if connection.vendor == "sqlite" else _BYTES
        self._failures = Failures(_TOLD)
        self._seen = self._done = self._skipped = 0

    def run(self, limit: int, position: _Position | None) -> Batch:
        """Go through the columns, and in each through the older keys, until there was enough to do."""
        for column, key_id, after in self._strands(position):
            statements, places = statements_for(column), Places(column)
            width, last = len(column.keys), after
            while True:
                wanted = max(limit - self._seen, 1) if self._done else limit
                found = statements.fronts(key_id, last, wanted)
                rows = self._cut(found, width)
                if rows:
                    last = rows[-1][:width]
                    self._seen += len(rows)
                    self._take(statements, places, key_id, rows)
                if len(found) < wanted and len(rows) == len(found):
                    break  # no more under this key
                if self._done:
                    return self._result(_Position(str(column), key_id, last or ()))
            if self._done and self._seen >= limit:
                return self._result(_Position(str(column), key_id, last or ()))
        return self._result(None)

    def _strands(self, position: _Position | None) -> Iterator[tuple[EncryptedColumn, bytes, Key | None]]:
        """What is left of a pass: each column with each older key, and the row after which to begin."""
        columns = [column for column in encrypted_columns(self._purpose) if column.holds(self._scope)]
        older = _older_keys(self._scope, self._purpose)
        strands = [(column, key_id) for column in columns for key_id in older]
        where = None if position is None else (position.column, position.key_id)
        names = [(str(column), key_id) for column, key_id in strands]
        begin = names.index(where) if where in names else 0
        for number, (column, key_id) in enumerate(strands[begin:]):
            resumed = position is not None and number == 0 and names[begin] == where
            yield column, key_id, (position.key or None) if resumed and position is not None else None

    def _cut(self, rows: Sequence[Row], width: int) -> Sequence[Row]:
        """As many of the rows as have not too many bytes; one at least."""
        total = 0
        for number, row in enumerate(rows):
            total += row[width + 3] or 0
            if total > self._bytes and number:
                return rows[:number]
        return rows

    def _take(self, statements: Statements, places: Places, key_id: bytes, rows: Sequence[Row]) -> None:
        target = keyring_to_write(self._scope, self._purpose, wraps=len(rows))
        if target.active.key_id == key_id:
            return  # it was activated since the keys were listed
        try:
            source = keyring_for(self._scope, self._purpose, needing=key_id)
        except CryptoError as error:  # this one key does not open: what is under the others goes on
            for row in rows:
                self._failures.add(places.failure(row, row[-1], error))
            return
        if self._mode is Mode.REWRAP:
            swaps = self._rewrapped(places, rows, key_id, source, target.active)
            swapped = statements.swap_fronts(swaps) if swaps else 0
        else:
            whole = statements.whole([row[: len(places.column.keys)] for row in rows], envelopes.MAX_SIZE)
            swaps = self._reencrypted(places, whole, source, target)
            swapped = statements.swap_whole(swaps) if swaps else 0
        self._done += swapped
        self._skipped += len(swaps) - swapped

    def _rewrapped(
        self, places: Places, rows: Sequence[Row], key_id: bytes, ring: Keyring, target: TenantKey
    ) -> list[Swap]:
        width, swaps, place = len(places.column.keys), [], places.of
        rewrap, smallest, largest = envelopes.rewrap, envelopes.MIN_SIZE, envelopes.MAX_SIZE
        for row in rows:
            front = row[-1]
            if not smallest <= row[width + 3] <= largest:
                self._failures.add(places.failure(row, front, DAMAGED))
                continue
            try:
                _, context = place(row)
                new = rewrap(front, source=ring.get(key_id), target=target, row_context=context)
            except (NotAuthentic, CryptoError, ValueError, TypeError) as error:
                self._failures.add(places.failure(row, front, error))
            else:
                swaps.append((row[:width], front, new))
        return swaps

    def _reencrypted(self, places: Places, rows: Sequence[Row], ring: Keyring, target: Keyring) -> list[Swap]:
        width, swaps = len(places.column.keys), []
        for row in rows:
            stored = row[-1]
            if stored is None:
                self._failures.add(places.failure(row, stored, DAMAGED))
                continue
            try:
                _, context = places.of(row)
                plaintext = envelopes.decrypt_in_context(ring, stored, context)
                new = envelopes.encrypt(target, plaintext, places.binding(row))
            except (NotAuthentic, CryptoError, ValueError, TypeError) as error:
                self._failures.add(places.failure(row, stored, error))
            else:
                swaps.append((row[:width], stored[: envelopes.FRONT_SIZE], new))
        return swaps

    def _result(self, position: _Position | None) -> Batch:
        return Batch(
            done=self._done,
            skipped=self._skipped,
            unreadable=self._failures.kept,
            failed=self._failures.count,
            after=None if position is None else str(position),
        )

"""Where a stored row's value belongs, and what to say of one that does not open."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from uuid import UUID

from vault.crypto import aad
from vault.crypto.aead import NotAuthentic
from vault.crypto.envelope import MAX_SIZE, decrypt_in_context, decrypter, key_id_of
from vault.crypto.errors import CryptoError, KeyUnavailable, UnsupportedFormat
from vault.crypto.fingerprint import fingerprint
from vault.fields.failures import RowFailure
from vault.fields.registry import EncryptedColumn
from vault.fields.statements import Key, Row, Statements
from vault.keys.keyrings import keyring_for
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, KeyState

_REMEMBERED_SCOPES = 4096
_SHORT = 16 * 1024
"""Bytes of an envelope up to which many are in memory at once; a longer one is fetched by itself."""
AT_ONCE = 500
"""Values in memory at once."""

DAMAGED = "It was altered, cut short or moved. Restore this row from a backup."
MISPLACED = "Its row does not say where it belongs: uid, version or organization is not one. Restore it from a backup."
UNREADABLE = "It opens, and what is in it is not what this column holds. Restore this row from a backup."


class Places:
    """The places of the rows of one column, worked out from the columns that bind their values."""

    def __init__(self, column: EncryptedColumn) -> None:
        self.column = column
        self._width = len(column.keys)
        self._shared: dict[object, tuple[str, bytes]] = {}

    def of(self, row: Row) -> tuple[str, bytes]:
        """The scope of a row's value, and the context that binds it. Raises ValueError or TypeError if it has none."""
        uid, version, scope = row[self._width : self._width + 3]
        shared = self._shared.get(scope)
        if shared is None:
            shared = self._share(scope)
        if uid.__class__ is str:  # SQLite
            uid = bytes.fromhex(uid)
        return shared[0], aad.row_context_of(shared[1], uid, version)

    def binding(self, row: Row) -> aad.RowBinding:
        """The place as ``vault.crypto.envelope.encrypt`` takes it. Raises as ``of``."""
        uid, version, _ = row[self._width : self._width + 3]
        scope, _ = self.of(row)
        return aad.RowBinding(scope, self.column.table, self.column.name, _uid(uid), version)

    def failure(self, row: Row, stored: object, error: Exception | str) -> RowFailure:
        """What to say of a row whose value, or the beginning of it, is ``stored``."""
        uid, version, scope = row[self._width : self._width + 3]
        try:
            key_id = key_id_of(stored) if isinstance(stored, bytes) else None
        except UnsupportedFormat:
            key_id = None
        named = SYSTEM_SCOPE if self.column.scope is None else _uid_text(scope)
        return RowFailure(
            table=self.column.table,
            column=self.column.name,
            row=_uid_text(uid),
            version=version if isinstance(version, int) else None,
            scope=named,
            key_fingerprint=None if key_id is None else fingerprint(key_id),
            problem=error if isinstance(error, str) else _problem(error, named, self.column),
        )

    def _share(self, scope: object) -> tuple[str, bytes]:
        if self.column.scope is None:
            text = SYSTEM_SCOPE
        elif scope is None:
            raise TypeError("The row has no organization.")
        else:
            text = str(_uid(scope))
        if len(self._shared) >= _REMEMBERED_SCOPES:
            self._shared.clear()
        shared = self._shared[scope] = text, aad.place(text, self.column.table, self.column.name)
        return shared


class Opener:
    """Opens values of one column, and says which do not open. What they hold is dropped."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._places = Places(statements.column)
        self._purpose = statements.column.field.purpose
        self._width = len(statements.column.keys)
        self._broken: dict[tuple[str, bytes], CryptoError] = {}

    def open(self, keys: Sequence[Key]) -> tuple[int, list[RowFailure]]:
        """The number of the rows with these keys that are there, and what is wrong with which of them."""
        return self._open(self._statements.whole(keys, _SHORT))

    def open_all(self, scope: UUID | None) -> Generator[tuple[int, list[RowFailure]]]:
        """The same of all rows, or of those of one scope, a few hundred after the other."""
        with closing(self._statements.stream(scope, _SHORT, AT_ONCE)) as several:
            for rows in several:
                yield self._open(rows)

    def _open(self, rows: Sequence[Row]) -> tuple[int, list[RowFailure]]:
        number = len(rows)
        failures = []
        for key in self._doubtful(rows):
            there, failure = self._look_again(key)
            number -= not there
            if failure is not None:
                failures.append(failure)
        return number, failures

    def _doubtful(self, rows: Sequence[Row]) -> list[Key]:
        """The keys of the rows that did not open at once: long values, new keys, and what is damaged."""
        place, read, width, purpose = (
            self._places.of,
            self._statements.column.field.from_plaintext,
            self._width,
            self._purpose,
        )
        decrypters: dict[str, Callable[[bytes, bytes], bytes]] = {}  # not kept: the next rows see a rotation
        doubtful = []
        for row in rows:
            try:
                scope, context = place(row)
                decrypt = decrypters.get(scope)
                if decrypt is None:
                    decrypt = decrypters[scope] = decrypter(keyring_for(scope, purpose))
                read(decrypt(row[-1], context))
            except Exception:  # noqa: BLE001 - whatever it was, it is told from the row by itself
                doubtful.append(row[:width])
        return doubtful

    def _look_again(self, key: Key) -> tuple[bool, RowFailure | None]:
        """Whether a row is still there, and what is wrong with its value as it is now."""
        rows = self._statements.whole([key], MAX_SIZE)
        if not rows:
            return False, None
        [row] = rows
        stored = row[-1]
        try:
            plaintext = self._opened(row, stored)
        except (CryptoError, NotAuthentic, ValueError, TypeError) as error:
            return True, self._places.failure(row, stored, error)
        try:
            self._statements.column.field.from_plaintext(plaintext)
        except Exception:  # noqa: BLE001 - the message of whatever it is would have parts of the value
            return True, self._places.failure(row, stored, UNREADABLE)
        return True, None

    def _opened(self, row: Row, stored: object) -> bytes:
        scope, context = self._places.of(row)
        if not isinstance(stored, bytes):
            raise NotAuthentic
        key_id = key_id_of(stored)
        broken = self._broken.get((scope, key_id))
        if broken is not None:
            raise broken.with_traceback(None)
        try:
            ring = keyring_for(scope, self._purpose, needing=key_id)
        except CryptoError as error:
            if len(self._broken) < _REMEMBERED_SCOPES:
                self._broken[scope, key_id] = error
            raise
        return decrypt_in_context(ring, stored, context)


def _problem(error: Exception, scope: str, column: EncryptedColumn) -> str:
    if isinstance(error, KeyUnavailable):
        return _missing_key(error, scope, column)
    if isinstance(error, NotAuthentic):
        return DAMAGED
    if isinstance(error, ValueError | TypeError):
        return MISPLACED
    return str(error)


def _missing_key(error: KeyUnavailable, scope: str, column: EncryptedColumn) -> str:
    """Why a ring lacks a key: it was destroyed, it is another's, or nobody has it."""
    key = WrappedKey.objects.filter(key_id=error.key_id).first()
    if key is None:
        return str(error)
    if (key.scope, key.purpose) != (scope, column.field.purpose.value):
        return f"It names the {key.purpose} key of {key.scope}, which is not for this row. {DAMAGED}"
    if key.state == KeyState.DESTROYED.value:
        return f"Its key, version {key.version}, was destroyed. Nothing opens it again."
    return str(error)


def _uid(stored: object) -> UUID:
    """A uid as ``statements`` gives it: 16 bytes, or hex digits. Raises ValueError for what is none."""
    return UUID(bytes=stored) if isinstance(stored, bytes) else UUID(str(stored))


def _uid_text(stored: object) -> str:
    try:
        return str(_uid(stored))
    except ValueError:
        return str(stored)

"""What can go wrong with keys and ciphertext. No message carries a value or a key, only fingerprints and places."""

from uuid import UUID

from vault.crypto.fingerprint import fingerprint


class CryptoError(Exception):
    """Base of everything that this package raises about keys and ciphertext."""


class KeyUnavailable(CryptoError):
    """The key that is needed is not among those available.

    ``key_id``: the 16-byte id of the key that is needed.
    ``remedy``: what the operator should do next, in one sentence.
    """

    def __init__(self, key_id: bytes, *, kind: str = "tenant key", remedy: str | None = None) -> None:
        self.key_id = key_id
        message = f"The {kind} with the fingerprint {fingerprint(key_id)} is needed, and is not available."
        super().__init__(f"{message} {remedy or 'Restore it from a backup of the key table.'}")


class WrongKey(CryptoError):
    """Another key was found than the one that is needed.

    ``needed``: 16-byte key id. ``found``: the id of the key that was there, if it was one.
    """

    def __init__(
        self, needed: bytes, found: bytes | None = None, *, what: str = "tenant key", remedy: str | None = None
    ) -> None:
        self.needed = needed
        self.found = found
        got = f", and the one found has {fingerprint(found)}" if found is not None else ""
        super().__init__(
            f"Wrong {what}: the one with the fingerprint {fingerprint(needed)} is needed{got}. "
            f"{remedy or 'Restore the key table from a backup.'}"
        )


class KeyMisuse(CryptoError):
    """A key was asked to do a job that is not its own."""


class DamagedValue(CryptoError):
    """A stored value does not open under the key it names: altered, truncated, or moved from another place.

    ``table``, ``column``, ``row``: where the value was read. ``key_id``: the key it names, None if it is too short.
    """

    def __init__(self, *, table: str, column: str, row: UUID, key_id: bytes | None) -> None:
        self.table = table
        self.column = column
        self.row = row
        self.key_id = key_id
        under = f" under the tenant key {fingerprint(key_id)}" if key_id is not None else ""
        super().__init__(
            f"The value in {table}.{column} of row {row} does not open{under}: "
            "it was altered, cut short or moved. Restore this row from a backup."
        )


class DamagedKey(CryptoError):
    """A wrapped tenant key does not open under the root key it names: altered, or moved from another row.

    ``root_key_id``: the root key it names, None if it is too short to name one.
    """

    def __init__(self, *, scope: str, purpose: str, version: int, root_key_id: bytes | None) -> None:
        self.root_key_id = root_key_id
        under = f" under the root key {fingerprint(root_key_id)}" if root_key_id is not None else ""
        super().__init__(
            f"The wrapped {purpose} key of {scope}, version {version}, does not open{under}: "
            "it was altered, cut short or moved. Restore the key table from a backup."
        )


class UnsupportedFormat(CryptoError):
    """The bytes begin with a format version that this release does not know. ``version``: 0 to 255, None if empty."""

    def __init__(self, version: int | None, *, what: str = "envelope") -> None:
        self.version = version
        told = "is empty" if version is None else f"has the format version {version}"
        super().__init__(
            f"This {what} {told}, which this release does not know. Run the release that wrote it, or newer."
        )


class ValueTooLarge(CryptoError, ValueError):
    """The plaintext is longer than an envelope may hold. ``limit``: bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"A value may have at most {limit:,} bytes.")

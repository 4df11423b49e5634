"""What a ciphertext is bound to. The only place that builds additional authenticated data (AAD).

Every text is length-prefixed, so no two different contexts give the same bytes (FORMAT.md, Context).
"""

from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from vault.crypto.signing import length_prefixed

_UID_SIZE = 16
_VALUE_V1 = length_prefixed(b"holdfast/v1/value") + b"\x01"
_WRAP_DEK = length_prefixed(b"holdfast/v1/wrap-dek")
_WRAP_TENANT_KEY = length_prefixed(b"holdfast/v1/wrap-tenant-key")


class RowBinding(NamedTuple):
    """The place of one value: a ciphertext made for one place does not open in another.

    ``scope``: an organization's uid as text, or ``system``. ``table``, ``column``: database names.
    ``row``: the row's public uid, which must exist before the INSERT. ``version``: the row's version, 0 to 2⁶⁴-1.

    A named tuple because one is made for each value that is opened, and a frozen dataclass takes three times as long.
    """

    scope: str
    table: str
    column: str
    row: UUID
    version: int


@lru_cache(maxsize=4096)
def place(scope: str, table: str, column: str) -> bytes:
    """The part of the context that the values of one column and tenant share.

    A label with the envelope's format version, and length-prefixed scope, table, column. Kept, because it is most of
    the cost. Raises ValueError for an empty text.
    """
    for name, text in (("scope", scope), ("table", table), ("column", column)):
        if not text:
            raise ValueError(f"A row binding needs a {name}.")
    return _VALUE_V1 + length_prefixed(scope.encode(), table.encode(), column.encode())


def row_context(shared: bytes, row: UUID, version: int) -> bytes:
    """The context of one value: its ``place``, 16 bytes of row uid and the row version as a big-endian u64.

    It is the AAD of the value's body. The key id is not in it: a rewrap gives the same DEK, and so the same body,
    another key id. Raises ValueError for a version out of range, TypeError for a row that is not a UUID or a version
    that is not an integer.
    """
    try:
        if version >> 64:
            raise ValueError("A row binding needs a row version from 0 to 2**64 - 1.")
        return shared + (row.int << 64 | version).to_bytes(24, "big")
    except (AttributeError, TypeError):
        raise TypeError("A row binding needs the row's uid as a UUID, and its version as an integer.") from None


def row_context_of(shared: bytes, row: bytes, version: int) -> bytes:
    """``row_context`` for who has the row's uid as its 16 bytes, and thousands of rows.

    Raises ValueError for a version out of range or another number of bytes, TypeError for what is no bytes and integer.
    """
    if len(row) != _UID_SIZE or version >> 64:
        raise ValueError("A row binding needs 16 bytes of row uid, and a row version from 0 to 2**64 - 1.")
    return shared + row + version.to_bytes(8, "big")


def context(binding: RowBinding) -> bytes:
    """The binding as bytes: ``row_context`` of its ``place``. Raises as they do."""
    scope, table, column, row, version = binding
    return row_context(place(scope, table, column), row, version)


def dek_wrap_aad(header: bytes, context: bytes) -> bytes:
    """AAD under which a value's DEK is wrapped: the envelope's header (version, key id) and the value's context."""
    return _WRAP_DEK + header + context


def tenant_key_aad(header: bytes, *, scope: str, purpose: str, version: int) -> bytes:
    """AAD under which a tenant key is wrapped: the header (version, root key id), scope, purpose and key version."""
    if not scope or not purpose or not 1 <= version < 2**32:
        raise ValueError("A tenant key needs a scope, a purpose and a version from 1 to 2**32 - 1.")
    return _WRAP_TENANT_KEY + header + length_prefixed(scope.encode(), purpose.encode(), version.to_bytes(4, "big"))

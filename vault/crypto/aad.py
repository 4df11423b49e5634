"""What a ciphertext is bound to. The only place that builds additional authenticated data (AAD).

Every text is length-prefixed, so no two different contexts give the same bytes (FORMAT.md, Context).
"""

from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from vault.crypto.signing import length_prefixed

MAX_ROW_VERSION = 2**64 - 1

_WRAP_DEK = length_prefixed(b"holdfast/v1/wrap-dek")
_BODY = length_prefixed(b"holdfast/v1/body")
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
def _place(scope: str, table: str, column: str) -> bytes:
    """The part of the context that rows of one table and tenant share (kept: it is most of the cost)."""
    for name, text in (("scope", scope), ("table", table), ("column", column)):
        if not isinstance(text, str) or not text:
            raise ValueError(f"A row binding needs a {name}.")
    return length_prefixed(scope.encode(), table.encode(), column.encode())


def context(binding: RowBinding) -> bytes:
    """The binding as bytes: length-prefixed scope, table, column, then 16 bytes of row uid and a big-endian u64.

    Raises ValueError for an empty text or a version out of range, TypeError for a row that is not a UUID.
    """
    scope, table, column, row, version = binding
    if not isinstance(row, UUID):
        raise TypeError("A row binding needs the row's uid as a UUID.")
    if not isinstance(version, int) or not 0 <= version <= MAX_ROW_VERSION:
        raise ValueError("A row binding needs a row version from 0 to 2**64 - 1.")
    return _place(scope, table, column) + row.bytes + version.to_bytes(8, "big")


def dek_wrap_aad(header: bytes, row_context: bytes) -> bytes:
    """AAD under which a value's DEK is wrapped: the envelope's header (version, key id) and the row's context."""
    return _WRAP_DEK + header + row_context


def body_aad(version: bytes, row_context: bytes) -> bytes:
    """AAD of a value's body: the version byte and the row's context.

    Not the key id: a rewrap gives the same DEK, and so the same body, a new key id.
    """
    return _BODY + version + row_context


def tenant_key_aad(header: bytes, *, scope: str, purpose: str, version: int) -> bytes:
    """AAD under which a tenant key is wrapped: the header (version, root key id), scope, purpose and key version."""
    if not scope or not purpose or not 1 <= version < 2**32:
        raise ValueError("A tenant key needs a scope, a purpose and a version from 1 to 2**32 - 1.")
    return _WRAP_TENANT_KEY + header + length_prefixed(scope.encode(), purpose.encode(), version.to_bytes(4, "big"))

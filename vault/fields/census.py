"""How many rows need a key: encrypted values by their key ids, keyed hashes by theirs. Nothing is opened."""

from collections.abc import Iterable, Sequence
from itertools import islice
from uuid import UUID

from vault.crypto.fingerprint import KEY_ID_SIZE
from vault.fields.registry import encrypted_columns
from vault.fields.statements import statements_for
from vault.keys.models import WrappedKey
from vault.keys.peppers import KeyedHashField, keyed_hash_fields
from vault.keys.purposes import Purpose

_KEYS_AT_ONCE = 500


def rows_under(keys: Iterable[WrappedKey]) -> dict[UUID, int]:
    """The number of rows that need each key, by the key's uid: every key that was given is in it.

    Exact for the moment of the query; as many queries as there are columns, for 500 keys at a time.
    """
    counts: dict[UUID, int] = {}
    remaining = iter(keys)
    while several := list(islice(remaining, _KEYS_AT_ONCE)):
        for purpose in {Purpose(key.purpose) for key in several}:
            alike = {bytes(key.key_id): key.uid for key in several if key.purpose == purpose.value}
            counted = count_under(purpose, list(alike))
            counts |= {uid: counted.get(key_id, 0) for key_id, uid in alike.items()}
    return counts


def rows_left(key: WrappedKey) -> int:
    """The number of rows that need a key: it can be given up at 0."""
    return rows_under([key])[key.uid]


def count_under(purpose: Purpose, key_ids: Sequence[bytes]) -> dict[bytes, int]:
    """The number of rows that name each of the keys of a purpose, by key id."""
    total = dict.fromkeys(key_ids, 0)
    if not key_ids:
        return total
    for field in _keyed_hash_fields(purpose):
        for key_id in key_ids:
            total[key_id] += _hashes_under(field, key_id)
    for column in encrypted_columns(purpose):
        for key_id, number in statements_for(column).count_under(key_ids).items():
            total[key_id] += number
    return total


def _keyed_hash_fields(purpose: Purpose) -> set[KeyedHashField]:
    """Each once: a model that inherits a column names it again."""
    return {field for field in keyed_hash_fields() if field.purpose is purpose}


def _hashes_under(field: KeyedHashField, key_id: bytes) -> int:
    """Counted as a range of the column, because the key id is its beginning and an index of the column then serves."""
    rows = field.model._base_manager.filter(**{f"{field.attname}__gte": key_id})
    following = int.from_bytes(key_id, "big") + 1
    if following < 1 << 8 * KEY_ID_SIZE:
        rows = rows.filter(**{f"{field.attname}__lt": following.to_bytes(KEY_ID_SIZE, "big")})
    return rows.count()

"""Keyed hashes of tokens, links and codes, under versioned peppers: rotating the pepper invalidates none of them.

A stored hash is ``key_id (16) | HMAC-SHA-256 (32)``: 48 bytes, which say by themselves which pepper made them.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models

from vault.crypto.fingerprint import KEY_ID_SIZE
from vault.crypto.keyring import Keyring, KeyUse, TenantKey
from vault.crypto.signing import MAC_SIZE, equal
from vault.keys import generation
from vault.keys.keyrings import keyring_for, refresh
from vault.keys.purposes import SYSTEM_SCOPE, Purpose
from vault.keys.writing import keyring_to_write

KEYED_HASH_SIZE = KEY_ID_SIZE + MAC_SIZE

_LABEL = "holdfast/v1/keyed-hash"


if TYPE_CHECKING:
    _BinaryField = models.BinaryField[Any, Any]
else:
    _BinaryField = models.BinaryField  # generic for the type checker only


class KeyedHashField(_BinaryField):
    """A column of keyed hashes (``keyed_hash``), which tells under which purpose they are: 48 bytes each."""

    def __init__(self, *args: Any, purpose: Purpose, **options: Any) -> None:
        """``purpose``: whose peppers. Raises ValueError for one whose keys do not authenticate."""
        self.purpose = Purpose(purpose)
        if self.purpose.use is not KeyUse.MAC:
            raise ValueError(f"A {self.purpose} key makes no keyed hashes.")
        options["max_length"] = KEYED_HASH_SIZE
        super().__init__(*args, **options)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("max_length", None)
        kwargs["purpose"] = self.purpose.value
        return name, path, args, kwargs


def keyed_hash_fields() -> tuple[KeyedHashField, ...]:
    """Every column of keyed hashes there is, so that a count of the rows under a key forgets none."""
    return tuple(
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, KeyedHashField)
    )


def keyed_hash(purpose: Purpose, message: bytes) -> bytes:
    """The keyed hash of a message under the active pepper: 48 bytes, to store.

    Begin the message with what it is (``b"invitation:"``), so that one kind of token is never taken for another.
    Behind the fence of ``writing``, in the transaction that stores it; the log's needs none. Raises NoActiveKey before
    there is a key, KeyMisuse for a purpose that encrypts, WriteOutsideTransaction.
    """
    # What an event names is never given up (events cannot be deleted), so the log needs no fence.
    ring = keyring_for if purpose is Purpose.AUDIT else _ring_to_write
    return _hash(ring(SYSTEM_SCOPE, purpose).active, message)


def keyed_hasher(purpose: Purpose, *, key_id: bytes) -> Callable[[bytes], bytes]:
    """What gives the keyed hash of a message under the pepper that ``key_id`` names: to compute with, not to store by
    itself. The pepper is looked up once, for however many messages. Raises KeyUnavailable, KeyMisuse.
    """
    return partial(_hash, keyring_for(SYSTEM_SCOPE, purpose, needing=key_id).get(key_id))


def keyed_hash_candidates(purpose: Purpose, message: bytes) -> list[bytes]:
    """The keyed hash of a message under every live pepper, the active one first: for an indexed ``mac__in=`` lookup.

    Raises NoActiveKey before there is a key, KeyMisuse for a purpose that encrypts.
    """
    if not generation.in_request():
        refresh()  # in a request, every token that came with it is older than the look that it begins with
    ring = keyring_for(SYSTEM_SCOPE, purpose)
    if not len(ring):
        ring.active  # noqa: B018 - raises NoActiveKey: without peppers a lookup would find nothing, silently
    return [_hash(key, message) for key in ring]


def keyed_hash_matches(purpose: Purpose, message: bytes, stored: bytes) -> bool:
    """Whether ``stored`` is the keyed hash of this message, in time that does not tell how far they agree.

    Raises KeyUnavailable if the pepper that made ``stored`` is not there.
    """
    stored = bytes(stored)
    if len(stored) != KEYED_HASH_SIZE:
        return False
    key_id = stored[:KEY_ID_SIZE]
    key = keyring_for(SYSTEM_SCOPE, purpose, needing=key_id).get(key_id)
    return equal(_hash(key, message), stored)


def _ring_to_write(scope: str, purpose: Purpose) -> Keyring:
    return keyring_to_write(scope, purpose, wraps=0)


def _hash(key: TenantKey, message: bytes) -> bytes:
    return key.key_id + key.mac(_LABEL, message)

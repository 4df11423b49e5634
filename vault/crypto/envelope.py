"""One stored value under a data key (DEK) of its own, which the scope's tenant key wraps. FORMAT.md has every byte.

::

    version 1 | key_id 16 | wrapped DEK (nonce 12, ciphertext 32, tag 16) | commitment 32 | nonce 12 | ciphertext n | tag 16

The DEK is random and encrypts one value once. From it and the row's context come, in one SHA-512, the key of the body
and a commitment to it: GCM by itself accepts a ciphertext made to open under two keys.
"""

import hashlib
import os
from typing import NamedTuple

from vault.crypto import aead, padding
from vault.crypto.aad import RowBinding, body_aad, context, dek_wrap_aad
from vault.crypto.errors import DamagedValue, KeyMisuse, UnsupportedFormat, ValueTooLarge
from vault.crypto.fingerprint import KEY_ID_SIZE
from vault.crypto.keyring import Keyring, TenantKey
from vault.crypto.signing import equal

VERSION = 1
MAX_PLAINTEXT = 4 * 1024 * 1024
"""The longest plaintext of one value, in bytes (4 MiB)."""

_VERSION = bytes([VERSION])
_HEADER = 1 + KEY_ID_SIZE
_WRAP_NONCE = _HEADER + aead.NONCE_SIZE
_WRAPPED = _WRAP_NONCE + aead.KEY_SIZE + aead.TAG_SIZE
_COMMITMENT = _WRAPPED + 32
_NONCE = _COMMITMENT + aead.NONCE_SIZE

MIN_SIZE = _NONCE + padding.FLOOR + aead.TAG_SIZE
"""Bytes in the smallest envelope: an empty value has one of these as well."""
MAX_SIZE = _NONCE + padding.bucket(4 + MAX_PLAINTEXT) + aead.TAG_SIZE

_KDF_COUNTER = (1).to_bytes(4, "big")


class Randomness(NamedTuple):
    """What an envelope takes from the operating system: 32, 12 and 12 bytes. Given only to reproduce worked vectors."""

    dek: bytes
    wrap_nonce: bytes
    nonce: bytes

    def __repr__(self) -> str:
        return "<Randomness: redacted>"


def _fresh() -> Randomness:
    return Randomness(os.urandom(aead.KEY_SIZE), os.urandom(aead.NONCE_SIZE), os.urandom(aead.NONCE_SIZE))


def _body_key_and_commitment(dek: bytes, aad: bytes) -> bytes:
    """32 bytes of body key, then 32 bytes of commitment: the one-step KDF of NIST SP 800-56C r2 §4.1 with SHA-512.

    Z is the DEK and FixedInfo the body's AAD. One round suffices, both halves are of one output of 64 bytes; the public
    half tells nothing of the other, as for every KDF. To open one envelope under two keys or in two places one
    would have to find a collision in 256 bits of SHA-512.
    """
    return hashlib.sha512(_KDF_COUNTER + dek + aad).digest()


def encrypt(keyring: Keyring, plaintext: bytes, binding: RowBinding, *, _randomness: Randomness | None = None) -> bytes:
    """The envelope of a plaintext, which opens only in the place that ``binding`` names.

    Raises ValueTooLarge beyond ``MAX_PLAINTEXT`` bytes, KeyMisuse if the ring is not the binding's scope's or not for
    encryption, NoActiveKey if it has no key that writes.
    """
    if len(plaintext) > MAX_PLAINTEXT:
        raise ValueTooLarge(MAX_PLAINTEXT)
    _refuse_foreign(keyring, binding)
    key = keyring.active
    dek, wrap_nonce, nonce = _randomness or _fresh()
    row_context = context(binding)
    header = _VERSION + key.key_id
    wrapped = key.dek_cipher.encrypt(wrap_nonce, dek, dek_wrap_aad(header, row_context))
    aad = body_aad(_VERSION, row_context)
    derived = _body_key_and_commitment(dek, aad)
    body = aead.cipher(derived[:32]).encrypt(nonce, padding.pad(plaintext), aad)
    return b"".join((header, wrap_nonce, wrapped, derived[32:], nonce, body))


def decrypt(keyring: Keyring, envelope: bytes, binding: RowBinding) -> bytes:
    """The plaintext of an envelope that was made for the place that ``binding`` names.

    Raises UnsupportedFormat for another version byte, KeyUnavailable if the ring lacks the key that the envelope names,
    DamagedValue if anything was altered, cut, added or moved, KeyMisuse if the ring is for something else.
    """
    _refuse_foreign(keyring, binding)
    key = keyring.get(key_id_of(envelope))
    if not MIN_SIZE <= len(envelope) <= MAX_SIZE:
        raise _damaged(envelope, binding)
    row_context = context(binding)
    aad = body_aad(_VERSION, row_context)
    try:
        dek = _unwrap_dek(key, envelope, row_context)
        derived = _body_key_and_commitment(dek, aad)
        if not equal(derived[32:], envelope[_WRAPPED:_COMMITMENT]):
            raise _damaged(envelope, binding)
        padded = aead.Cipher(derived[:32]).decrypt(envelope[_COMMITMENT:_NONCE], envelope[_NONCE:], aad)
    except aead.NotAuthentic:
        raise _damaged(envelope, binding) from None
    plaintext = padding.unpad(padded)
    if plaintext is None:
        raise _damaged(envelope, binding)
    return plaintext


def belongs_to(keyring: Keyring, envelope: bytes, binding: RowBinding) -> bool:
    """Whether an envelope was made for the place that ``binding`` names: opens its DEK, and not the value.

    Raises as ``decrypt`` does, except for DamagedValue.
    """
    _refuse_foreign(keyring, binding)
    key = keyring.get(key_id_of(envelope))
    try:
        _unwrap_dek(key, envelope, context(binding))
    except aead.NotAuthentic:
        return False
    return True


def key_id_of(envelope: bytes) -> bytes:
    """The id of the tenant key that an envelope names: 16 bytes. Nothing is authenticated yet.

    Raises UnsupportedFormat for another version byte, or when the envelope is too short to name a key.
    """
    if envelope[:1] != _VERSION or len(envelope) < _HEADER:
        raise UnsupportedFormat(envelope[0] if envelope else None)
    return envelope[1:_HEADER]


def _unwrap_dek(key: TenantKey, envelope: bytes, row_context: bytes) -> bytes:
    aad = dek_wrap_aad(envelope[:_HEADER], row_context)
    return key.dek_cipher.decrypt(envelope[_HEADER:_WRAP_NONCE], envelope[_WRAP_NONCE:_WRAPPED], aad)


def _refuse_foreign(keyring: Keyring, binding: RowBinding) -> None:
    if keyring.scope != binding.scope:
        raise KeyMisuse(f"A {keyring.purpose} key of {keyring.scope} is not for values of {binding.scope}.")


def _damaged(envelope: bytes, binding: RowBinding) -> DamagedValue:
    return DamagedValue(table=binding.table, column=binding.column, row=binding.row, key_id=envelope[1:_HEADER])

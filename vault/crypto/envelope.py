"""One stored value under a data key (DEK) of its own, which the scope's tenant key wraps. FORMAT.md has every byte.

::

    version 1 | key_id 16 | wrapped DEK: nonce 12, ciphertext 32, tag 16 | nonce 12 | ciphertext n | tag 16

The DEK is random and encrypts one value once. The ciphertext begins with a key check, because GCM by itself accepts a
ciphertext made to open under two keys (``padding``).
"""

import os
from collections.abc import Callable
from struct import Struct
from typing import NamedTuple

from vault.crypto import aead
from vault.crypto.aad import RowBinding, context, dek_wrap_aad
from vault.crypto.errors import DamagedValue, KeyMisuse, UnsupportedFormat, ValueTooLarge
from vault.crypto.fingerprint import KEY_ID_SIZE
from vault.crypto.keyring import Keyring, TenantKey
from vault.crypto.padding import pad, padded_size, unpad
from vault.crypto.secrecy import scrub

VERSION = 1
MAX_PLAINTEXT = 4 * 1024 * 1024
"""The longest plaintext of one value, in bytes (4 MiB)."""

_VERSION = bytes([VERSION])
_HEADER = 1 + KEY_ID_SIZE
_WRAPPED = _HEADER + aead.NONCE_SIZE
_FRONT = Struct(f"{_HEADER}s {aead.NONCE_SIZE}s {aead.KEY_SIZE + aead.TAG_SIZE}s {aead.NONCE_SIZE}s")
"""Header, wrap nonce, wrapped DEK with its tag, nonce of the body."""
_BODY = _FRONT.size

FRONT_SIZE = _HEADER + aead.NONCE_SIZE + aead.KEY_SIZE + aead.TAG_SIZE
"""Bytes in front of the body and its nonce, 77: all of an envelope that a new wrapping of its data key changes."""
_WRAP = Struct(f"{_HEADER}s {aead.NONCE_SIZE}s {aead.KEY_SIZE + aead.TAG_SIZE}s")
"""Header, wrap nonce, wrapped DEK with its tag."""

MIN_SIZE = _BODY + padded_size(0) + aead.TAG_SIZE
"""Bytes in the smallest envelope: the empty value has one of these as well."""
MAX_SIZE = _BODY + padded_size(MAX_PLAINTEXT) + aead.TAG_SIZE


class Randomness(NamedTuple):
    """What an envelope takes from the operating system: 32, 12 and 12 bytes. Given only to reproduce worked vectors."""

    dek: bytes
    wrap_nonce: bytes
    nonce: bytes

    def __repr__(self) -> str:
        return "<Randomness: redacted>"


def _fresh() -> Randomness:
    return Randomness(os.urandom(aead.KEY_SIZE), os.urandom(aead.NONCE_SIZE), os.urandom(aead.NONCE_SIZE))


def encrypt(keyring: Keyring, plaintext: bytes, binding: RowBinding, *, _randomness: Randomness | None = None) -> bytes:
    """The envelope of a plaintext, which opens only in the place that ``binding`` names.

    Raises ValueTooLarge beyond ``MAX_PLAINTEXT`` bytes, KeyMisuse if the ring is not the binding's scope's or not for
    encryption, NoActiveKey if it has no key that writes.
    """
    if len(plaintext) > MAX_PLAINTEXT:
        del plaintext, _randomness
        raise ValueTooLarge(MAX_PLAINTEXT)
    dek = b""
    try:
        _refuse_foreign(keyring, binding)
        key = keyring.active
        dek, wrap_nonce, nonce = _randomness or _fresh()
        row_context = context(binding)
        header = _VERSION + key.key_id
        wrapped = key.dek_cipher.encrypt(wrap_nonce, dek, dek_wrap_aad(header, row_context))
        body = aead.cipher(dek).encrypt(nonce, pad(plaintext), row_context)
        return b"".join((header, wrap_nonce, wrapped, nonce, body))
    except BaseException as error:
        del plaintext, dek, _randomness
        scrub(error)
        raise


def decrypt(keyring: Keyring, envelope: bytes, binding: RowBinding) -> bytes:
    """The plaintext of an envelope that was made for the place that ``binding`` names.

    Raises UnsupportedFormat for another version byte, KeyUnavailable if the ring lacks the key that the envelope names,
    DamagedValue if anything was altered, cut, added or moved, KeyMisuse if the ring is for something else.
    """
    _refuse_foreign(keyring, binding)
    try:
        return decrypt_in_context(keyring, envelope, context(binding))
    except aead.NotAuthentic:
        raise DamagedValue(
            table=binding.table, column=binding.column, row=binding.row, key_id=envelope[1:_HEADER]
        ) from None


def decrypt_in_context(keyring: Keyring, envelope: bytes, row_context: bytes) -> bytes:
    """``decrypt`` for who has the row's context at hand and reads thousands of rows: the same checks, in a row.

    Raises UnsupportedFormat, KeyUnavailable, KeyMisuse; and NotAuthentic, which tells no place, instead of
    DamagedValue. The ring must be the scope's: another scope's has no key of that id.
    """
    if not MIN_SIZE <= len(envelope) <= MAX_SIZE:
        keyring.get(key_id_of(envelope))
        raise aead.NotAuthentic
    header, wrap_nonce, wrapped, nonce = _FRONT.unpack_from(envelope)
    if header[0] != VERSION:
        raise UnsupportedFormat(header[0])
    dek = keyring.get(header[1:]).dek_cipher.decrypt(wrap_nonce, wrapped, dek_wrap_aad(header, row_context))
    plaintext = None
    try:
        plaintext = unpad(aead.Cipher(dek).decrypt(nonce, envelope[_BODY:], row_context))
    except BaseException as error:
        del dek, plaintext
        scrub(error)
        raise
    if plaintext is None:
        del dek
        raise aead.NotAuthentic
    return plaintext


def decrypter(keyring: Keyring) -> Callable[[bytes, bytes], bytes]:
    """``decrypt_in_context`` of one ring, for who reads a hundred thousand rows: the same checks and errors, a third
    faster, because what the envelopes of one key have in common is looked up once.
    """
    known: dict[bytes, tuple[Callable[[bytes, bytes, bytes], bytes], bytes]] = {}

    def decrypt_one(envelope: bytes, row_context: bytes) -> bytes:
        try:
            unwrap, shared = known[envelope[:_HEADER]]
            if MIN_SIZE <= len(envelope) <= MAX_SIZE:
                cipher = aead.Cipher(
                    unwrap(envelope[_HEADER:_WRAPPED], envelope[_WRAPPED:FRONT_SIZE], shared + row_context)
                )
                plaintext = unpad(cipher.decrypt(envelope[FRONT_SIZE:_BODY], envelope[_BODY:], row_context))
                if plaintext is not None:
                    return plaintext
        except (KeyError, aead.NotAuthentic):
            pass
        opened = decrypt_in_context(keyring, envelope, row_context)  # a key's first; or it raises, with all it can tell
        header = envelope[:_HEADER]
        known[header] = keyring.get(header[1:]).dek_cipher.decrypt, dek_wrap_aad(header, b"")
        return opened

    return decrypt_one


def rewrap(front: bytes, *, source: TenantKey, target: TenantKey, row_context: bytes) -> bytes:
    """The front of an envelope with the same DEK wrapped anew: 77 bytes under ``target`` for 77 under ``source``.

    ``row_context``: of the row, as in ``decrypt_in_context``; a front of another place does not open. The body is not
    needed, and is not looked at. Raises UnsupportedFormat for another version byte, NotAuthentic if the front was
    altered, moved or cut, or names another key than ``source``, KeyMisuse if the keys are not of one scope and purpose
    or not for encryption.
    """
    if len(front) != FRONT_SIZE:
        key_id_of(front)
        raise aead.NotAuthentic
    if source.scope != target.scope or source.purpose != target.purpose:
        raise KeyMisuse(f"{source!r} and {target!r} do not keep the same values.")
    header, nonce, wrapped = _WRAP.unpack(front)
    if header[0] != VERSION:
        raise UnsupportedFormat(header[0])
    new_header, new_nonce, wrapping = _VERSION + target.key_id, os.urandom(aead.NONCE_SIZE), target.dek_cipher
    dek = source.dek_cipher.decrypt(nonce, wrapped, dek_wrap_aad(header, row_context))
    try:
        return new_header + new_nonce + wrapping.encrypt(new_nonce, dek, dek_wrap_aad(new_header, row_context))
    except BaseException as error:
        del dek
        scrub(error)
        raise


def belongs_to(keyring: Keyring, envelope: bytes, binding: RowBinding) -> bool:
    """Whether an envelope was made for the place that ``binding`` names: opens its DEK, and not the value.

    Raises as ``decrypt`` does, except for DamagedValue.
    """
    _refuse_foreign(keyring, binding)
    key = keyring.get(key_id_of(envelope))
    if not MIN_SIZE <= len(envelope) <= MAX_SIZE:
        return False
    header, wrap_nonce, wrapped, _ = _FRONT.unpack_from(envelope)
    try:
        key.dek_cipher.decrypt(wrap_nonce, wrapped, dek_wrap_aad(header, context(binding)))
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


def _refuse_foreign(keyring: Keyring, binding: RowBinding) -> None:
    if keyring.scope != binding.scope:
        raise KeyMisuse(f"A {keyring.purpose} key of {keyring.scope} is not for values of {binding.scope}.")

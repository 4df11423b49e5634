"""Root keys, and the wrapping of tenant keys under them. FORMAT.md has every byte.

::

    version 1 | root key_id 16 | nonce 12 | ciphertext 32 | tag 16
"""

import base64
import hashlib
import os
import re
from typing import Self

from vault.crypto import aead
from vault.crypto.aad import tenant_key_aad
from vault.crypto.errors import CryptoError, DamagedKey, UnsupportedFormat, WrongKey
from vault.crypto.fingerprint import KEY_ID_SIZE, fingerprint
from vault.crypto.keyring import KeyUse, TenantKey, key_id_of_key
from vault.crypto.secrecy import Confidential, scrubbed
from vault.crypto.signing import derive, length_prefixed

_WRAP_TENANT_KEY = b"holdfast/v1/wrap-tenant-key"
_CHECKSUM = b"holdfast/v1/root-key-text"
_CHECKSUM_SIZE = 4
_VERSION = b"\x01"
_HEADER = 1 + KEY_ID_SIZE
_NONCE = _HEADER + aead.NONCE_SIZE

WRAPPED_SIZE = _NONCE + aead.KEY_SIZE + aead.TAG_SIZE
"""Bytes in a wrapped tenant key: 77."""

PREFIX = "hfroot1-"
"""How the text of every root key begins: it says what it is, and secret scanners can find it."""
_BASE64URL = re.compile("[A-Za-z0-9_-]+")  # Python's decoder would take "+" and "/" as well
_TEXT_SIZE = len(PREFIX) + 48


class MalformedRootKey(CryptoError, ValueError):
    """A text is not a root key: the message says in which way, and never repeats the text."""


class RootKey(Confidential):
    """A root key: 256 bits from outside the database. It wraps tenant keys and does nothing else.

    ``key_id``: 16 bytes. The key itself is not kept, only the wrapping key derived from it.
    """

    __slots__ = ("_cipher", "key_id")

    key_id: bytes
    _cipher: aead.Cipher

    @scrubbed
    def __init__(self, material: bytes) -> None:
        """``material``: 32 random bytes, else ValueError."""
        if len(material) != aead.KEY_SIZE:
            raise ValueError(f"A root key has {aead.KEY_SIZE} bytes.")
        self._set(key_id=key_id_of_key(material), _cipher=aead.cipher(derive(material, info=_WRAP_TENANT_KEY)))

    @classmethod
    @scrubbed
    def from_text(cls, text: str) -> Self:
        """The root key that a text of the form ``hfroot1-…`` holds (FORMAT.md, Root key text).

        The text ends with a checksum, so a mistyped or truncated paste is told apart from a wrong key.
        Raises MalformedRootKey.
        """
        return cls(root_key_material(text))

    def __repr__(self) -> str:
        return f"<RootKey {fingerprint(self.key_id)}>"

    @property
    def fingerprint(self) -> str:
        """How this key is named to people."""
        return fingerprint(self.key_id)


@scrubbed
def generate_root_key_text() -> str:
    """The text of a new random root key: 32 bytes from the operating system, as ``RootKey.from_text`` reads it."""
    return root_key_text(os.urandom(aead.KEY_SIZE))


@scrubbed
def root_key_text(material: bytes) -> str:
    """The text form of 32 bytes of root key: prefix, then base64url of the key and a 4-byte checksum, 56 characters."""
    if len(material) != aead.KEY_SIZE:
        raise ValueError(f"A root key has {aead.KEY_SIZE} bytes.")
    return PREFIX + base64.urlsafe_b64encode(material + _checksum(material)).decode("ascii")


@scrubbed
def root_key_material(text: str) -> bytes:
    """The 32 bytes in the text of a root key: for splitting it into shares. Raises MalformedRootKey."""
    if not text.startswith(PREFIX):
        raise MalformedRootKey(f"a root key begins with {PREFIX!r}, this text does not.")
    if len(text) != _TEXT_SIZE:
        raise MalformedRootKey(
            f"a root key has {_TEXT_SIZE} characters, this text has {len(text)}: it was cut short or added to."
        )
    encoded = text[len(PREFIX) :]
    if not _BASE64URL.fullmatch(encoded):
        raise MalformedRootKey("it has a character that a root key cannot have.")
    decoded = base64.urlsafe_b64decode(encoded)
    material, checksum = decoded[: aead.KEY_SIZE], decoded[aead.KEY_SIZE :]
    if _checksum(material) != checksum:
        raise MalformedRootKey("its checksum does not match: a character was mistyped or lost.")
    return material


def _checksum(material: bytes) -> bytes:
    return hashlib.sha256(length_prefixed(_CHECKSUM) + material).digest()[:_CHECKSUM_SIZE]


@scrubbed
def new_tenant_key(
    root_key: RootKey, *, scope: str, purpose: str, version: int, use: KeyUse
) -> tuple[bytes, TenantKey]:
    """A new random tenant key: its wrapped form (77 bytes, to store) and the key, ready for use."""
    material = os.urandom(aead.KEY_SIZE)
    wrapped = wrap(root_key, material, scope=scope, purpose=purpose, version=version)
    return wrapped, TenantKey(material, scope=scope, purpose=purpose, version=version, use=use)


@scrubbed
def wrap(
    root_key: RootKey, material: bytes, *, scope: str, purpose: str, version: int, _nonce: bytes | None = None
) -> bytes:
    """A tenant key's 32 bytes wrapped under a root key, bound to scope, purpose and version: 77 bytes.

    ``_nonce`` is given only to reproduce worked vectors.
    """
    if len(material) != aead.KEY_SIZE:
        raise ValueError(f"A tenant key has {aead.KEY_SIZE} bytes.")
    header = _VERSION + root_key.key_id
    nonce = _nonce or os.urandom(aead.NONCE_SIZE)
    aad = tenant_key_aad(header, scope=scope, purpose=purpose, version=version)
    return header + nonce + root_key._cipher.encrypt(nonce, material, aad)


@scrubbed
def unwrap(
    root_key: RootKey, wrapped: bytes, *, scope: str, purpose: str, version: int, use: KeyUse, key_id: bytes
) -> TenantKey:
    """The tenant key in ``wrapped``, ready for its job.

    ``key_id``: what the key's row says it is. Raises UnsupportedFormat, WrongKey if the root key is not the one that
    wrapped it, DamagedKey if it was altered or moved, WrongKey if it opens but is another tenant key than the row says.
    """
    material = _open(root_key, wrapped, scope=scope, purpose=purpose, version=version)
    key = TenantKey(material, scope=scope, purpose=purpose, version=version, use=use)
    if key.key_id != key_id:
        raise WrongKey(key_id, key.key_id)
    return key


def wrap_again(
    source: RootKey, target: RootKey, wrapped: bytes, *, scope: str, purpose: str, version: int, key_id: bytes
) -> bytes:
    """The tenant key in ``wrapped``, which is under ``source``, wrapped under ``target``: 77 bytes.

    ``key_id``: what the key's row says it is. Raises as ``unwrap``.
    """
    material = _open(source, wrapped, scope=scope, purpose=purpose, version=version)
    if key_id_of_key(material) != key_id:
        raise WrongKey(key_id, key_id_of_key(material))
    return wrap(target, material, scope=scope, purpose=purpose, version=version)


def _open(root_key: RootKey, wrapped: bytes, *, scope: str, purpose: str, version: int) -> bytes:
    """The 32 bytes of the tenant key in ``wrapped``. Raises UnsupportedFormat, WrongKey, DamagedKey."""
    root_key_id = root_key_id_of(wrapped)
    if root_key_id != root_key.key_id:
        raise WrongKey(root_key_id, root_key.key_id, what="root key")
    aad = tenant_key_aad(wrapped[:_HEADER], scope=scope, purpose=purpose, version=version)
    damaged = DamagedKey(scope=scope, purpose=purpose, version=version, root_key_id=root_key_id)
    if len(wrapped) != WRAPPED_SIZE:
        raise damaged
    try:
        return root_key._cipher.decrypt(wrapped[_HEADER:_NONCE], wrapped[_NONCE:], aad)
    except aead.NotAuthentic:
        raise damaged from None


def root_key_id_of(wrapped: bytes) -> bytes:
    """The id of the root key that a wrapped tenant key names: 16 bytes. Raises UnsupportedFormat."""
    if wrapped[:1] != _VERSION or len(wrapped) < _HEADER:
        raise UnsupportedFormat(wrapped[0] if wrapped else None, what="wrapped key")
    return wrapped[1:_HEADER]

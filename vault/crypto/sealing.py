"""Sealed root keys: a root key that a key service or a security module has encrypted. FORMAT.md has every byte.

What is sealed may lie where the configuration lies: it opens only with the provider's help. Nothing here talks to a
provider; this is the text, and what the ciphertext is bound to.
"""

import base64
import binascii
import hashlib
import re
from typing import NamedTuple, Self

from vault.crypto import aead
from vault.crypto.errors import CryptoError, WrongKey
from vault.crypto.fingerprint import KEY_ID_SIZE, fingerprint
from vault.crypto.rootkey import RootKey
from vault.crypto.secrecy import scrubbed
from vault.crypto.signing import length_prefixed

PREFIX = "hfseal1-"
"""How the text of every sealed root key begins."""
PROVIDERS = ("aws-kms", "openbao", "pkcs11")
"""Who can seal, as the text names them."""
MAX_CIPHERTEXT_SIZE = 8192
"""Bytes: more than any provider makes of 32 (AWS KMS: at most 6,144)."""

_CONTEXT = b"holdfast/v1/sealed-root-key"
_CHECKSUM = b"holdfast/v1/sealed-root-key-text"
_CHECKSUM_SIZE = 4
_TEXT = re.compile(rf"{PREFIX}({'|'.join(PROVIDERS)})-([A-Za-z0-9_-]+)")


class MalformedSealedKey(CryptoError, ValueError):
    """A text is not a sealed root key: the message says in which way, and never repeats the text."""


class SealedRootKey(NamedTuple):
    """A root key as a provider has encrypted it. Not secret by itself.

    ``provider``: one of ``PROVIDERS``. ``key_id``: 16 bytes, of the root key in it. ``ciphertext``: the provider's.
    """

    provider: str
    key_id: bytes
    ciphertext: bytes

    def __repr__(self) -> str:
        return f"<SealedRootKey {self.fingerprint}: {self.provider}>"

    @property
    def fingerprint(self) -> str:
        """How the root key in it is named to people."""
        return fingerprint(self.key_id)

    @property
    def context(self) -> bytes:
        """What the provider binds the ciphertext to: see ``sealing_context``."""
        return sealing_context(self.provider, self.key_id)

    @property
    def text(self) -> str:
        """The form for configuration: prefix, provider, then base64url of key id, ciphertext and a 4-byte checksum."""
        content = self.key_id + self.ciphertext
        return f"{PREFIX}{self.provider}-{_encode(content + _checksum(self.provider, content))}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The sealed root key in a text of the form ``hfseal1-…`` (FORMAT.md, Sealed root key).

        Raises MalformedSealedKey. That the ciphertext is genuine, only its provider can say.
        """
        if not text.startswith(PREFIX):
            raise MalformedSealedKey(f"a sealed root key begins with {PREFIX!r}, this text does not.")
        match = _TEXT.fullmatch(text)
        if match is None:
            raise MalformedSealedKey(
                "it is cut short, or has a character that a sealed root key cannot have, or names a provider that this "
                f"release does not know. Known: {', '.join(PROVIDERS)}."
            )
        provider, encoded = match.groups()
        decoded = _decode(encoded)
        content, checksum = decoded[:-_CHECKSUM_SIZE], decoded[-_CHECKSUM_SIZE:]
        if len(content) <= KEY_ID_SIZE or _checksum(provider, content) != checksum:
            raise MalformedSealedKey("its checksum does not match: a character was mistyped or lost.")
        if len(content) > KEY_ID_SIZE + MAX_CIPHERTEXT_SIZE:
            raise MalformedSealedKey("it is longer than a sealed root key can be.")
        return cls(provider, content[:KEY_ID_SIZE], content[KEY_ID_SIZE:])

    @scrubbed
    def opened(self, material: bytes) -> RootKey:
        """The root key, from what the provider gave back. Raises WrongKey if it is another one than this says."""
        root_key = RootKey(material) if len(material) == aead.KEY_SIZE else None
        if root_key is None or root_key.key_id != self.key_id:
            raise WrongKey(
                self.key_id,
                root_key.key_id if root_key is not None else None,
                what="root key",
                remedy="What the provider opened is not what was sealed. Restore the sealed text from a copy.",
            )
        return root_key


def sealing_context(provider: str, key_id: bytes) -> bytes:
    """The bytes that a provider authenticates together with the ciphertext of one root key.

    A ciphertext under the same key of the provider that was made for anything else does not open as this root key.
    """
    return length_prefixed(_CONTEXT, provider.encode(), key_id)


def _checksum(provider: str, content: bytes) -> bytes:
    return hashlib.sha256(length_prefixed(_CHECKSUM, provider.encode()) + content).digest()[:_CHECKSUM_SIZE]


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _decode(encoded: str) -> bytes:
    """Unpadded base64url, in its one canonical form. Raises MalformedSealedKey."""
    try:
        decoded = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except binascii.Error:
        decoded = b""
    if not decoded or _encode(decoded) != encoded:
        raise MalformedSealedKey("it was cut short or added to.")
    return decoded

"""AES-256-GCM (NIST SP 800-38D), with the only sizes that Holdfast uses: 32-byte keys, 12-byte nonces, 16-byte tags."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.crypto.secrecy import scrub

KEY_SIZE = 32
NONCE_SIZE = 12
TAG_SIZE = 16

NotAuthentic = InvalidTag
"""Raised by a cipher's ``decrypt`` when key, nonce, ciphertext, tag and AAD do not belong together."""

Cipher = AESGCM
"""``encrypt(nonce, plaintext, aad)`` and ``decrypt(nonce, ciphertext_and_tag, aad)`` under one key.

The library's own object, without a layer around it: opening is the hot path, and a Python call costs as much as
a sixth of the AES. ``decrypt`` raises ``NotAuthentic``.
"""


def cipher(key: bytes) -> Cipher:
    """The cipher under ``key`` (32 bytes, else ValueError: the library would accept AES-128 and AES-192 as well)."""
    if len(key) != KEY_SIZE:
        del key
        raise ValueError(f"An AES-256 key has {KEY_SIZE} bytes.")
    try:
        return AESGCM(key)
    except BaseException as error:
        del key
        scrub(error)
        raise

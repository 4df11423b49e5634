"""HMAC-SHA-256 (RFC 2104, FIPS 198-1), HKDF-SHA-256 (RFC 5869) and Ed25519 (RFC 8032, FIPS 186-5).

MACs and derivations always have a label that says what for.

A label is the domain separation: one key, two labels, two unrelated results. Every label in use is a constant of the
module that uses it and is listed in FORMAT.md.
"""

import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vault.crypto.secrecy import scrub, scrubbed

MAC_SIZE = 32
"""Bytes in a MAC."""
PUBLIC_KEY_SIZE = 32
"""Bytes in an Ed25519 public key."""
SIGNATURE_SIZE = 64
"""Bytes in an Ed25519 signature."""

Signer = Ed25519PrivateKey
"""The library's own object: ``sign(message)`` gives 64 bytes. It shows no key."""


def length_prefixed(*parts: bytes) -> bytes:
    """The parts, each after its length as a big-endian u32: no two different lists give the same bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


@scrubbed
def derive(key: bytes, *, info: bytes, length: int = 32, salt: bytes = b"") -> bytes:
    """HKDF-SHA-256 of ``key`` (RFC 5869): ``length`` bytes for the one job that ``info`` names.

    Keys here are uniformly random already, so the salt may stay empty (RFC 5869 §3.1).
    """
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt or None, info=info).derive(key)


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256 of the message: 32 bytes. Outside of this package use a ``TenantKey``, which adds a label."""
    try:
        return hmac.digest(key, message, hashlib.sha256)
    except BaseException as error:
        del key, message
        scrub(error)
        raise


equal = hmac.compare_digest
"""Whether two byte strings are the same, in time that does not tell where they differ."""


@scrubbed
def signer(seed: bytes) -> Signer:
    """The Ed25519 private key of a seed (RFC 8032 §5.1.5). ``seed``: 32 random bytes, else ValueError."""
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_key_of(signer: Signer) -> bytes:
    """The public key as RFC 8032 encodes it: 32 bytes."""
    return signer.public_key().public_bytes_raw()


def signature_verifies(signature: bytes, message: bytes, *, public_key: bytes) -> bool:
    """Whether an Ed25519 signature is that of the message by the owner of ``public_key``.

    ``public_key``: 32 bytes, else ValueError. A signature of another length than 64 bytes verifies nothing.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True

"""HMAC-SHA-256 (RFC 2104, FIPS 198-1) and HKDF-SHA-256 (RFC 5869), always with a label that says what for.

A label is the domain separation: one key, two labels, two unrelated results. Every label in use is a constant of the
module that uses it and is listed in FORMAT.md.
"""

import hashlib
import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAC_SIZE = 32
"""Bytes in a MAC."""


def length_prefixed(*parts: bytes) -> bytes:
    """The parts, each after its length as a big-endian u32: no two different lists give the same bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def derive(key: bytes, *, info: bytes, length: int = 32, salt: bytes = b"") -> bytes:
    """HKDF-SHA-256 of ``key`` (RFC 5869): ``length`` bytes for the one job that ``info`` names.

    Keys here are uniformly random already, so the salt may stay empty (RFC 5869 §3.1).
    """
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt or None, info=info).derive(key)


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256 of the message: 32 bytes. Outside of this package use a ``TenantKey``, which adds a label."""
    return hmac.digest(key, message, hashlib.sha256)


equal = hmac.compare_digest
"""Whether two byte strings are the same, in time that does not tell where they differ."""

"""Hiding how long a value is: a length-prefixed plaintext, padded with zero bytes to a bucket.

Buckets are those of PADMÉ (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with
PURBs", PoPETs 2019, §4), from 64 bytes upward: at most 12 % larger, and only O(log log n) bits of the length remain.
"""

FLOOR = 64
"""The smallest bucket, in bytes: every value of up to 60 bytes looks the same."""

_PREFIX = 4


def bucket(size: int) -> int:
    """The size in bytes to which ``size`` bytes are padded: Padmé, not below ``FLOOR``."""
    if size <= FLOOR:
        return FLOOR
    exponent = size.bit_length() - 1
    zero_bits = exponent - exponent.bit_length()
    mask = (1 << zero_bits) - 1
    return (size + mask) & ~mask


def pad(plaintext: bytes) -> bytes:
    """``u32 length | plaintext | zero bytes`` up to the bucket. The caller limits the size."""
    size = _PREFIX + len(plaintext)
    return len(plaintext).to_bytes(_PREFIX, "big") + plaintext + bytes(bucket(size) - size)


def unpad(padded: bytes) -> bytes | None:
    """The plaintext, or None if this is not what ``pad`` writes: a wrong bucket, or padding that is not zero."""
    end = _PREFIX + int.from_bytes(padded[:_PREFIX], "big")
    size = len(padded)
    if end > size or padded.count(0, end) != size - end:
        return None
    if size != FLOOR and size != bucket(end) or end < _PREFIX:
        return None
    return padded[_PREFIX:end]

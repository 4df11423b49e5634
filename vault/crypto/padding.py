"""What goes into a body before it is encrypted: a key check, the length, the plaintext, and zero bytes up to a bucket.

The key check is 32 zero bytes in front. GCM by itself is not key-committing: whoever knows two keys can make one
ciphertext that opens under both. With two blocks of zeros in front the first 32 bytes of ciphertext are
``AES(key, nonce, 2) | AES(key, nonce, 3)``, and a second key would need the same 256 bits: a collision that takes 2¹²⁸
work (Albertini et al., "How to Abuse and Fix Authenticated Encryption Without Key Commitment", USENIX Security 2022,
the padding fix). It needs no second primitive and no further call.

Buckets hide how long a value is. They are those of PADMÉ (Nikitin et al., "Reducing Metadata Leakage from Encrypted
Files and Communication with PURBs", PoPETs 2019, §4), from 64 bytes upward: at most 12 % larger, and only
O(log log n) bits of the length remain.
"""

from struct import Struct

from vault.crypto.secrecy import scrub

KEY_CHECK = bytes(32)
"""In front of every body."""

FLOOR = 64
"""The smallest bucket, in bytes: every value of up to 60 bytes looks the same."""

_LENGTH_SIZE = 4
_FRONT = Struct(f">{len(KEY_CHECK)}s I")
"""Key check and length."""


def bucket(size: int) -> int:
    """The size to which ``size`` bytes of length prefix and plaintext are padded: Padmé, not below ``FLOOR``."""
    if size <= FLOOR:
        return FLOOR
    exponent = size.bit_length() - 1
    zero_bits = exponent - exponent.bit_length()
    mask = (1 << zero_bits) - 1
    return (size + mask) & ~mask


def padded_size(length: int) -> int:
    """The size in bytes of the body of a plaintext of ``length`` bytes."""
    return len(KEY_CHECK) + bucket(_LENGTH_SIZE + length)


def pad(plaintext: bytes) -> bytes:
    """``key check | u32 length | plaintext | zero bytes`` up to the bucket. The caller limits the size."""
    try:
        length = len(plaintext)
        zeros = bytes(padded_size(length) - _FRONT.size - length)
        return b"".join((_FRONT.pack(KEY_CHECK, length), plaintext, zeros))
    except BaseException as error:
        del plaintext
        scrub(error)
        raise


def unpad(padded: bytes) -> bytes | None:
    """The plaintext in a body that GCM has authenticated.

    None if it is not what ``pad`` writes: no key check, another bucket, or padding that is not zero.
    """
    try:
        key_check, length = _FRONT.unpack_from(padded)
        end = _FRONT.size + length
        size = len(padded)
        if key_check != KEY_CHECK or size != (_SMALLEST if length <= _SMALL else padded_size(length)):
            return None
        if padded.count(0, end) != size - end:
            return None
        return padded[_FRONT.size : end]
    except BaseException as error:
        del padded
        scrub(error)
        raise


_SMALL = FLOOR - _LENGTH_SIZE
_SMALLEST = padded_size(0)

"""A ciphertext that opens under two keys: GCM accepts it, the envelope does not.

The forgery is real. GHASH is linear, so of a ciphertext with one free block the two tags can be made equal by solving
one equation in GF(2^128): c · (H1^e + H2^e) = S1 + S2 + E1 + E2 (Dodis, Grubbs, Ristenpart, Woodage, CRYPTO 2018;
Albertini et al., USENIX Security 2022).
"""

import os

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from vault.crypto import aead
from vault.crypto.aad import RowBinding, context, dek_wrap_aad
from vault.crypto.envelope import decrypt
from vault.crypto.errors import DamagedValue
from vault.crypto.keyring import Keyring
from vault.crypto.padding import pad

_REDUCTION = 0xE1 << 120  # x^128 + x^7 + x^2 + x + 1, in GCM's reflected bit order (SP 800-38D §6.3)
_ONE = 1 << 127


def _multiply(left: int, right: int) -> int:
    product = 0
    for bit in range(127, -1, -1):
        if right >> bit & 1:
            product ^= left
        left = left >> 1 ^ (_REDUCTION if left & 1 else 0)
    return product


def _power(base: int, exponent: int) -> int:
    result = _ONE
    while exponent:
        if exponent & 1:
            result = _multiply(result, base)
        base = _multiply(base, base)
        exponent >>= 1
    return result


def _inverse(element: int) -> int:
    return _power(element, 2**128 - 2)


def _blocks(data: bytes) -> list[int]:
    padded = data + bytes(-len(data) % 16)
    return [int.from_bytes(padded[at : at + 16], "big") for at in range(0, len(padded), 16)]


def _aes(key: bytes, block: bytes) -> int:
    # One block of plain AES is what GCM is built of; nothing is encrypted with it here.
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - see above
    return int.from_bytes(encryptor.update(block), "big")


def _ghash(key: bytes, blocks: list[int]) -> int:
    subkey, digest = _aes(key, bytes(16)), 0
    for block in blocks:
        digest = _multiply(digest ^ block, subkey)
    return digest


def _forge(keys: tuple[bytes, bytes], nonce: bytes, aad: bytes, ciphertext: bytes, free: int) -> bytes:
    """`ciphertext` with its block number `free` replaced, and a tag: authentic under both keys."""
    blocks = _blocks(ciphertext)
    blocks[free] = 0
    lengths = len(aad) * 8 << 64 | len(ciphertext) * 8
    everything = [*_blocks(aad), *blocks, lengths]
    exponent = len(blocks) - free + 1
    masks = [_aes(key, nonce + b"\0\0\0\1") for key in keys]
    sums = [_ghash(key, everything) for key in keys]
    factors = [_power(_aes(key, bytes(16)), exponent) for key in keys]
    difference = sums[0] ^ sums[1] ^ masks[0] ^ masks[1]
    blocks[free] = _multiply(difference, _inverse(factors[0] ^ factors[1]))
    tag = sums[0] ^ masks[0] ^ _multiply(blocks[free], factors[0])
    return b"".join(block.to_bytes(16, "big") for block in [*blocks, tag])


def test_gcm_accepts_a_ciphertext_under_two_keys_and_the_envelope_does_not(
    keyring: Keyring, binding: RowBinding
) -> None:
    deks = (os.urandom(32), os.urandom(32))
    nonce, wrap_nonce = os.urandom(12), os.urandom(12)
    place = context(binding)
    # What the first key should show: a proper body, in which one block of the plaintext is free.
    honest = aead.cipher(deks[0]).encrypt(
        nonce, pad(b"the bill as the customer saw it, and 16 bytes that are noise"), place
    )
    body = _forge(deks, nonce, place, honest[:-16], free=4)

    for dek in deks:
        aead.cipher(dek).decrypt(nonce, body, place)  # bare GCM: authentic, both times

    header = b"\x01" + keyring.active.key_id
    first, second = (
        b"".join(
            (
                header,
                wrap_nonce,
                keyring.active.dek_cipher.encrypt(wrap_nonce, dek, dek_wrap_aad(header, place)),
                nonce,
                body,
            )
        )
        for dek in deks
    )
    assert decrypt(keyring, first, binding).startswith(b"the bill as the customer saw")
    with pytest.raises(DamagedValue):
        decrypt(keyring, second, binding)

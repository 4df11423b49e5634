"""Tenant keys that sign: Ed25519 under a seed of their own."""

import cryptography_vectors
import pytest

from tests.vault.crypto.conftest import new_key
from vault.crypto.errors import KeyMisuse
from vault.crypto.keyring import KeyUse, TenantKey
from vault.crypto.signing import public_key_of, signature_verifies, signer

MATERIAL = bytes(range(32))


def _key(purpose: str = "sign", use: KeyUse = KeyUse.SIGN) -> TenantKey:
    return TenantKey(MATERIAL, scope="system", purpose=purpose, version=1, use=use)


def test_it_signs_and_verifies_as_the_authors_of_ed25519_do() -> None:
    checked = 0
    with cryptography_vectors.open_vector_file("asymmetric/Ed25519/sign.input", "r") as file:
        for line in list(file)[:200]:
            private, public, message, signed = (bytes.fromhex(part) for part in line.split(":")[:4])
            key = signer(private[:32])
            assert public_key_of(key) == public
            assert key.sign(message) == signed[:64]
            assert signature_verifies(signed[:64], message, public_key=public)
            assert not signature_verifies(signed[:64], message + b"x", public_key=public)
            checked += 1
    assert checked == 200


def test_it_signs_what_its_public_key_verifies_and_nothing_else() -> None:
    key = _key()
    signature = key.sign(b"report")
    assert len(signature) == 64
    assert len(key.public_key) == 32
    assert signature_verifies(signature, b"report", public_key=key.public_key)
    for place in range(64):
        altered = signature[:place] + bytes([signature[place] ^ 1]) + signature[place + 1 :]
        assert not signature_verifies(altered, b"report", public_key=key.public_key)
    for length in (0, 63, 65):
        assert not signature_verifies((signature + b"x")[:length], b"report", public_key=key.public_key)
    assert not signature_verifies(signature, b"report", public_key=_key("another").public_key)


def test_a_public_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        signature_verifies(bytes(64), b"", public_key=bytes(31))


@pytest.mark.parametrize("use", [KeyUse.WRAP, KeyUse.MAC])
def test_a_key_for_another_job_does_not_sign(use: KeyUse) -> None:
    key = new_key("system", "row", use=use)
    with pytest.raises(KeyMisuse, match=r"row key .* is not for signatures"):
        key.sign(b"report")
    with pytest.raises(KeyMisuse, match=r"row key .* is not for signatures"):
        _ = key.public_key


def test_a_key_that_signs_does_nothing_else() -> None:
    key = _key()
    with pytest.raises(KeyMisuse, match=r"sign key .* is not for MACs"):
        key.mac("label", b"message")
    with pytest.raises(KeyMisuse, match=r"sign key .* is not for encryption"):
        _ = key.dek_cipher


def test_its_seed_is_neither_the_key_nor_that_of_another_purpose() -> None:
    assert _key().public_key != public_key_of(signer(MATERIAL))
    assert _key().public_key != _key("other").public_key
    assert _key().key_id == _key("row", KeyUse.MAC).key_id  # one key has one name, whatever it does

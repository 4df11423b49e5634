"""The primitives against the published answers of NIST and the RFCs."""

from collections.abc import Iterator

import cryptography_vectors
import pytest

from vault.crypto import aead
from vault.crypto.signing import derive, hmac_sha256


def _records(path: str) -> Iterator[dict[str, str]]:
    """The records of a vector file: lines `name = value` (or a bare name), apart by empty lines; sections are kept."""
    record: dict[str, str] = {}
    section: dict[str, str] = {}
    with cryptography_vectors.open_vector_file(path, "r") as file:
        for line in [*file, ""]:
            text = line.strip()
            if text.startswith("["):
                name, _, value = text.strip("[]").partition(" = ")
                section[name] = value
            elif text and not text.startswith("#"):
                name, _, value = text.partition("=")
                record[name.strip()] = value.strip()
            elif record and not text.startswith("#"):
                yield {**section, **record}
                record = {}


def _ours(record: dict[str, str]) -> bool:
    return (record["IVlen"], record["Taglen"]) == ("96", "128") and "Key" in record


def test_it_opens_what_nist_says_is_authentic_and_refuses_the_rest() -> None:
    opened = refused = 0
    for record in filter(_ours, _records("ciphers/AES/GCM/gcmDecrypt256.rsp")):
        cipher = aead.cipher(bytes.fromhex(record["Key"]))
        sealed = bytes.fromhex(record["CT"] + record["Tag"])
        nonce, aad = bytes.fromhex(record["IV"]), bytes.fromhex(record["AAD"])
        if "FAIL" in record:
            with pytest.raises(aead.NotAuthentic):
                cipher.decrypt(nonce, sealed, aad)
            refused += 1
        else:
            assert cipher.decrypt(nonce, sealed, aad) == bytes.fromhex(record["PT"])
            opened += 1
    assert opened > 100
    assert refused > 100


def test_it_encrypts_as_nist_does() -> None:
    encrypted = 0
    for record in filter(_ours, _records("ciphers/AES/GCM/gcmEncryptExtIV256.rsp")):
        cipher = aead.cipher(bytes.fromhex(record["Key"]))
        sealed = cipher.encrypt(*(bytes.fromhex(record[name]) for name in ("IV", "PT", "AAD")))
        assert sealed.hex() == record["CT"] + record["Tag"]
        encrypted += 1
    assert encrypted > 300


@pytest.mark.parametrize("size", [0, 16, 24, 31, 33, 64])
def test_it_takes_no_key_but_one_of_256_bits(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        aead.cipher(bytes(size))


def test_it_derives_as_rfc_5869_does() -> None:
    records = [record for record in _records("KDF/rfc-5869-HKDF-SHA256.txt") if "IKM" in record or "OKM" in record]
    merged: dict[str, dict[str, str]] = {}
    count = ""
    for record in _records("KDF/rfc-5869-HKDF-SHA256.txt"):
        count = record.get("COUNT", count)
        merged.setdefault(count, {}).update(record)
    assert records
    assert len(merged) == 3
    for case in merged.values():
        derived = derive(
            bytes.fromhex(case["IKM"]),
            info=bytes.fromhex(case["info"]),
            length=int(case["L"]),
            salt=bytes.fromhex(case["salt"]),
        )
        assert derived.hex() == case["OKM"]


def test_it_authenticates_as_rfc_4231_does() -> None:
    cases = [record for record in _records("HMAC/rfc-4231-sha256.txt") if "MD" in record]
    assert len(cases) >= 5
    for case in cases:
        assert hmac_sha256(bytes.fromhex(case["Key"]), bytes.fromhex(case["Msg"])).hex() == case["MD"]

"""What was once written opens for ever.

The files in golden/ were made once, by the release that introduced each format, from keys and values made up for it.
They are never made again and never changed: a new format version gets a file of its own beside them. Each is opened by
today's code, and by code that knows only FORMAT.md.
"""

import hashlib
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.vault.crypto import independent
from vault.crypto.aad import RowBinding
from vault.crypto.envelope import decrypt
from vault.crypto.fingerprint import fingerprint
from vault.crypto.keyring import Keyring, KeyUse, TenantKey
from vault.crypto.notes import read_verifier_text, verify_note
from vault.crypto.rootkey import RootKey, root_key_text, unwrap
from vault.crypto.shares import combine

FOLDER = Path(__file__).parent / "golden"
# A file that differs has been tampered with: take it from the history, and do not touch what is written here.
SHA_256 = {
    "envelope-v1.json": "c90fd48c26f950b84ec66606f8a8791027e2c8e9d4f128df0415e3a7e23242c7",
    "keyed-hash-v1.json": "cc8e218d81e256650777e19b317fb30742ae6f270c297f01ce334a9c61ac818f",
    "root-key-text-v1.json": "b1c2be53902626717b450f62c51bde5660ba15ed1115920b081fdf9d8b7f5a25",
    "shares-v1.json": "2aa72944237ade2c5797c40ab0231b3d3a0e09cb1e741fbd03e32f6ac65b410f",
    "signed-note-v1.json": "af78c1627c4a569afd28e42a630a03bc8cad997b71628249b5e50ec2b7207123",
    "wrapped-key-v1.json": "b4e0d66def2a96373d3672207a07bf1b48dc8778034b52b268fd4edd55d6df03",
}

Record = dict[str, Any]


def _records(name: str) -> list[Record]:
    records: list[Record] = json.loads((FOLDER / name).read_text(encoding="ascii"))
    return records


def test_nobody_has_touched_the_files() -> None:
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.iterdir()} == SHA_256


def test_envelopes_open() -> None:
    names = set()
    for record in _records("envelope-v1.json"):
        scope, purpose = record["scope"], record["purpose"]
        key = TenantKey(bytes.fromhex(record["key"]), scope=scope, purpose=purpose, version=1, use=KeyUse.WRAP)
        place = RowBinding(scope, record["table"], record["column"], UUID(record["row"]), record["row_version"])
        ring, sealed = Keyring(scope, purpose).with_key(key), bytes.fromhex(record["envelope"])
        plaintext = bytes.fromhex(record["plaintext"])
        assert decrypt(ring, sealed, place) == plaintext
        names.add((record["name"], len(plaintext)))
    lengths = {length for _, length in names}
    assert len(names) >= 32
    # Nothing, both sides of the first buckets' ends, and 4 KiB.
    assert {0, 1, 60, 61, 64, 65, 68, 69, 124, 125, 252, 253, 1020, 1021, 4092, 4093, 4095, 4096, 4097} <= lengths


def test_envelopes_open_by_the_description() -> None:
    for record in _records("envelope-v1.json"):
        place = {name: record[name] for name in ("purpose", "scope", "table", "column", "row", "row_version")}
        sealed, key = bytes.fromhex(record["envelope"]), bytes.fromhex(record["key"])
        assert independent.value(sealed, key=key, **place).hex() == record["plaintext"]


def test_wrapped_keys_open() -> None:
    uses = set()
    for record in _records("wrapped-key-v1.json"):
        key_id = bytes.fromhex(record["key_id"])
        named = {name: record[name] for name in ("scope", "purpose", "version")}
        use = KeyUse(record["use"])
        key = unwrap(
            RootKey.from_text(record["root_key"]), bytes.fromhex(record["wrapped"]), use=use, key_id=key_id, **named
        )
        assert (key.key_id, key.scope, key.purpose, key.version, key.use) == (key_id, *named.values(), use)
        uses.add(use)
    assert uses == set(KeyUse)


def test_wrapped_keys_open_by_the_description() -> None:
    for record in _records("wrapped-key-v1.json"):
        root = independent.root_key(record["root_key"])
        named = {name: record[name] for name in ("scope", "purpose", "version")}
        key = independent.tenant_key(bytes.fromhex(record["wrapped"]), root=root, **named)
        assert key.hex() == record["key"]
        assert independent.key_id(key).hex() == record["key_id"]


def test_root_keys_are_read() -> None:
    for record in _records("root-key-text-v1.json"):
        key = bytes.fromhex(record["key"])
        assert independent.root_key(record["text"]) == key
        assert root_key_text(key) == record["text"]
        assert RootKey.from_text(record["text"]).key_id.hex() == independent.key_id(key).hex() == record["key_id"]
        assert fingerprint(bytes.fromhex(record["key_id"])) == record["fingerprint"]


def test_keyed_hashes_are_still_the_same() -> None:
    for record in _records("keyed-hash-v1.json"):
        key, message, purpose = bytes.fromhex(record["key"]), bytes.fromhex(record["message"]), record["purpose"]
        ours = TenantKey(key, scope="system", purpose=purpose, version=1, use=KeyUse.MAC)
        assert (ours.key_id + ours.mac("holdfast/v1/keyed-hash", message)).hex() == record["keyed_hash"]
        assert independent.keyed_hash(key, purpose, message).hex() == record["keyed_hash"]


def test_signed_notes_verify() -> None:
    for record in _records("signed-note-v1.json"):
        ours = TenantKey(bytes.fromhex(record["key"]), scope="system", purpose="sign", version=1, use=KeyUse.SIGN)
        assert read_verifier_text(record["verifier"]) == (record["name"], ours.public_key)
        assert verify_note(record["note"], name=record["name"], public_key=ours.public_key) == record["text"]


def test_signed_notes_verify_by_the_description() -> None:
    for record in _records("signed-note-v1.json"):
        public = independent.private_key(bytes.fromhex(record["key"]), "sign").public_key().public_bytes_raw()
        assert read_verifier_text(record["verifier"]).public_key == public
        assert independent.note_text(record["note"], verifier=record["verifier"]) == record["text"]


@pytest.mark.parametrize("record", _records("shares-v1.json"), ids=lambda record: f"{record['threshold']} of many")
def test_shares_give_the_key_back(record: Record) -> None:
    shares, threshold = record["shares"], record["threshold"]
    for start in range(len(shares) - threshold + 1):
        assert combine(shares[start : start + threshold]) == record["text"]
    assert combine(shares) == record["text"]

"""FORMAT.md is true: its vectors, taken apart by code that knows only FORMAT.md, and made again by the implementation.

Nothing here that reads a vector calls `vault.crypto`.
"""

import base64
import hashlib
import hmac
import os
import re
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from shamir_mnemonic import combine_mnemonics

import vault.crypto
from tests.vault.crypto import independent
from tests.vault.crypto.independent import hkdf, lp
from vault.crypto.aad import RowBinding
from vault.crypto.envelope import FRONT_SIZE, MAX_SIZE, MIN_SIZE, Randomness, decrypt, encrypt, rewrap
from vault.crypto.fingerprint import fingerprint
from vault.crypto.keyring import Keyring, KeyUse, TenantKey
from vault.crypto.notes import sign_note, verifier_text, verify_note
from vault.crypto.rootkey import RootKey, root_key_text, unwrap, wrap
from vault.crypto.shares import Share, combine, read_share

FORMAT = (Path(vault.crypto.__file__).parent / "FORMAT.md").read_text(encoding="utf-8")
BLOCKS = {
    heading: dict(line.split(" = ", 1) for line in block.strip().splitlines())
    for heading, block in re.findall(
        r"^### (.*)\n(?:(?!###|```).*\n)*```vector\n((?:.* = .*\n)+)```", FORMAT, re.MULTILINE
    )
}
KEY, VALUE = BLOCKS["Wrapped tenant key, version 1"], BLOCKS["Envelope, version 1"]
REWRAP, HASH, NOTE, SHARES = (BLOCKS[heading] for heading in ("Rewrap", "Keyed hash", "Signed note", "Shares"))


def _hex(vector: dict[str, str], name: str) -> bytes:
    return bytes.fromhex(vector[name])


def _tenant_key() -> TenantKey:
    return TenantKey(_hex(KEY, "tenant_key"), scope=KEY["scope"], purpose="data", version=1, use=KeyUse.WRAP)


def _binding() -> RowBinding:
    return RowBinding(KEY["scope"], VALUE["table"], VALUE["column"], UUID(VALUE["row"]), int(VALUE["row_version"]))


def _ring() -> Keyring:
    return Keyring(KEY["scope"], "data").with_key(_tenant_key(), active=True)


def test_it_names_keys_as_the_vectors_say() -> None:
    for key, key_id in ((_hex(KEY, "root_key"), "root_key_id"), (_hex(KEY, "tenant_key"), "tenant_key_id")):
        assert hkdf(key, b"holdfast/v1/key-id", 16).hex() == KEY[key_id]
    assert RootKey(_hex(KEY, "root_key")).key_id == _hex(KEY, "root_key_id")
    assert _tenant_key().key_id == _hex(KEY, "tenant_key_id")
    assert fingerprint(_hex(KEY, "root_key_id")) == KEY["root_fingerprint"] == "7a63-b101-8092-90b5"


def test_it_writes_a_root_key_as_the_vector_says() -> None:
    key = _hex(KEY, "root_key")
    checksum = hashlib.sha256(lp(b"holdfast/v1/root-key-text") + key).digest()[:4]
    assert "hfroot1-" + base64.urlsafe_b64encode(key + checksum).decode() == KEY["root_key_text"]
    assert root_key_text(key) == KEY["root_key_text"]
    assert RootKey.from_text(KEY["root_key_text"]).key_id == _hex(KEY, "root_key_id")


def test_the_wrapped_key_of_the_vector_comes_apart_by_the_description() -> None:
    wrapped = _hex(KEY, "wrapped_key")
    assert len(wrapped) == 77
    assert wrapped[0] == 1
    assert wrapped[1:17] == _hex(KEY, "root_key_id")
    assert wrapped[17:29] == _hex(KEY, "key_wrap_nonce")
    aad = (
        lp(b"holdfast/v1/wrap-tenant-key")
        + wrapped[:17]
        + lp(KEY["scope"].encode(), KEY["purpose"].encode(), int(KEY["key_version"]).to_bytes(4, "big"))
    )
    assert aad == _hex(KEY, "key_wrap_aad")
    wrapping_key = hkdf(_hex(KEY, "root_key"), b"holdfast/v1/wrap-tenant-key", 32)
    assert AESGCM(wrapping_key).decrypt(wrapped[17:29], wrapped[29:], aad) == _hex(KEY, "tenant_key")


def test_it_wraps_and_unwraps_the_key_of_the_vector() -> None:
    root_key = RootKey(_hex(KEY, "root_key"))
    place = {"scope": KEY["scope"], "purpose": KEY["purpose"], "version": int(KEY["key_version"])}
    wrapped = wrap(root_key, _hex(KEY, "tenant_key"), **place, _nonce=_hex(KEY, "key_wrap_nonce"))
    assert wrapped.hex() == KEY["wrapped_key"]
    key = unwrap(root_key, wrapped, **place, use=KeyUse.WRAP, key_id=_hex(KEY, "tenant_key_id"))
    assert key.key_id == _tenant_key().key_id


def test_the_envelope_of_the_vector_comes_apart_by_the_description() -> None:
    envelope = _hex(VALUE, "envelope")
    version, key_id, nonce, wrapped = envelope[:1], envelope[1:17], envelope[17:29], envelope[29:77]
    assert version == b"\x01"
    assert key_id == _hex(KEY, "tenant_key_id")
    assert nonce == _hex(VALUE, "wrap_nonce")
    context = (
        lp(b"holdfast/v1/value")
        + b"\x01"
        + lp(KEY["scope"].encode(), VALUE["table"].encode(), VALUE["column"].encode())
        + UUID(VALUE["row"]).bytes
        + int(VALUE["row_version"]).to_bytes(8, "big")
    )
    assert context == _hex(VALUE, "context")
    aad = lp(b"holdfast/v1/wrap-dek") + version + key_id + context
    assert aad == _hex(VALUE, "wrap_aad")
    wrapping_key = hkdf(_hex(KEY, "tenant_key"), lp(b"holdfast/v1/wrap-dek", b"data"), 32)
    dek = AESGCM(wrapping_key).decrypt(nonce, wrapped, aad)
    assert dek == _hex(VALUE, "dek")
    body_nonce, body = envelope[77:89], envelope[89:]
    assert body_nonce == _hex(VALUE, "nonce")
    opened = AESGCM(dek).decrypt(body_nonce, body, context)
    assert opened == _hex(VALUE, "body")
    length = int.from_bytes(opened[32:36], "big")
    assert opened[:32] == bytes(32)
    assert opened[36 : 36 + length] == VALUE["plaintext"].encode()
    assert not any(opened[36 + length :])
    assert len(opened) == 32 + 64


def test_it_encrypts_and_decrypts_the_value_of_the_vector() -> None:
    plaintext = VALUE["plaintext"].encode()
    randomness = Randomness(_hex(VALUE, "dek"), _hex(VALUE, "wrap_nonce"), _hex(VALUE, "nonce"))
    assert encrypt(_ring(), plaintext, _binding(), _randomness=randomness).hex() == VALUE["envelope"]
    assert decrypt(_ring(), _hex(VALUE, "envelope"), _binding()) == plaintext


def test_the_keyed_hash_of_the_vector_is_made_by_the_description() -> None:
    key, message = _hex(HASH, "mac_tenant_key"), HASH["mac_message"].encode()
    mac_key = hkdf(key, lp(b"holdfast/v1/mac", b"token"), 32)
    mac = hmac.digest(mac_key, lp(b"holdfast/v1/keyed-hash") + message, hashlib.sha256)
    assert (_hex(HASH, "mac_key_id") + mac).hex() == HASH["keyed_hash"]
    ours = TenantKey(key, scope="system", purpose="token", version=1, use=KeyUse.MAC)
    assert (ours.key_id + ours.mac("holdfast/v1/keyed-hash", message)).hex() == HASH["keyed_hash"]


def test_the_sizes_in_the_description_are_those_of_the_code() -> None:
    assert f"{MIN_SIZE} to {MAX_SIZE:,} bytes" in FORMAT


@pytest.mark.parametrize("field", ["dek", "wrap_nonce", "nonce"])
def test_the_vector_depends_on_each_random_input(field: str) -> None:
    randomness = Randomness(_hex(VALUE, "dek"), _hex(VALUE, "wrap_nonce"), _hex(VALUE, "nonce"))
    changed = randomness._replace(**{field: bytes(len(getattr(randomness, field)))})
    assert encrypt(_ring(), b"x", _binding(), _randomness=changed) != encrypt(
        _ring(), b"x", _binding(), _randomness=randomness
    )


def _next_key() -> TenantKey:
    return TenantKey(_hex(REWRAP, "next_tenant_key"), scope=KEY["scope"], purpose="data", version=2, use=KeyUse.WRAP)


def test_the_rewrapped_value_of_the_vector_opens_by_the_description() -> None:
    rewrapped = _hex(REWRAP, "rewrapped_front") + _hex(VALUE, "envelope")[77:]
    assert rewrapped[1:17] == _hex(REWRAP, "next_tenant_key_id") == independent.key_id(_hex(REWRAP, "next_tenant_key"))
    assert rewrapped[17:29] == _hex(REWRAP, "next_wrap_nonce")
    opened = independent.value(
        rewrapped,
        key=_hex(REWRAP, "next_tenant_key"),
        purpose="data",
        scope=KEY["scope"],
        table=VALUE["table"],
        column=VALUE["column"],
        row=VALUE["row"],
        row_version=int(VALUE["row_version"]),
    )
    assert opened == VALUE["plaintext"].encode()


def test_it_rewraps_the_value_of_the_vector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "urandom", lambda size: _hex(REWRAP, "next_wrap_nonce")[:size])
    front = rewrap(
        _hex(VALUE, "envelope")[:FRONT_SIZE],
        source=_tenant_key(),
        target=_next_key(),
        row_context=_hex(VALUE, "context"),
    )
    assert front.hex() == REWRAP["rewrapped_front"]
    ring = _ring().with_key(_next_key(), active=True)
    assert decrypt(ring, front + _hex(VALUE, "envelope")[77:], _binding()) == VALUE["plaintext"].encode()


def test_the_note_of_the_vector_verifies_by_the_description() -> None:
    private = independent.private_key(_hex(NOTE, "sign_tenant_key"), "sign")
    assert private.private_bytes_raw() == _hex(NOTE, "seed")
    assert private.public_key().public_bytes_raw() == _hex(NOTE, "public_key")
    note, text = _hex(NOTE, "note").decode(), _hex(NOTE, "text").decode()
    assert note == f"{text}\n{NOTE['signature_line']}\n"
    assert independent.note_text(note, verifier=NOTE["verifier"]) == text


def test_it_signs_the_note_of_the_vector() -> None:
    key = TenantKey(_hex(NOTE, "sign_tenant_key"), scope="system", purpose="sign", version=1, use=KeyUse.SIGN)
    text = _hex(NOTE, "text").decode()
    assert sign_note(text, name=NOTE["name"], key=key).encode() == _hex(NOTE, "note")
    assert verifier_text(NOTE["name"], key.public_key) == NOTE["verifier"]
    note = _hex(NOTE, "note").decode()
    assert verify_note(note, name=NOTE["name"], public_key=_hex(NOTE, "public_key")) == text


@pytest.mark.parametrize("pair", [(0, 1), (0, 2), (2, 1)])
def test_the_shares_of_the_vector_are_of_its_root_key(pair: tuple[int, int]) -> None:
    two = [SHARES[f"share_{index}"] for index in pair]
    assert combine_mnemonics(two) == _hex(KEY, "root_key")
    assert combine(two) == KEY["root_key_text"]
    told = [Share(int(SHARES["identifier"]), index, int(SHARES["threshold"])) for index in pair]
    assert [read_share(share) for share in two] == told


def test_every_vector_is_under_a_heading_of_its_own() -> None:
    assert len(BLOCKS) == FORMAT.count("```vector")

"""The text of a sealed root key: what FORMAT.md says, byte for byte, and nothing else."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

import vault.crypto
from vault.crypto.rootkey import RootKey
from vault.crypto.sealing import MAX_CIPHERTEXT_SIZE, PROVIDERS, MalformedSealedKey, SealedRootKey

FORMAT = (Path(vault.crypto.__file__).parent / "FORMAT.md").read_text(encoding="utf-8")
ROOT_KEY = bytes.fromhex(next(iter(re.findall(r"^root_key = (\w+)$", FORMAT, re.MULTILINE))))
VECTOR = dict(
    line.split(" = ", 1)
    for line in re.findall(r"### Sealed root key\n.*?```vector\n(.*?)```", FORMAT, re.DOTALL)[0].strip().splitlines()
)
SEALED = SealedRootKey.from_text(VECTOR["text"])

sealed_keys = st.builds(
    SealedRootKey,
    provider=st.sampled_from(PROVIDERS),
    key_id=st.binary(min_size=16, max_size=16),
    ciphertext=st.binary(min_size=1, max_size=200),
)


def _lp(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def test_the_text_of_the_vector_comes_apart_by_the_description() -> None:
    prefix, provider, encoded = VECTOR["text"].split("-", 2)
    assert (prefix, provider) == ("hfseal1", "pkcs11")
    decoded = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    key_id, ciphertext, checksum = decoded[:16], decoded[16:-4], decoded[-4:]
    assert key_id == RootKey(ROOT_KEY).key_id
    assert ciphertext.hex() == VECTOR["ciphertext"]
    label = _lp(b"holdfast/v1/sealed-root-key-text", b"pkcs11")
    assert checksum == hashlib.sha256(label + key_id + ciphertext).digest()[:4]
    context = _lp(b"holdfast/v1/sealed-root-key", b"pkcs11", key_id)
    assert context.hex() == VECTOR["context"]
    nonce = bytes.fromhex(VECTOR["nonce"])
    assert ciphertext[:12] == nonce
    assert AESGCM(bytes.fromhex(VECTOR["sealing_key"])).decrypt(nonce, ciphertext[12:], context) == ROOT_KEY


def test_it_reads_and_writes_the_text_of_the_vector() -> None:
    assert (SEALED.provider, SEALED.key_id) == ("pkcs11", RootKey(ROOT_KEY).key_id)
    assert SEALED.ciphertext.hex() == VECTOR["ciphertext"]
    assert SEALED.context.hex() == VECTOR["context"]
    assert SEALED.text == VECTOR["text"]
    assert SEALED.opened(ROOT_KEY).key_id == SEALED.key_id


@given(sealed_keys)
def test_every_sealed_key_survives_its_text(sealed: SealedRootKey) -> None:
    assert SealedRootKey.from_text(sealed.text) == sealed


@given(sealed_keys, st.data())
def test_no_altered_text_is_taken(sealed: SealedRootKey, data: st.DataObject) -> None:
    text = sealed.text
    place = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.characters(min_codepoint=33, max_codepoint=126).filter(lambda each: each != text[place]))
    with pytest.raises(MalformedSealedKey):
        SealedRootKey.from_text(text[:place] + character + text[place + 1 :])


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 20, 100])
def test_no_text_that_was_cut_short_is_taken(cut: int) -> None:
    with pytest.raises(MalformedSealedKey):
        SealedRootKey.from_text(VECTOR["text"][:-cut])


def test_no_text_is_taken_that_says_another_provider() -> None:
    with pytest.raises(MalformedSealedKey, match="checksum"):
        SealedRootKey.from_text(VECTOR["text"].replace("pkcs11", "openbao"))


def test_it_limits_the_size() -> None:
    largest = SealedRootKey("aws-kms", bytes(16), bytes(MAX_CIPHERTEXT_SIZE))
    assert SealedRootKey.from_text(largest.text) == largest
    with pytest.raises(MalformedSealedKey, match="longer"):
        SealedRootKey.from_text(largest._replace(ciphertext=bytes(MAX_CIPHERTEXT_SIZE + 1)).text)


def test_no_two_root_keys_or_providers_share_a_context() -> None:
    contexts = {SealedRootKey(name, bytes([number] * 16), b"x").context for name in PROVIDERS for number in range(3)}
    assert len(contexts) == 9


def test_it_is_named_by_its_fingerprint() -> None:
    assert repr(SEALED) == "<SealedRootKey 7a63-b101-8092-90b5: pkcs11>"

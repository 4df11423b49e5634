import pytest

from tests.vault.crypto.conftest import ACME, INITECH
from vault.crypto.errors import CryptoError, DamagedKey, UnsupportedFormat, WrongKey
from vault.crypto.fingerprint import fingerprint
from vault.crypto.keyring import KeyUse, TenantKey
from vault.crypto.rootkey import (
    PREFIX,
    WRAPPED_SIZE,
    MalformedRootKey,
    RootKey,
    generate_root_key_text,
    new_tenant_key,
    root_key_id_of,
    root_key_text,
    unwrap,
    wrap,
)

PLACE = {"scope": ACME, "purpose": "data", "version": 1}


def _root_key() -> RootKey:
    return RootKey.from_text(generate_root_key_text())


def _unwrap(root_key: RootKey, wrapped: bytes, key_id: bytes, **place: object) -> TenantKey:
    return unwrap(root_key, wrapped, **{**PLACE, **place}, use=KeyUse.WRAP, key_id=key_id)  # type: ignore[arg-type]  # one of PLACE


def test_it_unwraps_the_key_that_it_wrapped() -> None:
    root_key = _root_key()
    wrapped, key = new_tenant_key(root_key, scope=ACME, purpose="data", version=1, use=KeyUse.WRAP)
    assert len(wrapped) == WRAPPED_SIZE == 77
    assert root_key_id_of(wrapped) == root_key.key_id
    assert _unwrap(root_key, wrapped, key.key_id).key_id == key.key_id


def test_it_names_the_root_key_that_is_needed_and_the_one_found() -> None:
    root_key, other = _root_key(), _root_key()
    wrapped, key = new_tenant_key(root_key, scope=ACME, purpose="data", version=1, use=KeyUse.WRAP)
    with pytest.raises(WrongKey) as caught:
        _unwrap(other, wrapped, key.key_id)
    assert root_key.fingerprint in str(caught.value)
    assert other.fingerprint in str(caught.value)


def test_it_refuses_every_single_byte_changed_and_every_other_length() -> None:
    root_key = _root_key()
    wrapped, key = new_tenant_key(root_key, scope=ACME, purpose="data", version=1, use=KeyUse.WRAP)
    for place in range(len(wrapped)):
        altered = bytearray(wrapped)
        altered[place] ^= 1
        expected = UnsupportedFormat if place == 0 else WrongKey if place < 17 else DamagedKey
        with pytest.raises(expected):
            _unwrap(root_key, bytes(altered), key.key_id)
    for length in range(len(wrapped)):
        with pytest.raises(CryptoError):
            _unwrap(root_key, wrapped[:length], key.key_id)
    with pytest.raises(DamagedKey):
        _unwrap(root_key, wrapped + b"\0", key.key_id)


@pytest.mark.parametrize("moved", [{"scope": INITECH}, {"purpose": "totp"}, {"version": 2}])
def test_it_refuses_a_key_moved_to_another_row(moved: dict[str, object]) -> None:
    root_key = _root_key()
    wrapped, key = new_tenant_key(root_key, scope=ACME, purpose="data", version=1, use=KeyUse.WRAP)
    with pytest.raises(DamagedKey, match=root_key.fingerprint):
        _unwrap(root_key, wrapped, key.key_id, **moved)


def test_it_refuses_another_tenant_key_than_the_row_says() -> None:
    root_key = _root_key()
    wrapped, _ = new_tenant_key(root_key, scope=ACME, purpose="data", version=1, use=KeyUse.WRAP)
    with pytest.raises(WrongKey, match=fingerprint(bytes(16))):
        _unwrap(root_key, wrapped, bytes(16))


def test_every_wrap_of_one_key_is_different() -> None:
    root_key = _root_key()
    wraps = {wrap(root_key, bytes(32), scope=ACME, purpose="data", version=1) for _ in range(100)}
    assert len(wraps) == 100


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_keys_have_256_bits(size: int) -> None:
    for making in (
        lambda: RootKey(bytes(size)),
        lambda: root_key_text(bytes(size)),
        lambda: wrap(_root_key(), bytes(size), scope=ACME, purpose="data", version=1),
    ):
        with pytest.raises(ValueError, match="32 bytes"):
            making()


def test_a_text_holds_the_key_it_was_made_of() -> None:
    material = bytes(range(7, 39))
    assert RootKey.from_text(root_key_text(material)).key_id == RootKey(material).key_id


def test_generated_keys_are_different_and_look_like_root_keys() -> None:
    texts = {generate_root_key_text() for _ in range(100)}
    assert len(texts) == 100
    assert all(text.startswith(PREFIX) and len(text) == 56 for text in texts)


def test_a_typing_error_is_told_apart_from_another_key() -> None:
    text = generate_root_key_text()
    for place in range(len(PREFIX), len(text)):
        wrong = "B" if text[place] == "A" else "A"
        with pytest.raises(MalformedRootKey, match="checksum does not match"):
            RootKey.from_text(text[:place] + wrong + text[place + 1 :])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda text: text[:-1], "has 56 characters, this text has 55"),
        (lambda text: text + "A", "this text has 57"),
        (lambda text: text[: len(PREFIX)], "this text has 8"),
        (lambda text: text[len(PREFIX) :], "begins with 'hfroot1-'"),
        (lambda text: "hfroot2-" + text[len(PREFIX) :], "begins with 'hfroot1-'"),
        (lambda text: "", "begins with 'hfroot1-'"),
        (lambda text: text[:-1] + "!", "a character that a root key cannot have"),
        (lambda text: text[:-1] + "é", "a character that a root key cannot have"),
        (lambda text: text[:-1] + "\N{FULLWIDTH LATIN CAPITAL LETTER A}", "a character that a root key cannot have"),
        (lambda text: text[:-1] + "+", "a character that a root key cannot have"),
        (lambda text: text[:-2] + "==", "a character that a root key cannot have"),
    ],
)
def test_a_malformed_text_is_described_and_not_repeated(spoil: object, said: str) -> None:
    text = generate_root_key_text()
    assert callable(spoil)
    spoiled = spoil(text)
    with pytest.raises(MalformedRootKey, match=said) as caught:
        RootKey.from_text(spoiled)
    for start in range(len(PREFIX), len(spoiled) - 4):
        assert spoiled[start : start + 5] not in str(caught.value)

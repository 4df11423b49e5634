"""Nothing but the very bytes that were written, in the very place they were written for, opens."""

import pytest

from tests.vault.crypto.conftest import INITECH, new_key
from vault.crypto.aad import RowBinding
from vault.crypto.envelope import MAX_SIZE, MIN_SIZE, decrypt, encrypt, key_id_of
from vault.crypto.errors import CryptoError, DamagedValue, KeyMisuse, KeyUnavailable, UnsupportedFormat
from vault.crypto.fingerprint import fingerprint
from vault.crypto.keyring import Keyring, TenantKey

PLAINTEXT = b"correct horse battery staple"


def _expected_error(place: int) -> type[CryptoError]:
    if place == 0:
        return UnsupportedFormat
    return KeyUnavailable if place < 17 else DamagedValue


def test_it_refuses_every_single_byte_changed(keyring: Keyring, binding: RowBinding) -> None:
    envelope = encrypt(keyring, PLAINTEXT, binding)
    for place in range(len(envelope)):
        for change in (0x01, 0x80, 0xFF):
            altered = bytearray(envelope)
            altered[place] ^= change
            with pytest.raises(_expected_error(place)):
                decrypt(keyring, bytes(altered), binding)


def test_it_refuses_every_length_but_its_own(keyring: Keyring, binding: RowBinding) -> None:
    envelope = encrypt(keyring, PLAINTEXT, binding)
    for length in range(len(envelope)):
        with pytest.raises(DamagedValue if length >= 17 else UnsupportedFormat):
            decrypt(keyring, envelope[:length], binding)


@pytest.mark.parametrize("added", [b"\0", b"\x01", bytes(16), bytes(64), b"x" * 200])
def test_it_refuses_bytes_added_at_either_end(added: bytes, keyring: Keyring, binding: RowBinding) -> None:
    envelope = encrypt(keyring, PLAINTEXT, binding)
    with pytest.raises(DamagedValue):
        decrypt(keyring, envelope + added, binding)
    with pytest.raises(CryptoError):
        decrypt(keyring, added + envelope, binding)


def test_it_refuses_pieces_of_two_envelopes_of_one_place(keyring: Keyring, binding: RowBinding) -> None:
    one, other = encrypt(keyring, PLAINTEXT, binding), encrypt(keyring, PLAINTEXT, binding)
    for cut in (29, 77, 89, len(one) - 16):
        with pytest.raises(DamagedValue):
            decrypt(keyring, one[:cut] + other[cut:], binding)


def test_it_refuses_a_value_moved_to_another_place(keyring: Keyring, binding: RowBinding) -> None:
    envelope = encrypt(keyring, PLAINTEXT, binding)
    row = binding.row.int
    moved = {
        "table": binding._replace(table="secrets_secret"),
        "column": binding._replace(column="note"),
        "row": binding._replace(row=type(binding.row)(int=row ^ 1)),
        "earlier version": binding._replace(version=binding.version - 1),
        "later version": binding._replace(version=binding.version + 1),
        "text shifted from table to column": binding._replace(table="secrets_secretversionp", column="ayload"),
    }
    for place in moved.values():
        with pytest.raises(DamagedValue):
            decrypt(keyring, envelope, place)
    assert decrypt(keyring, envelope, binding) == PLAINTEXT


def test_it_refuses_a_value_moved_to_another_tenant(keyring: Keyring, binding: RowBinding) -> None:
    envelope = encrypt(keyring, PLAINTEXT, binding)
    theirs = Keyring(INITECH, "data").with_key(new_key(INITECH), active=True)
    with pytest.raises(KeyUnavailable):
        decrypt(theirs, envelope, binding._replace(scope=INITECH))


def test_it_refuses_another_tenants_place_even_under_the_same_key_bytes(binding: RowBinding) -> None:
    material = bytes(range(32))
    rings = {
        scope: Keyring(scope, "data").with_key(
            TenantKey(material, scope=scope, purpose="data", version=1, use=new_key().use), active=True
        )
        for scope in (binding.scope, INITECH)
    }
    envelope = encrypt(rings[binding.scope], PLAINTEXT, binding)
    with pytest.raises(DamagedValue):
        decrypt(rings[INITECH], envelope, binding._replace(scope=INITECH))


def test_it_refuses_a_ring_of_another_scope_than_the_place(keyring: Keyring, binding: RowBinding) -> None:
    envelope = encrypt(keyring, PLAINTEXT, binding)
    elsewhere = binding._replace(scope=INITECH)
    with pytest.raises(KeyMisuse):
        decrypt(keyring, envelope, elsewhere)
    with pytest.raises(KeyMisuse):
        encrypt(keyring, PLAINTEXT, elsewhere)


@pytest.mark.parametrize("version", [0, 2, 0x7F, 0xFF])
def test_it_refuses_a_version_that_it_does_not_know(version: int, keyring: Keyring, binding: RowBinding) -> None:
    envelope = bytes([version]) + encrypt(keyring, PLAINTEXT, binding)[1:]
    with pytest.raises(UnsupportedFormat, match=f"version {version}") as caught:
        decrypt(keyring, envelope, binding)
    assert caught.value.version == version


@pytest.mark.parametrize(
    "plain", [b"", b"\x01", b"hunter2", b"a plaintext of fair length that someone wrote by hand" * 9]
)
def test_it_has_no_fallback_to_plaintext(plain: bytes, keyring: Keyring, binding: RowBinding) -> None:
    with pytest.raises(CryptoError):
        decrypt(keyring, plain, binding)


def test_the_error_names_the_place_and_the_key_and_no_value(keyring: Keyring, binding: RowBinding) -> None:
    envelope = encrypt(keyring, PLAINTEXT, binding)
    with pytest.raises(DamagedValue) as caught:
        decrypt(keyring, envelope[:-1] + bytes([envelope[-1] ^ 1]), binding)
    message = str(caught.value)
    for named in ("secrets_secretversion.payload", str(binding.row), fingerprint(keyring.active.key_id)):
        assert named in message
    assert "horse" not in message
    assert caught.value.key_id == key_id_of(envelope)
    assert (caught.value.table, caught.value.column, caught.value.row) == (
        "secrets_secretversion",
        "payload",
        binding.row,
    )


def test_a_missing_key_is_named_with_a_remedy(keyring: Keyring, binding: RowBinding) -> None:
    envelope = encrypt(keyring, PLAINTEXT, binding)
    other = Keyring(binding.scope, "data").with_key(new_key(), active=True)
    with pytest.raises(KeyUnavailable, match=fingerprint(keyring.active.key_id)) as caught:
        decrypt(other, envelope, binding)
    assert caught.value.key_id == keyring.active.key_id
    assert "Restore" in str(caught.value)


@pytest.mark.parametrize("size", [17, MIN_SIZE - 1, MAX_SIZE + 1])
def test_it_refuses_sizes_that_it_never_writes(size: int, keyring: Keyring, binding: RowBinding) -> None:
    with pytest.raises(DamagedValue):
        decrypt(keyring, b"\x01" + keyring.active.key_id + bytes(size - 17), binding)

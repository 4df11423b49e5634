"""The size of an envelope does not tell the length of what is in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.crypto.aad import RowBinding
from vault.crypto.envelope import encrypt
from vault.crypto.keyring import Keyring
from vault.crypto.padding import FLOOR, bucket, pad, padded_size, unpad


def test_all_short_values_look_the_same(keyring: Keyring, binding: RowBinding) -> None:
    sizes = {len(encrypt(keyring, b"x" * length, binding)) for length in range(FLOOR - 4 + 1)}
    assert sizes == {201}


def test_values_of_one_bucket_look_the_same(keyring: Keyring, binding: RowBinding) -> None:
    assert bucket(1000 + 4) == bucket(1020 + 4) == 1024
    assert len(encrypt(keyring, bytes(1000), binding)) == len(encrypt(keyring, bytes(1020), binding))
    assert len(encrypt(keyring, bytes(1021), binding)) > len(encrypt(keyring, bytes(1020), binding))


@pytest.mark.parametrize(
    ("size", "padded"),
    [(0, 64), (64, 64), (65, 72), (72, 72), (73, 80), (100, 104), (1024, 1024), (1025, 1088), (10**6, 10**6 + 15808)],
)
def test_buckets_are_those_of_padme(size: int, padded: int) -> None:
    assert bucket(size) == padded


@given(st.integers(FLOOR, 2**30))
def test_a_bucket_holds_its_size_wastes_at_most_an_eighth_and_is_its_own_bucket(size: int) -> None:
    padded = bucket(size)
    assert size <= padded <= size * 1.125
    assert bucket(padded) == padded


@given(st.integers(0, 2**30), st.integers(0, 2**30))
def test_a_longer_value_never_looks_shorter(one: int, other: int) -> None:
    assert (bucket(one) <= bucket(other)) or one > other


@given(st.binary(max_size=5000))
def test_it_gives_back_what_it_padded(plaintext: bytes) -> None:
    padded = pad(plaintext)
    assert len(padded) == padded_size(len(plaintext))
    assert unpad(padded) == plaintext


@given(st.binary(max_size=300), st.data())
def test_it_refuses_any_byte_but_those_of_the_plaintext_changed(plaintext: bytes, data: st.DataObject) -> None:
    padded = bytearray(pad(plaintext))
    outside = [at for at in range(len(padded)) if not 36 <= at < 36 + len(plaintext)]
    padded[data.draw(st.sampled_from(outside))] ^= data.draw(st.integers(1, 255))
    read = unpad(bytes(padded))
    # Another length within the bucket can only give or take zero bytes at the end.
    assert read is None or (read != plaintext and read.rstrip(b"\0") == plaintext.rstrip(b"\0"))


def test_it_refuses_a_bucket_that_is_not_the_values_own() -> None:
    assert unpad(pad(b"x") + bytes(8)) is None
    assert unpad(pad(bytes(100))[:-8]) is None

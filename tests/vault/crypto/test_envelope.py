import os
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.vault.crypto.conftest import ACME, new_key
from vault.crypto.aad import RowBinding, context, dek_wrap_aad
from vault.crypto.envelope import (
    MAX_PLAINTEXT,
    MAX_SIZE,
    belongs_to,
    decrypt,
    decrypt_in_context,
    encrypt,
    key_id_of,
)
from vault.crypto.errors import KeyMisuse, ValueTooLarge
from vault.crypto.keyring import Keyring, KeyUse, NoActiveKey

# Each example is independent of the fixture: a ring does not change.
_anything = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
_texts = st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable())


@_anything
@given(
    plaintext=st.binary(max_size=4000), table=_texts, column=_texts, row=st.uuids(), version=st.integers(0, 2**64 - 1)
)
def test_it_gives_back_any_value_from_any_place(
    plaintext: bytes, table: str, column: str, row: UUID, version: int, keyring: Keyring
) -> None:
    binding = RowBinding(ACME, table, column, row, version)
    envelope = encrypt(keyring, plaintext, binding)
    assert decrypt(keyring, envelope, binding) == plaintext
    assert decrypt_in_context(keyring, envelope, context(binding)) == plaintext


def test_it_holds_a_value_of_the_greatest_size_and_none_larger(keyring: Keyring, binding: RowBinding) -> None:
    largest = os.urandom(MAX_PLAINTEXT)
    envelope = encrypt(keyring, largest, binding)
    assert len(envelope) == MAX_SIZE
    assert sha256(decrypt(keyring, envelope, binding)).digest() == sha256(largest).digest()
    with pytest.raises(ValueTooLarge, match="4,194,304 bytes"):
        encrypt(keyring, largest + b"x", binding)


def test_equal_values_in_one_place_have_nothing_in_common(keyring: Keyring, binding: RowBinding) -> None:
    envelopes = [encrypt(keyring, b"same", binding) for _ in range(500)]
    for piece in (slice(17, 29), slice(29, 61), slice(61, 77), slice(77, 89), slice(89, 105), slice(-16, None)):
        assert len({envelope[piece] for envelope in envelopes}) == len(envelopes)


def _dek(keyring: Keyring, envelope: bytes, binding: RowBinding) -> bytes:
    aad = dek_wrap_aad(envelope[:17], context(binding))
    return keyring.active.dek_cipher.decrypt(envelope[17:29], envelope[29:77], aad)


def test_forked_workers_share_no_dek_and_no_nonce(keyring: Keyring, binding: RowBinding) -> None:
    encrypt(keyring, b"before the fork", binding)
    envelopes: list[bytes] = []
    size = len(encrypt(keyring, b"x", binding))
    for _ in range(4):
        reading, writing = os.pipe()
        if os.fork() == 0:
            try:
                os.write(writing, b"".join(encrypt(keyring, b"x", binding) for _ in range(40)))
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            written = pipe.read()
        os.wait()
        envelopes += [written[at : at + size] for at in range(0, len(written), size)]
    assert len(envelopes) == 160
    assert len({_dek(keyring, envelope, binding) for envelope in envelopes}) == 160
    assert len({envelope[17:29] for envelope in envelopes} | {envelope[77:89] for envelope in envelopes}) == 320


def test_it_opens_what_a_superseded_key_wrote_and_writes_with_the_active_one(
    keyring: Keyring, binding: RowBinding
) -> None:
    before = encrypt(keyring, b"before", binding)
    rotated = keyring.with_key(new_key(version=2), active=True)
    after = encrypt(rotated, b"after", binding)
    assert key_id_of(after) == rotated.active.key_id != key_id_of(before)
    assert decrypt(rotated, before, binding) == b"before"
    assert decrypt(rotated, after, binding) == b"after"


def test_it_does_not_write_without_an_active_key(binding: RowBinding) -> None:
    with pytest.raises(NoActiveKey, match="no active data key"):
        encrypt(Keyring(ACME, "data").with_key(new_key()), b"x", binding)


def test_it_does_not_encrypt_under_a_key_for_macs(binding: RowBinding) -> None:
    ring = Keyring(ACME, "row").with_key(new_key(purpose="row", use=KeyUse.MAC), active=True)
    with pytest.raises(KeyMisuse, match="not for encryption"):
        encrypt(ring, b"x", binding)


def test_it_tells_where_an_envelope_belongs_without_opening_it(keyring: Keyring, binding: RowBinding) -> None:
    envelope = encrypt(keyring, b"x", binding)
    broken_body = envelope[:89] + bytes(len(envelope) - 89)
    assert belongs_to(keyring, envelope, binding)
    assert belongs_to(keyring, broken_body, binding)
    assert not belongs_to(keyring, envelope, binding._replace(row=uuid4()))
    assert not belongs_to(keyring, envelope[:100], binding)

import pytest

from tests.vault.keys.conftest import supersede
from vault.crypto.errors import KeyMisuse, KeyUnavailable
from vault.crypto.keyring import NoActiveKey
from vault.keys import keyrings
from vault.keys.models import WrappedKey
from vault.keys.peppers import KEYED_HASH_SIZE, keyed_hash, keyed_hash_candidates, keyed_hash_matches
from vault.keys.purposes import SYSTEM_SCOPE, Purpose

pytestmark = pytest.mark.django_db

MESSAGE = b"invitation:4f1a"


def test_a_stored_hash_says_which_pepper_made_it() -> None:
    stored = keyed_hash(Purpose.TOKEN, MESSAGE)
    assert len(stored) == KEYED_HASH_SIZE == 48
    assert stored[:16] == bytes(WrappedKey.objects.get(purpose="token", state="active").key_id)


def test_it_matches_its_message_and_no_other() -> None:
    stored = keyed_hash(Purpose.TOKEN, MESSAGE)
    assert keyed_hash_matches(Purpose.TOKEN, MESSAGE, stored)
    assert not keyed_hash_matches(Purpose.TOKEN, MESSAGE + b" ", stored)
    assert not keyed_hash_matches(Purpose.TOKEN, b"", stored)


@pytest.mark.parametrize("place", [16, 30, 47])
def test_it_does_not_match_a_changed_hash(place: int) -> None:
    stored = bytearray(keyed_hash(Purpose.TOKEN, MESSAGE))
    stored[place] ^= 1
    assert not keyed_hash_matches(Purpose.TOKEN, MESSAGE, bytes(stored))


@pytest.mark.parametrize("cut", [0, 1, 16, 47])
def test_it_does_not_match_a_piece_of_a_hash(cut: int) -> None:
    stored = keyed_hash(Purpose.TOKEN, MESSAGE)
    assert not keyed_hash_matches(Purpose.TOKEN, MESSAGE, stored[:cut])
    assert not keyed_hash_matches(Purpose.TOKEN, MESSAGE, stored + b"\0")


def test_rotating_the_pepper_invalidates_nothing() -> None:
    before = keyed_hash(Purpose.TOKEN, MESSAGE)
    supersede(SYSTEM_SCOPE, Purpose.TOKEN)
    keyrings.forget()
    after = keyed_hash(Purpose.TOKEN, MESSAGE)
    assert after[:16] != before[:16]
    assert keyed_hash_matches(Purpose.TOKEN, MESSAGE, before)
    assert keyed_hash_matches(Purpose.TOKEN, MESSAGE, after)
    assert keyed_hash_candidates(Purpose.TOKEN, MESSAGE) == [after, before]


def test_a_hash_that_another_process_made_with_a_newer_pepper_matches() -> None:
    keyed_hash(Purpose.TOKEN, MESSAGE)
    remembered = dict(keyrings._rings)
    supersede(SYSTEM_SCOPE, Purpose.TOKEN)
    keyrings.forget()
    newer = keyed_hash(Purpose.TOKEN, MESSAGE)
    keyrings.forget()
    keyrings._rings.update(remembered)
    assert keyed_hash_matches(Purpose.TOKEN, MESSAGE, newer)


def test_two_purposes_have_unrelated_hashes() -> None:
    hashes = {keyed_hash(purpose, MESSAGE)[16:] for purpose in (Purpose.TOKEN, Purpose.AUDIT, Purpose.ROW)}
    assert len(hashes) == 3


@pytest.mark.parametrize("purpose", [Purpose.TOTP])
def test_a_key_that_encrypts_is_no_pepper(purpose: Purpose) -> None:
    with pytest.raises(KeyMisuse, match="not for MACs"):
        keyed_hash(purpose, MESSAGE)


def test_a_pepper_that_is_gone_is_named() -> None:
    stored = bytes(16) + keyed_hash(Purpose.TOKEN, MESSAGE)[16:]
    with pytest.raises(KeyUnavailable, match=r"token key of system.*0000-0000-0000-0000"):
        keyed_hash_matches(Purpose.TOKEN, MESSAGE, stored)


def test_without_a_pepper_nothing_is_hashed_or_looked_up() -> None:
    WrappedKey.objects.filter(purpose="token").delete()
    keyrings.forget()
    with pytest.raises(NoActiveKey):
        keyed_hash(Purpose.TOKEN, MESSAGE)
    with pytest.raises(NoActiveKey):
        keyed_hash_candidates(Purpose.TOKEN, MESSAGE)

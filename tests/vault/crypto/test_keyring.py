import pytest

from tests.vault.crypto.conftest import ACME, INITECH, new_key
from vault.crypto.errors import KeyMisuse, KeyUnavailable
from vault.crypto.fingerprint import fingerprint
from vault.crypto.keyring import Keyring, KeyUse, NoActiveKey, TenantKey


def test_a_ring_with_one_key_more_is_another_ring(keyring: Keyring) -> None:
    before = keyring.active
    rotated = keyring.with_key(new_key(version=2), active=True)
    assert keyring.active is before
    assert len(keyring) == 1
    assert len(rotated) == 2
    assert rotated.get(before.key_id) is before


def test_a_key_that_is_added_without_being_active_only_reads(keyring: Keyring) -> None:
    pending = new_key(version=2)
    ring = keyring.with_key(pending)
    assert ring.active is keyring.active
    assert ring.get(pending.key_id) is pending
    assert pending.key_id in ring


def test_it_lists_the_writing_key_first_and_the_newest_before_the_older() -> None:
    keys = [new_key(version=version) for version in (1, 2, 3)]
    ring = Keyring(ACME, "data").with_key(keys[0]).with_key(keys[1], active=True).with_key(keys[2])
    assert [key.version for key in ring] == [2, 3, 1]


def test_it_names_the_key_that_it_lacks(keyring: Keyring) -> None:
    missing = new_key().key_id
    with pytest.raises(KeyUnavailable, match=fingerprint(missing)) as caught:
        keyring.get(missing)
    assert caught.value.key_id == missing


def test_it_says_that_it_has_nothing_to_write_with() -> None:
    with pytest.raises(NoActiveKey, match=f"no active data key for {ACME}"):
        _ = Keyring(ACME, "data").active


def test_it_takes_no_key_of_another_scope_or_purpose(keyring: Keyring) -> None:
    for foreign in (new_key(INITECH), new_key(purpose="totp")):
        with pytest.raises(KeyMisuse, match=fingerprint(foreign.key_id)):
            keyring.with_key(foreign)


def test_a_key_does_one_job_and_refuses_the_other() -> None:
    wrapping = new_key(purpose="data", use=KeyUse.WRAP)
    signing = new_key(purpose="token", use=KeyUse.MAC)
    with pytest.raises(KeyMisuse, match=r"data key .* is not for MACs"):
        wrapping.mac("label", b"message")
    with pytest.raises(KeyMisuse, match=r"token key .* is not for encryption"):
        _ = signing.dek_cipher


def test_the_same_bytes_for_two_purposes_are_two_unrelated_keys() -> None:
    material = bytes(range(32))
    macs = {
        TenantKey(material, scope="system", purpose=purpose, version=1, use=KeyUse.MAC).mac("label", b"message")
        for purpose in ("token", "audit", "row")
    }
    assert len(macs) == 3


def test_two_labels_give_two_unrelated_macs() -> None:
    key = new_key("system", "token", use=KeyUse.MAC)
    assert key.mac("a", b"bc") != key.mac("ab", b"c")


def test_a_key_has_256_bits() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        TenantKey(bytes(16), scope=ACME, purpose="data", version=1, use=KeyUse.WRAP)


def test_a_fingerprint_is_of_a_whole_key_id() -> None:
    assert fingerprint(bytes(range(16))) == "0001-0203-0405-0607"
    with pytest.raises(ValueError, match="16 bytes"):
        fingerprint(bytes(8))

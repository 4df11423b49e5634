from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from tests.proof.children import Companion
from vault.crypto.errors import DamagedKey
from vault.crypto.rootkey import RootKey, generate_root_key_text
from vault.keys import keyrings, rootkeys
from vault.keys.keyrings import WrongRootKey, keyring_for
from vault.keys.lifecycle import destroy_scope
from vault.keys.models import KnownRootKey, ServingProcess, WrappedKey
from vault.keys.providers import RootKeyProblem
from vault.keys.purposes import SYSTEM_SCOPE, Purpose
from vault.keys.rootkeys import (
    NoNextRootKey,
    ProcessesLackRootKey,
    RootRotationNotBegun,
    RootRotationUnderWay,
    begin_root_rotation,
    finish_root_rotation,
    next_root_key,
    record_root_keys,
    wrapping_root_key,
    wrapping_root_keys,
)
from vault.keys.services import create_tenant_key
from vault.keys.startup import verify_root_keys

pytestmark = pytest.mark.django_db

UseRootKeys = Callable[..., list[RootKey]]


@pytest.fixture
def old_text(settings: Settings) -> str:
    """The root key that wraps everything."""
    return str(settings.ROOT_KEY)


@pytest.fixture
def new_text() -> str:
    """The next one."""
    return generate_root_key_text()


@pytest.fixture
def key(scope: str) -> WrappedKey:
    """A key under the old root key."""
    return create_tenant_key(scope=scope, purpose=Purpose.DATA)


def opens(key: WrappedKey) -> bool:
    """Whether a process that begins now can use the key."""
    keyrings.drop()
    return keyring_for(key.scope, Purpose.DATA).active.key_id == bytes(key.key_id)


def under(root_key: RootKey) -> int:
    return WrappedKey.objects.filter(root_key_id=root_key.key_id).count()


def test_an_added_root_key_wraps_nothing_until_it_is_rotated_to(
    scope: str, old_text: str, new_text: str, use_root_keys: UseRootKeys
) -> None:
    new, old = use_root_keys(new_text, old_text)
    assert wrapping_root_key().key_id == old.key_id
    assert bytes(create_tenant_key(scope=scope, purpose=Purpose.DATA).root_key_id) == old.key_id
    assert next_root_key().key_id == new.key_id
    assert next_root_key(new.fingerprint.upper()).key_id == new.key_id


def test_in_the_first_phase_every_process_with_either_root_key_works(
    key: WrappedKey, old_text: str, new_text: str, use_root_keys: UseRootKeys
) -> None:
    old, new = use_root_keys(old_text, new_text)
    rows = WrappedKey.objects.exclude(state="destroyed").count()
    assert begin_root_rotation(new) == rows
    assert begin_root_rotation(new) == 0
    assert under(old) == rows
    assert wrapping_root_key().key_id == new.key_id
    for texts in ([old_text], [new_text], [old_text, new_text], [new_text, old_text]):
        use_root_keys(*texts)
        verify_root_keys()
        assert opens(key)


def test_a_key_that_is_made_in_the_first_phase_gets_both_wrappings(
    scope: str, old_text: str, new_text: str, use_root_keys: UseRootKeys
) -> None:
    old, new = use_root_keys(old_text, new_text)
    begin_root_rotation(new)
    assert [each and each.key_id for each in wrapping_root_keys()] == [old.key_id, new.key_id]
    key = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    assert (bytes(key.root_key_id), bytes(key.next_root_key_id or b"")) == (old.key_id, new.key_id)
    for text in (old_text, new_text):
        use_root_keys(text)
        assert opens(key)


@pytest.mark.parametrize("has", ["old", "new"])
def test_a_process_with_one_of_them_makes_keys_that_it_can_open(
    has: str, scope: str, old_text: str, new_text: str, use_root_keys: UseRootKeys
) -> None:
    old, new = use_root_keys(old_text, new_text)
    begin_root_rotation(new)
    (mine,) = use_root_keys({"old": old_text, "new": new_text}[has])
    key = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    assert (bytes(key.root_key_id), key.next_wrapped) == (mine.key_id, None)
    use_root_keys(old_text, new_text)
    finish_root_rotation(new)
    use_root_keys(new_text)
    verify_root_keys()
    assert opens(key)
    assert under(old) == 0


def test_after_the_second_phase_the_old_root_key_is_needed_no_more(
    key: WrappedKey, old_text: str, new_text: str, use_root_keys: UseRootKeys
) -> None:
    old, new = use_root_keys(old_text, new_text)
    rows = begin_root_rotation(new)
    assert finish_root_rotation(new) == rows
    assert finish_root_rotation(new) == 0
    assert under(old) == 0
    assert not WrappedKey.objects.exclude(next_wrapped=None).exists()
    assert KnownRootKey.objects.get(key_id=old.key_id).retired_at is not None
    use_root_keys(new_text)
    verify_root_keys()
    assert opens(key)
    assert wrapping_root_key().key_id == new.key_id


def test_a_replaced_root_key_that_is_still_configured_never_wraps_again(
    old_text: str, new_text: str, use_root_keys: UseRootKeys
) -> None:
    old, new = use_root_keys(old_text, new_text)
    begin_root_rotation(new)
    finish_root_rotation(new)
    assert wrapping_root_key().key_id == new.key_id
    with pytest.raises(NoNextRootKey, match="must never have wrapped"):
        next_root_key()
    with pytest.raises(NoNextRootKey, match=f"The root key {old.fingerprint}"):
        next_root_key(old.fingerprint)
    with pytest.raises(NoNextRootKey, match="was replaced"):
        begin_root_rotation(old)
    use_root_keys(old_text)
    with pytest.raises(RootKeyProblem, match="need the root key"):
        verify_root_keys()
    with pytest.raises(RootKeyProblem, match="was replaced by another one"):
        wrapping_root_key()


def test_removing_the_old_root_key_too_early_is_refused_by_name(
    old_text: str, new_text: str, use_root_keys: UseRootKeys
) -> None:
    old, _ = use_root_keys(old_text, new_text)
    use_root_keys(new_text)
    with pytest.raises(RootKeyProblem, match=f"need the root key {old.fingerprint}"):
        verify_root_keys()


def test_two_rotations_at_a_time_are_refused(old_text: str, new_text: str, use_root_keys: UseRootKeys) -> None:
    _, new, third = use_root_keys(old_text, new_text, generate_root_key_text())
    with pytest.raises(NoNextRootKey, match=f"{new.fingerprint}, {third.fingerprint}"):
        next_root_key()
    begin_root_rotation(new)
    assert next_root_key().key_id == new.key_id  # to go on with
    with pytest.raises(RootRotationUnderWay, match=new.fingerprint):
        begin_root_rotation(third)
    with pytest.raises(RootRotationUnderWay, match=new.fingerprint):
        next_root_key(third.fingerprint)
    with pytest.raises(RootRotationNotBegun, match=third.fingerprint):
        finish_root_rotation(third)
    finish_root_rotation(new)
    assert next_root_key().key_id == third.key_id
    begin_root_rotation(third)
    finish_root_rotation(third)
    assert under(third) == WrappedKey.objects.exclude(state="destroyed").count()


def test_finishing_waits_for_processes_that_lack_the_next_root_key(
    old_text: str, new_text: str, use_root_keys: UseRootKeys
) -> None:
    old, new = use_root_keys(old_text, new_text)
    begin_root_rotation(new)
    lacking = ServingProcess.objects.create(host="one", pid=11, root_key_ids=[old.key_id.hex()])
    ServingProcess.objects.create(host="two", pid=12, root_key_ids=[old.key_id.hex(), new.key_id.hex()])
    with pytest.raises(ProcessesLackRootKey, match=f"do not have the root key {new.fingerprint}: 11 on one") as refusal:
        finish_root_rotation(new)
    assert refusal.value.processes == [lacking]
    assert under(old) > 0
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        assert rootkeys.processes_lacking(new.key_id) == []
    assert finish_root_rotation(new, force=True) > 0


def test_a_second_wrapping_that_does_not_open_ends_nothing(
    key: WrappedKey, old_text: str, new_text: str, use_root_keys: UseRootKeys
) -> None:
    old, new = use_root_keys(old_text, new_text)
    begin_root_rotation(new)
    broken = bytes(WrappedKey.objects.get(pk=key.pk).next_wrapped or b"")
    WrappedKey.objects.filter(pk=key.pk).update(next_wrapped=broken[:-1] + bytes([broken[-1] ^ 1]))
    with pytest.raises(DamagedKey, match=key.scope):
        finish_root_rotation(new)
    assert bytes(WrappedKey.objects.get(pk=key.pk).root_key_id) == old.key_id
    assert KnownRootKey.objects.get(key_id=old.key_id).retired_at is None
    use_root_keys(old_text)
    assert opens(key)


def test_without_the_old_root_key_nothing_begins(old_text: str, new_text: str, use_root_keys: UseRootKeys) -> None:
    old, _ = use_root_keys(old_text, new_text)
    (new,) = use_root_keys(new_text)
    with pytest.raises(WrongRootKey, match=old.fingerprint):
        begin_root_rotation(new)


def test_destroyed_keys_are_left_alone(
    key: WrappedKey, old_text: str, new_text: str, use_root_keys: UseRootKeys
) -> None:
    _, new = use_root_keys(old_text, new_text)
    begin_root_rotation(new)
    destroy_scope(key.scope)
    finish_root_rotation(new)
    gone = WrappedKey.objects.get(pk=key.pk)
    assert (bytes(gone.wrapped), gone.next_wrapped) == (b"", None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("stopped_in", ["begin", "finish"])
def test_stopped_in_the_middle_it_goes_on_where_it_was(
    stopped_in: str, old_text: str, new_text: str, use_root_keys: UseRootKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Exception):
        pass

    def stop(rows: int) -> None:
        if rows == 4:
            raise Stopped

    old, new = use_root_keys(old_text, new_text)
    keys = [create_tenant_key(scope=scope, purpose=Purpose.DATA) for scope in _scopes(5)]
    monkeypatch.setattr(rootkeys, "_BATCH", 2)
    total = WrappedKey.objects.count()
    if stopped_in == "finish":
        begin_root_rotation(new)
    with pytest.raises(Stopped):
        (begin_root_rotation if stopped_in == "begin" else finish_root_rotation)(new, progress=stop)
    for text in (old_text, new_text):
        use_root_keys(old_text, text) if text != old_text else use_root_keys(old_text, new_text)
        assert all(opens(key) for key in keys)
    if stopped_in == "begin":
        assert begin_root_rotation(new) == total - 4
        assert finish_root_rotation(new) == total
    else:
        assert finish_root_rotation(new) == total - 4
    assert under(old) == 0
    use_root_keys(new_text)
    assert all(opens(key) for key in keys)


def _scopes(number: int) -> list[str]:
    from uuid import uuid4

    return [str(uuid4()) for _ in range(number)]


def _create(scope: str) -> bytes:
    return bytes(create_tenant_key(scope=scope, purpose=Purpose.DATA).key_id)


def test_what_a_process_without_the_next_root_key_makes_meanwhile_is_not_left_behind(
    scope: str, old_text: str, new_text: str, use_root_keys: UseRootKeys, another_process: Companion
) -> None:
    old, new = use_root_keys(old_text, new_text)
    begin_root_rotation(new)
    another_process.do(_create, scope)  # has the old root key alone
    assert bytes(WrappedKey.objects.get(scope=scope).root_key_id) == old.key_id
    finish_root_rotation(new)
    assert under(old) == 0
    use_root_keys(new_text)
    assert opens(WrappedKey.objects.get(scope=scope))


def test_the_start_writes_down_the_root_keys_and_where_they_come_from(
    old_text: str, new_text: str, use_root_keys: UseRootKeys
) -> None:
    old, new = use_root_keys(old_text, new_text)
    for _ in range(2):
        record_root_keys()
        known = KnownRootKey.objects.get(key_id=new.key_id)
        assert known.wrapping_since is None
        assert "HOLDFAST_ROOT_KEY" in known.source
        assert str(known) == f"root key {new.fingerprint} ({known.source})"
        assert new_text not in known.source
    assert KnownRootKey.objects.get(key_id=old.key_id).wrapping_since is not None
    KnownRootKey.objects.update(source="elsewhere")
    record_root_keys()
    assert "elsewhere" not in KnownRootKey.objects.get(key_id=old.key_id).source


def test_system_keys_are_rewrapped_like_all_others(old_text: str, new_text: str, use_root_keys: UseRootKeys) -> None:
    _, new = use_root_keys(old_text, new_text)
    with transaction.atomic():
        begin_root_rotation(new)
        finish_root_rotation(new)
    assert WrappedKey.objects.filter(scope=SYSTEM_SCOPE).exclude(root_key_id=new.key_id).count() == 0


def test_a_row_that_says_to_be_under_the_next_root_key_and_is_not_is_not_left_behind(
    key: WrappedKey, old_text: str, new_text: str, use_root_keys: UseRootKeys
) -> None:
    _, new = use_root_keys(old_text, new_text)
    begin_root_rotation(next_root_key())
    WrappedKey.objects.filter(pk=key.pk).update(root_key_id=new.key_id, next_root_key_id=None, next_wrapped=None)
    finish_root_rotation(new)
    use_root_keys(new_text)
    verify_root_keys()
    assert opens(key)


def test_nor_is_one_that_says_to_be_under_another_one_and_is_not(
    key: WrappedKey, old_text: str, new_text: str, use_root_keys: UseRootKeys
) -> None:
    _, new = use_root_keys(old_text, new_text)
    begin_root_rotation(next_root_key())
    finish_root_rotation(new)
    WrappedKey.objects.filter(pk=key.pk).update(root_key_id=key.root_key_id)
    finish_root_rotation(new)
    use_root_keys(new_text)
    verify_root_keys()
    assert opens(key)

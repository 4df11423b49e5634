import pytest
from django.db import transaction

from tests.vault.keys.conftest import supersede
from vault.keys import generation
from vault.keys.keyrings import keyring_for
from vault.keys.lifecycle import (
    KeyStillNeeded,
    WrongKeyState,
    activate,
    add_pending_key,
    destroy,
    destroy_scope,
    retire,
)
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, KeyState, Purpose
from vault.keys.services import create_tenant_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def active(scope: str) -> WrappedKey:
    """The first key of a scope."""
    return create_tenant_key(scope=scope, purpose=Purpose.DATA)


def nothing_left(key: WrappedKey) -> int:
    return 0


def one_left(key: WrappedKey) -> int:
    return 1


def states(scope: str) -> list[str]:
    return list(WrappedKey.objects.filter(scope=scope).order_by("version").values_list("state", flat=True))


def test_a_new_key_waits_until_it_is_activated(active: WrappedKey) -> None:
    pending = add_pending_key(scope=active.scope, purpose=Purpose.DATA)
    assert (pending.version, pending.state, pending.activated_at) == (2, "pending", None)
    ring = keyring_for(active.scope, Purpose.DATA)
    assert ring.active.key_id == bytes(active.key_id)
    assert bytes(pending.key_id) in ring


def test_asked_again_there_is_one_pending_key(active: WrappedKey) -> None:
    first = add_pending_key(scope=active.scope, purpose=Purpose.DATA)
    assert add_pending_key(scope=active.scope, purpose=Purpose.DATA) == first
    assert states(active.scope) == ["active", "pending"]


def test_activating_supersedes_the_key_that_wrote(active: WrappedKey) -> None:
    pending = add_pending_key(scope=active.scope, purpose=Purpose.DATA)
    done = activate(pending)
    assert (done.active, done.superseded) == (pending, active)
    assert states(active.scope) == ["decrypt_only", "active"]
    assert done.superseded is not None
    assert done.superseded.superseded_at == done.active.activated_at is not None
    assert keyring_for(active.scope, Purpose.DATA).active.key_id == bytes(pending.key_id)


def test_activating_again_does_nothing(active: WrappedKey) -> None:
    done = activate(activate(add_pending_key(scope=active.scope, purpose=Purpose.DATA)).active)
    assert done.superseded is None
    assert states(active.scope) == ["decrypt_only", "active"]


def test_the_first_key_of_a_scope_supersedes_none(scope: str) -> None:
    done = activate(add_pending_key(scope=scope, purpose=Purpose.DATA))
    assert done.superseded is None
    assert states(scope) == ["active"]


def test_a_key_that_was_superseded_since_is_not_activated_again(active: WrappedKey) -> None:
    second = supersede(active.scope, Purpose.DATA)
    assert activate(active) == (second, None)
    assert states(active.scope) == ["decrypt_only", "active"]


def test_a_destroyed_key_is_not_activated(active: WrappedKey) -> None:
    destroy_scope(active.scope)
    with pytest.raises(WrongKeyState, match=f"{active.fingerprint} of {active.scope} is destroyed"):
        activate(active)


def test_a_key_that_rows_need_is_not_retired(active: WrappedKey) -> None:
    supersede(active.scope, Purpose.DATA)
    with pytest.raises(KeyStillNeeded, match=rf"1 row is still under the data key {active.fingerprint}") as refused:
        retire(active, rows_left=one_left)
    assert refused.value.rows == 1
    assert states(active.scope) == ["decrypt_only", "active"]


@pytest.mark.parametrize("state", ["pending", "active", "destroyed"])
def test_only_a_superseded_key_is_retired(state: str, active: WrappedKey) -> None:
    WrappedKey.objects.filter(pk=active.pk).update(
        state=state, **({"wrapped": b""} if state == KeyState.DESTROYED else {})
    )
    with pytest.raises(WrongKeyState, match=f"is {state}; this is for a key that is decrypt_only"):
        retire(active, rows_left=nothing_left)


def test_a_retired_key_keeps_its_bytes_and_is_destroyed_only_after_that(active: WrappedKey) -> None:
    supersede(active.scope, Purpose.DATA)
    with pytest.raises(WrongKeyState, match="is decrypt_only; this is for a key that is retired"):
        destroy(active, rows_left=nothing_left)
    retired = retire(active, rows_left=nothing_left)
    assert (retired.state, bytes(retired.wrapped)) == ("retired", bytes(active.wrapped))
    assert retired.retired_at is not None
    assert retire(active, rows_left=one_left).retired_at == retired.retired_at  # done before: nothing is asked
    with pytest.raises(KeyStillNeeded):
        destroy(active, rows_left=one_left)
    destroyed = destroy(active, rows_left=nothing_left)
    assert (destroyed.state, bytes(destroyed.wrapped)) == ("destroyed", b"")
    assert destroy(active, rows_left=one_left).destroyed_at == destroyed.destroyed_at is not None


def test_shredding_empties_every_key_of_one_scope_in_whatever_state(active: WrappedKey, scope: str) -> None:
    retire_me = active
    supersede(scope, Purpose.DATA)
    retire(retire_me, rows_left=nothing_left)
    supersede(scope, Purpose.DATA)
    add_pending_key(scope=scope, purpose=Purpose.DATA)
    assert states(scope) == ["retired", "decrypt_only", "active", "pending"]
    system = WrappedKey.objects.filter(scope=SYSTEM_SCOPE).exclude(state="destroyed").count()
    assert len(destroy_scope(scope)) == 4
    assert states(scope) == ["destroyed"] * 4
    assert {bytes(key.wrapped) for key in WrappedKey.objects.filter(scope=scope)} == {b""}
    assert WrappedKey.objects.filter(scope=SYSTEM_SCOPE).exclude(state="destroyed").count() == system
    assert not len(keyring_for(scope, Purpose.DATA))
    assert destroy_scope(scope) == []


def test_the_instance_cannot_be_shredded() -> None:
    with pytest.raises(ValueError, match="belongs to an organization"):
        destroy_scope(SYSTEM_SCOPE)


def test_every_step_makes_the_generation_larger(active: WrappedKey) -> None:
    numbers = [generation.number()]

    def next_number() -> None:
        numbers.append(generation.number())

    pending = add_pending_key(scope=active.scope, purpose=Purpose.DATA)
    next_number()
    activate(pending)
    next_number()
    retire(active, rows_left=nothing_left)
    next_number()
    destroy(active, rows_left=nothing_left)
    next_number()
    destroy_scope(active.scope)
    next_number()
    assert numbers == sorted(set(numbers))


@pytest.mark.django_db(transaction=True)
def test_a_step_that_is_rolled_back_was_never_there(active: WrappedKey) -> None:
    before = keyring_for(active.scope, Purpose.DATA).active.key_id
    with transaction.atomic():
        supersede(active.scope, Purpose.DATA)
        assert keyring_for(active.scope, Purpose.DATA).active.key_id != before
        transaction.set_rollback(True)
    assert states(active.scope) == ["active"]
    ring = keyring_for(active.scope, Purpose.DATA)
    assert ring.active.key_id == before
    assert len(ring) == 1

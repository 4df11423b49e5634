"""When a process sees that another one has changed a key."""

import logging
import time
from collections.abc import Callable

import pytest
from django.core.signals import request_finished, request_started
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.proof.children import Companion
from tests.vault.keys.conftest import in_threads, supersede
from vault.crypto.errors import KeyUnavailable
from vault.keys import generation, keyrings, providers
from vault.keys.keyrings import keyring_for
from vault.keys.lifecycle import activate, add_pending_key, destroy_scope, retire
from vault.keys.models import KeyGeneration, WrappedKey
from vault.keys.peppers import keyed_hash, keyed_hash_candidates
from vault.keys.purposes import SYSTEM_SCOPE, Purpose
from vault.keys.services import create_tenant_key

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def key(scope: str) -> WrappedKey:
    """A committed key."""
    return create_tenant_key(scope=scope, purpose=Purpose.DATA)


def _rotate(scope: str, purpose: Purpose = Purpose.DATA) -> bytes:
    return bytes(supersede(scope, purpose).key_id)


def _shred(scope: str) -> int:
    return len(destroy_scope(scope))


def _retire_all(scope: str) -> None:
    for key in WrappedKey.objects.filter(scope=scope, state="decrypt_only"):
        retire(key, rows_left=lambda key: 0)


def _active(scope: str) -> bytes:
    return keyring_for(scope, Purpose.DATA).active.key_id


def _hash(message: bytes) -> bytes:
    with transaction.atomic():
        return keyed_hash(Purpose.TOKEN, message)


def request(act: Callable[[], bytes]) -> bytes:
    """What `act` gives in a request of its own."""
    request_started.send(sender=request)
    try:
        return act()
    finally:
        request_finished.send(sender=request)


def test_another_process_sees_a_rotation_at_its_next_request(key: WrappedKey, another_process: Companion) -> None:
    assert request(lambda: _active(key.scope)) == bytes(key.key_id)
    newer = another_process.do(_rotate, key.scope)
    assert request(lambda: _active(key.scope)) == newer


def test_within_a_request_it_looks_once(key: WrappedKey, another_process: Companion) -> None:
    request_started.send(sender=request)
    assert _active(key.scope) == bytes(key.key_id)
    newer = another_process.do(_rotate, key.scope)
    with CaptureQueriesContext(connection) as captured:
        assert _active(key.scope) == bytes(key.key_id)
    assert len(captured) == 0
    request_finished.send(sender=request)
    assert request(lambda: _active(key.scope)) == newer


def test_a_request_that_uses_no_key_asks_nothing() -> None:
    with CaptureQueriesContext(connection) as captured:
        request(lambda: b"")
    assert len(captured) == 0


def test_a_request_pays_one_question_for_it(key: WrappedKey) -> None:
    request(lambda: _active(key.scope))
    with CaptureQueriesContext(connection) as captured:
        request(lambda: _active(key.scope) and _active(key.scope))
    assert ["keys_keygeneration" in query["sql"] for query in captured] == [True]


def test_a_command_looks_once_a_second(key: WrappedKey, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    keyrings.refresh()
    _active(key.scope)
    with CaptureQueriesContext(connection) as captured:
        now[0] += 0.9
        _active(key.scope)
    assert len(captured) == 0
    with CaptureQueriesContext(connection) as captured:
        now[0] += 0.2
        _active(key.scope)
    assert len(captured) == 1


def test_a_token_of_another_process_is_found_at_once_also_outside_of_a_request(another_process: Companion) -> None:
    keyed_hash_candidates(Purpose.TOKEN, b"token:1")
    another_process.do(_rotate, SYSTEM_SCOPE, Purpose.TOKEN)
    stored = another_process.do(_hash, b"token:1")
    assert stored in keyed_hash_candidates(Purpose.TOKEN, b"token:1")
    assert stored in request(lambda: b"".join(keyed_hash_candidates(Purpose.TOKEN, b"token:1")))


def test_a_shredded_key_leaves_the_memory_of_other_processes(key: WrappedKey, another_process: Companion) -> None:
    request(lambda: _active(key.scope))
    assert another_process.do(_shred, key.scope) == 1
    request_started.send(sender=request)
    assert not len(keyring_for(key.scope, Purpose.DATA, needing=bytes(key.key_id)))
    in_memory = [held.key_id for ring in keyrings._rings.values() for held in ring]
    assert bytes(key.key_id) not in [*in_memory, *keyrings._spare]
    request_finished.send(sender=request)


def test_a_shredded_key_that_is_never_asked_for_again_leaves_it_too(
    key: WrappedKey, another_process: Companion
) -> None:
    request(lambda: _active(key.scope))
    another_process.do(_shred, key.scope)
    request(lambda: b"".join(keyed_hash_candidates(Purpose.TOKEN, b"another matter")))
    assert bytes(key.key_id) not in keyrings._spare
    assert (key.scope, Purpose.DATA) not in keyrings._rings


def test_a_retired_key_opens_for_a_row_that_names_it_with_a_warning(
    key: WrappedKey, another_process: Companion, caplog: pytest.LogCaptureFixture
) -> None:
    newer = another_process.do(_rotate, key.scope)
    another_process.do(_retire_all, key.scope)
    keyrings.forget()
    ring = keyring_for(key.scope, Purpose.DATA)
    assert [held.key_id for held in ring] == [newer]
    with pytest.raises(KeyUnavailable):
        ring.get(bytes(key.key_id))
    with caplog.at_level(logging.WARNING, logger="vault.keys.keyrings"):
        ring = keyring_for(key.scope, Purpose.DATA, needing=bytes(key.key_id))
        assert ring.get(bytes(key.key_id)).version == 1
        keyring_for(key.scope, Purpose.DATA, needing=bytes(key.key_id))
    assert ring.active.key_id == newer
    (warning,) = [record.getMessage() for record in caplog.records if record.name == "vault.keys.keyrings"]
    assert key.fingerprint in warning
    assert "keys reencrypt" in warning


def test_what_a_transaction_sees_of_its_own_change_is_not_remembered(
    key: WrappedKey, another_process: Companion
) -> None:
    # If it were, another process's change could take the same number, and nobody would look again.
    another_process.do(_active, key.scope)  # is up
    keyrings.refresh()
    with transaction.atomic():
        mine = activate(add_pending_key(scope=key.scope, purpose=Purpose.DATA)).active
        keyrings.refresh()
        assert _active(key.scope) == bytes(mine.key_id)
        transaction.set_rollback(True)
    assert _active(key.scope) == bytes(key.key_id)
    theirs = another_process.do(_rotate, key.scope)
    assert request(lambda: _active(key.scope)) == theirs


def test_other_threads_see_a_change_when_it_is_committed_and_not_before(key: WrappedKey) -> None:
    request(lambda: _active(key.scope))
    if connection.vendor == "postgresql":
        with transaction.atomic():
            _rotate(key.scope)
            assert in_threads(lambda: _active(key.scope)) == [bytes(key.key_id)]
            transaction.set_rollback(True)
        assert _active(key.scope) == bytes(key.key_id)
    newer = _rotate(key.scope)
    assert in_threads(lambda: _active(key.scope)) == [newer]


def test_keys_in_memory_go_on_when_their_root_key_is_not_to_be_had_any_more(
    key: WrappedKey, another_process: Companion, monkeypatch: pytest.MonkeyPatch
) -> None:
    request(lambda: _active(key.scope))
    another_process.do(_bump)
    monkeypatch.setattr(providers, "root_key", lambda key_id: None)
    unwrapped = request(lambda: _active(key.scope))
    assert unwrapped == bytes(key.key_id)
    keyrings.drop()
    with pytest.raises(keyrings.WrongRootKey):
        _active(key.scope)


def _bump() -> None:
    with transaction.atomic():
        generation.advance()


def test_the_number_begins_where_there_is_none_and_is_never_lost() -> None:
    KeyGeneration.objects.all().delete()
    assert generation.number() == 0
    in_threads(*[_bump] * 5)
    assert generation.number() == 5


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite the transaction itself is the lock")
def test_where_there_is_none_who_makes_a_key_locks_one_all_the_same(scope: str) -> None:
    KeyGeneration.objects.all().delete()
    create_tenant_key(scope=scope, purpose=Purpose.DATA)
    assert KeyGeneration.objects.exists()

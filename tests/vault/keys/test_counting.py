"""The wraps of a key: reserved before they are used, so that the count is never below what was stored."""

import os
import signal
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection, connections, transaction

from tests.proof.children import Child, Companion, Surroundings
from tests.vault.keys.conftest import in_threads, supersede
from vault.keys import counting
from vault.keys.counting import BLOCK, WRAP_LIMIT
from vault.keys.models import WrappedKey
from vault.keys.purposes import Purpose
from vault.keys.services import create_tenant_key
from vault.keys.writing import KeyExhausted, keyring_to_write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def key(scope: str) -> WrappedKey:
    """A committed key that has wrapped nothing."""
    return create_tenant_key(scope=scope, purpose=Purpose.DATA)


def counted(key: WrappedKey) -> int:
    """The count in the database."""
    return WrappedKey.objects.get(pk=key.pk).wraps


def write(scope: str, wraps: int = 1) -> bytes:
    """Use wraps in a transaction that is committed; the key's id."""
    with transaction.atomic():
        return keyring_to_write(scope, Purpose.DATA, wraps=wraps).active.key_id


def test_a_block_lasts_for_many_writes(key: WrappedKey) -> None:
    write(key.scope)
    assert counted(key) == BLOCK
    for _ in range(BLOCK - 1):
        assert counting.take(bytes(key.key_id), 1)
    assert not counting.has(bytes(key.key_id), 1)
    write(key.scope)
    assert counted(key) == 2 * BLOCK


def test_more_than_a_block_at_once_is_reserved_at_once(key: WrappedKey) -> None:
    write(key.scope, wraps=5 * BLOCK)
    assert counted(key) == 5 * BLOCK


def test_a_transaction_can_use_more_than_its_first_block(key: WrappedKey) -> None:
    with transaction.atomic():
        for _ in range(3 * BLOCK + 1):
            keyring_to_write(key.scope, Purpose.DATA, wraps=1)
    assert counted(key) == 4 * BLOCK


def test_keys_that_wrap_nothing_are_not_counted(key: WrappedKey) -> None:
    write(key.scope, wraps=0)
    assert counted(key) == 0


def test_threads_never_use_more_than_they_reserved(key: WrappedKey) -> None:
    def work() -> int:
        for _ in range(40):
            write(key.scope, wraps=37)
        return 40 * 37

    answers = in_threads(work, work, work)
    assert answers == [1480] * 3
    assert counted(key) >= 3 * 1480


@pytest.mark.parametrize("savepoint", [False, True])
def test_what_a_rolled_back_transaction_used_is_counted(savepoint: bool, key: WrappedKey) -> None:
    used = 0
    for _ in range(5):
        with transaction.atomic():
            if savepoint:
                with transaction.atomic():
                    keyring_to_write(key.scope, Purpose.DATA, wraps=500)
                    transaction.set_rollback(True)
            else:
                keyring_to_write(key.scope, Purpose.DATA, wraps=500)
                transaction.set_rollback(True)
        used += 500
    write(key.scope)
    assert counted(key) >= used + 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite counts within the transaction")
def test_a_block_that_was_reserved_apart_outlives_a_rollback_and_blocks_nobody(key: WrappedKey) -> None:
    other = connection.copy()
    try:
        with transaction.atomic():
            keyring_to_write(key.scope, Purpose.DATA, wraps=1)
            with other.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
                cursor.execute(
                    "UPDATE keys_wrappedkey SET wraps = wraps + 1 WHERE key_id = %s RETURNING wraps",
                    [bytes(key.key_id)],
                )
                assert cursor.fetchone() == (BLOCK + 1,)
            transaction.set_rollback(True)
        assert counted(key) == BLOCK + 1
    finally:
        other.close()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite counts within the transaction")
@pytest.mark.parametrize("locked", [True, False])
def test_without_a_second_connection_it_counts_within_the_transaction(
    locked: bool, key: WrappedKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_LOCK_TIMEOUT", "50ms")
    with transaction.atomic():
        if locked:
            WrappedKey.objects.select_for_update(no_key=True).get(pk=key.pk)
        else:
            wrapper = type(connections["default"])
            nowhere = wrapper({**connection.settings_dict, "NAME": "no-such-database"})
            monkeypatch.setattr(wrapper, "copy", lambda self: nowhere)
        keyring_to_write(key.scope, Purpose.DATA, wraps=7)
    monkeypatch.undo()
    assert counted(key) == BLOCK
    assert counting.take(bytes(key.key_id), BLOCK - 7)


def test_a_transaction_counts_for_the_key_that_it_made(scope: str) -> None:
    with transaction.atomic():
        key = create_tenant_key(scope=scope, purpose=Purpose.DATA)
        keyring_to_write(scope, Purpose.DATA, wraps=3)
        newer = supersede(scope, Purpose.DATA)
        keyring_to_write(scope, Purpose.DATA, wraps=BLOCK + 5)
    assert (counted(key), counted(newer)) == (BLOCK, BLOCK + 5)


def test_a_forked_process_reserves_for_itself(key: WrappedKey) -> None:
    write(key.scope)
    connections.close_all()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            assert not counting.has(bytes(key.key_id), 1)
            write(key.scope)
            connections.close_all()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert counted(key) == 2 * BLOCK


def _write_and_die(scope: str) -> None:
    write(scope, wraps=BLOCK - 1)
    with transaction.atomic():
        keyring_to_write(scope, Purpose.DATA, wraps=10)
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_has_counted_all_that_it_stored(
    key: WrappedKey, another_process: Companion, tmp_path: Path
) -> None:
    surroundings = Surroundings.of_this_test(tmp_path / "killed.log")
    assert Child(surroundings, _write_and_die, key.scope).killed_itself()
    assert counted(key) >= BLOCK - 1
    before = counted(key)
    another_process.do(write, key.scope)
    assert counted(key) >= before + 1


def test_processes_and_threads_together_are_all_counted(key: WrappedKey, another_process: Companion) -> None:
    stored: Counter[bytes] = Counter()

    def here() -> None:
        for _ in range(25):
            stored[write(key.scope, wraps=100)] += 100

    def there() -> None:
        for _ in range(25):
            stored[another_process.do(write, key.scope, 100)] += 100

    assert in_threads(here, there) == [None, None]
    assert stored == {bytes(key.key_id): 5000}
    assert counted(key) >= 5000


def test_at_the_bound_nothing_more_is_written_under_a_key(key: WrappedKey) -> None:
    WrappedKey.objects.filter(pk=key.pk).update(wraps=WRAP_LIMIT - BLOCK)
    write(key.scope, wraps=BLOCK)
    assert counted(key) == WRAP_LIMIT
    with pytest.raises(KeyExhausted, match=rf"{key.fingerprint} of {key.scope}.*keys rotate --purpose data"):
        write(key.scope)
    assert counted(key) == WRAP_LIMIT < 2**32
    newer = supersede(key.scope, Purpose.DATA)
    assert write(key.scope) == bytes(newer.key_id)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no second connection")
def test_the_second_connection_leaves_nothing_behind_in_a_session_that_a_pooler_gives_to_the_next(
    key: WrappedKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = connection.copy()
    monkeypatch.setattr(connection, "copy", lambda: session)
    monkeypatch.setattr(session, "close", session.rollback)  # the transaction ends, the session does not
    try:
        assert counting.reserve_apart(bytes(key.key_id), 1)
        with session.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("0",)
    finally:
        session.connection.close()
    key.refresh_from_db()
    assert key.wraps == counting.BLOCK

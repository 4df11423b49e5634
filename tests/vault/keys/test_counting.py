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
from vault.keys.writing import KeyExhausted, WrapsNotCounted, keyring_to_write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def key(scope: str) -> WrappedKey:
    """A committed key that has wrapped nothing."""
    return create_tenant_key(scope=scope, purpose=Purpose.DATA)


def counted(key: WrappedKey) -> int:
    """The count in the database."""
    return WrappedKey.objects.get(pk=key.pk).wraps


def in_all(key: WrappedKey) -> int:
    """The count as everybody reads it."""
    return max(counted(key), counting.reserved().get(bytes(key.key_id), 0))


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


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no second connection")
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


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no second connection")
@pytest.mark.parametrize("locked", [True, False])
def test_nothing_is_wrapped_while_no_second_connection_can_count_it(
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
        with pytest.raises(WrapsNotCounted, match=rf"{key.fingerprint} of {key.scope}.*nothing was stored.*Try again"):
            keyring_to_write(key.scope, Purpose.DATA, wraps=7)
    monkeypatch.undo()
    write(key.scope)
    assert counted(key) == BLOCK


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has no file beside it")
def test_nothing_is_wrapped_while_the_file_beside_the_database_cannot_count_it(
    key: WrappedKey, caplog: pytest.LogCaptureFixture
) -> None:
    file = Path(f"{connection.settings_dict['NAME']}-wraps")
    aside = file.with_suffix(".aside")
    write(key.scope)
    file.rename(aside)
    try:
        file.mkdir()
        with transaction.atomic(), pytest.raises(WrapsNotCounted, match="Try again") as refusal:
            keyring_to_write(key.scope, Purpose.DATA, wraps=BLOCK)
        with pytest.raises(counting.NotCounted, match=str(file)):
            counting.reserved()
    finally:
        file.rmdir()
        aside.rename(file)
    assert str(file) in caplog.text
    assert str(file) not in str(refusal.value)
    write(key.scope, wraps=BLOCK)
    assert in_all(key) >= BLOCK + 1


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL counts in the row alone")
def test_the_row_counts_all_that_is_stored_whatever_becomes_of_the_file(key: WrappedKey) -> None:
    for stored in range(1, 6):
        with transaction.atomic():
            keyring_to_write(key.scope, Purpose.DATA, wraps=500)
            transaction.set_rollback(True)
        write(key.scope, wraps=500)
        assert counted(key) >= stored * 500
    Path(f"{connection.settings_dict['NAME']}-wraps").unlink()
    write(key.scope, wraps=500)
    assert counted(key) >= 3000


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


def _roll_back_and_die(scope: str, how: str) -> None:
    with transaction.atomic():
        if how == "savepoint":
            with transaction.atomic():
                keyring_to_write(scope, Purpose.DATA, wraps=3 * BLOCK)
                transaction.set_rollback(True)
        else:
            keyring_to_write(scope, Purpose.DATA, wraps=3 * BLOCK)
            if how == "before the rollback":
                os.kill(os.getpid(), signal.SIGKILL)
            transaction.set_rollback(True)
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("how", ["transaction", "savepoint", "before the rollback"])
def test_what_a_rolled_back_transaction_used_is_counted_though_the_process_is_killed_at_once(
    how: str, key: WrappedKey, another_process: Companion, tmp_path: Path
) -> None:
    surroundings = Surroundings.of_this_test(tmp_path / "killed.log")
    for died in (1, 2):
        assert Child(surroundings, _roll_back_and_die, key.scope, how).killed_itself()
        assert in_all(key) >= died * 3 * BLOCK
    another_process.do(write, key.scope)
    assert counted(key) >= 6 * BLOCK + 1


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
    with pytest.raises(KeyExhausted, match=rf"{key.fingerprint} of {key.scope}.*keys rotate --org {key.scope}"):
        write(key.scope)
    assert counted(key) == WRAP_LIMIT < 2**32
    newer = supersede(key.scope, Purpose.DATA)
    assert write(key.scope) == bytes(newer.key_id)


def test_what_was_rolled_back_counts_towards_the_bound(key: WrappedKey) -> None:
    WrappedKey.objects.filter(pk=key.pk).update(wraps=WRAP_LIMIT - 2 * BLOCK)
    for _ in range(2):
        with transaction.atomic():
            keyring_to_write(key.scope, Purpose.DATA, wraps=BLOCK)
            transaction.set_rollback(True)
    with pytest.raises(KeyExhausted):
        write(key.scope)
    assert in_all(key) == WRAP_LIMIT


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

"""Steps in the lives of keys that meet each other, and those who write."""

from collections.abc import Callable
from threading import Event, Thread
from uuid import uuid4

import pytest
from django.db import connection, transaction

from tests.vault.keys.conftest import in_threads, supersede
from vault.keys import lifecycle
from vault.keys.keyrings import keyring_for
from vault.keys.lifecycle import KeyInUse, KeyStillNeeded, activate, add_pending_key, destroy_scope, retire
from vault.keys.models import KnownRootKey, WrappedKey
from vault.keys.purposes import KeyState, Purpose
from vault.keys.services import create_tenant_key
from vault.keys.writing import keyring_to_write

pytestmark = pytest.mark.django_db(transaction=True)
ROW = "written by the test"


def written_under(key: WrappedKey) -> int:
    """Rows that a writer of this test has put under a key; any table does."""
    return KnownRootKey.objects.filter(source=ROW, key_id=bytes(key.key_id)).count()


def test_of_many_rotations_at_once_every_one_leaves_one_active_key(scope: str) -> None:
    create_tenant_key(scope=scope, purpose=Purpose.DATA)
    answers = in_threads(*[lambda: supersede(scope, Purpose.DATA).version] * 6)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    found = list(WrappedKey.objects.filter(scope=scope).order_by("version").values_list("state", flat=True))
    assert found.count("active") == 1
    assert set(found) <= {"active", "decrypt_only"}
    assert found[-1] == "active"


def test_one_pending_key_is_made_by_many_who_ask_at_once(scope: str) -> None:
    create_tenant_key(scope=scope, purpose=Purpose.DATA)
    answers = in_threads(*[lambda: add_pending_key(scope=scope, purpose=Purpose.DATA).pk] * 6)
    assert len(set(answers)) == 1
    assert WrappedKey.objects.filter(scope=scope, state=KeyState.PENDING.value).count() == 1


def test_one_of_two_keys_that_are_activated_at_once_is_superseded_by_the_other(scope: str) -> None:
    create_tenant_key(scope=scope, purpose=Purpose.DATA)
    pending = add_pending_key(scope=scope, purpose=Purpose.DATA)
    done = in_threads(*[lambda: activate(pending).superseded] * 4)
    assert sorted(answer is None for answer in done) == [False, True, True, True]
    assert WrappedKey.objects.get(scope=scope, state=KeyState.ACTIVE.value) == pending


class Writer:
    """Writes a row under the active key, and commits it when it is told to."""

    def __init__(self, scope: str) -> None:
        self._scope = scope
        self._fenced, self._go = Event(), Event()
        self.key_id = b""
        self._thread = Thread(target=self._write)
        self._thread.start()
        assert self._fenced.wait(20)

    def _write(self) -> None:
        try:
            with transaction.atomic():
                self.key_id = keyring_to_write(self._scope, Purpose.DATA, wraps=1).active.key_id
                self._fenced.set()
                assert self._go.wait(20)
                KnownRootKey.objects.create(key_id=self.key_id, source=ROW)
        finally:
            self._fenced.set()
            connection.close()

    def commit(self) -> None:
        """Lets it end."""
        self._go.set()
        self._thread.join(20)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer, which everybody waits for")
def test_a_rotation_waits_for_no_writer_and_retiring_waits_for_all(scope: str) -> None:
    first = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    writer = Writer(scope)
    assert writer.key_id == bytes(first.key_id)
    supersede(scope, Purpose.DATA)  # while the writer is at it
    answers: list[object] = []

    def give_up() -> None:
        try:
            answers.append(retire(first, rows_left=written_under))
        except KeyStillNeeded as refusal:
            answers.append(refusal)
        finally:
            connection.close()

    retiring = Thread(target=give_up)
    retiring.start()
    retiring.join(0.7)
    assert answers == []  # it waits, or it would have found no row and retired the key
    writer.commit()
    retiring.join(20)
    assert isinstance(answers[0], KeyStillNeeded)
    assert WrappedKey.objects.get(pk=first.pk).state == KeyState.DECRYPT_ONLY.value


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer, which everybody waits for")
def test_nobody_waits_for_long_behind_a_writer_that_hangs(scope: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    writer = Writer(scope)
    supersede(scope, Purpose.DATA)
    monkeypatch.setattr(lifecycle, "PATIENCE_SECONDS", 1)
    acts: dict[str, Callable[[], object]] = {
        "retire": lambda: retire(first, rows_left=written_under),
        "shred": lambda: destroy_scope(scope),
        "found": lambda: create_tenant_key(scope=str(uuid4()), purpose=Purpose.DATA).state,
    }
    answers: dict[str, object] = {}

    def act(name: str) -> None:
        try:
            answers[name] = acts[name]()
        except KeyInUse as refusal:
            answers[name] = refusal
        finally:
            connection.close()

    threads = [Thread(target=act, args=[name]) for name in acts]
    for thread in threads:
        thread.start()
        thread.join(0.4)  # they come in this order
    for thread in threads:
        thread.join(8)
    try:
        assert answers["found"] == "active"
        assert isinstance(answers["retire"], KeyInUse)
        assert isinstance(answers["shred"], KeyInUse)
    finally:
        writer.commit()
    first.refresh_from_db()
    assert first.state == KeyState.DECRYPT_ONLY.value
    assert destroy_scope(scope)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such limit")
def test_after_giving_up_a_key_a_transaction_waits_as_long_as_before(scope: str) -> None:
    first = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    supersede(scope, Purpose.DATA)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '77s'")
        retire(first, rows_left=written_under)
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("77s",)


def test_a_writer_that_comes_while_a_key_is_retired_takes_the_one_that_is_active(scope: str) -> None:
    first = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    second = supersede(scope, Purpose.DATA)
    keyring_for(scope, Purpose.DATA)
    counted, go = Event(), Event()

    def count_slowly(key: WrappedKey) -> int:
        counted.set()
        assert go.wait(20)
        return 0

    def give_up() -> object:
        return retire(first, rows_left=count_slowly).state

    def write() -> object:
        assert counted.wait(20)
        go.set()
        with transaction.atomic():
            return keyring_to_write(scope, Purpose.DATA, wraps=1).active.key_id

    assert in_threads(give_up, write) == ["retired", bytes(second.key_id)]


def test_no_row_is_ever_under_a_retired_key_while_all_go_on_at_once(scope: str) -> None:
    create_tenant_key(scope=scope, purpose=Purpose.DATA)
    written: list[bytes] = []

    def write() -> None:
        for _ in range(15):
            with transaction.atomic():
                key_id = keyring_to_write(scope, Purpose.DATA, wraps=1).active.key_id
                KnownRootKey.objects.filter(key_id=key_id, source=ROW).delete()
                KnownRootKey.objects.create(key_id=key_id, source=ROW)
                written.append(key_id)

    def rotate_and_retire() -> None:
        for _ in range(10):
            supersede(scope, Purpose.DATA)
            for key in WrappedKey.objects.filter(scope=scope, state=KeyState.DECRYPT_ONLY.value):
                try:
                    retire(key, rows_left=written_under)
                except KeyStillNeeded:
                    KnownRootKey.objects.filter(key_id=bytes(key.key_id), source=ROW).delete()  # "re-encrypted"

    answers = in_threads(write, rotate_and_retire)
    assert answers == [None, None]
    assert len(written) == 15
    for key in WrappedKey.objects.filter(scope=scope, state=KeyState.RETIRED.value):
        assert written_under(key) == 0
    assert WrappedKey.objects.filter(scope=scope, state=KeyState.ACTIVE.value).count() == 1

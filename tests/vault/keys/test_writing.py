import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.proof.children import Companion
from tests.vault.keys.conftest import supersede
from vault.crypto.keyring import NoActiveKey
from vault.keys.keyrings import keyring_for
from vault.keys.lifecycle import activate, add_pending_key
from vault.keys.models import KnownRootKey, WrappedKey
from vault.keys.peppers import keyed_hash
from vault.keys.purposes import SYSTEM_SCOPE, Purpose
from vault.keys.services import create_tenant_key
from vault.keys.writing import WriteOutsideTransaction, keyring_to_write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def key(scope: str, in_a_request: None) -> WrappedKey:
    """The committed active key of a scope, in memory."""
    key = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    keyring_for(scope, Purpose.DATA)
    return key


@contextmanager
def _asking(times: int) -> Iterator[None]:
    with CaptureQueriesContext(connection) as captured:
        yield
    asked = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"] and query["sql"] != "BEGIN"]
    assert len(asked) == times, asked


def test_it_needs_a_transaction(key: WrappedKey) -> None:
    with pytest.raises(WriteOutsideTransaction, match=r"transaction\.atomic"):
        keyring_to_write(key.scope, Purpose.DATA, wraps=1)
    with pytest.raises(WriteOutsideTransaction):
        keyed_hash(Purpose.TOKEN, b"token:1")


def test_the_log_needs_none() -> None:
    assert keyed_hash(Purpose.AUDIT, b"event:1")


@pytest.mark.parametrize("wraps", [0, 1])
def test_it_asks_once_for_each_transaction_and_key(wraps: int, key: WrappedKey) -> None:
    for _ in range(2):
        with transaction.atomic():
            with _asking(1):
                ring = keyring_to_write(key.scope, Purpose.DATA, wraps=wraps)
            with _asking(0):
                for _ in range(5):
                    keyring_to_write(key.scope, Purpose.DATA, wraps=wraps)
                with transaction.atomic():
                    keyring_to_write(key.scope, Purpose.DATA, wraps=wraps)
            assert ring.active.key_id == bytes(key.key_id)


def test_it_asks_again_when_a_savepoint_took_the_lock_with_it(key: WrappedKey) -> None:
    with transaction.atomic():
        with transaction.atomic(), _asking(1):
            keyring_to_write(key.scope, Purpose.DATA, wraps=0)
            transaction.set_rollback(True)
        with _asking(1):
            keyring_to_write(key.scope, Purpose.DATA, wraps=0)
        with transaction.atomic(), _asking(0):
            keyring_to_write(key.scope, Purpose.DATA, wraps=0)
            transaction.set_rollback(True)
        with _asking(0):
            keyring_to_write(key.scope, Purpose.DATA, wraps=0)


def _rotate(scope: str) -> bytes:
    return bytes(supersede(scope, Purpose.DATA).key_id)


def test_it_writes_under_the_key_that_another_process_activated_a_moment_ago(
    key: WrappedKey, another_process: Companion
) -> None:
    newer = another_process.do(_rotate, key.scope)
    assert keyring_for(key.scope, Purpose.DATA).active.key_id == bytes(key.key_id)  # this process has not looked yet
    with transaction.atomic():
        assert keyring_to_write(key.scope, Purpose.DATA, wraps=1).active.key_id == newer


def test_within_a_transaction_it_follows_that_transactions_own_rotation(key: WrappedKey) -> None:
    with transaction.atomic():
        assert keyring_to_write(key.scope, Purpose.DATA, wraps=1).active.key_id == bytes(key.key_id)
        newer = activate(add_pending_key(scope=key.scope, purpose=Purpose.DATA)).active
        assert keyring_to_write(key.scope, Purpose.DATA, wraps=1).active.key_id == bytes(newer.key_id)
        transaction.set_rollback(True)
    with transaction.atomic():
        assert keyring_to_write(key.scope, Purpose.DATA, wraps=1).active.key_id == bytes(key.key_id)


def test_it_says_that_there_is_no_key(scope: str) -> None:
    with pytest.raises(NoActiveKey, match=f"no active data key for {scope}"), transaction.atomic():
        keyring_to_write(scope, Purpose.DATA, wraps=1)


def test_it_says_that_there_is_none_any_more(key: WrappedKey) -> None:
    WrappedKey.objects.filter(pk=key.pk).update(state="decrypt_only")
    with pytest.raises(NoActiveKey), transaction.atomic():
        keyring_to_write(key.scope, Purpose.DATA, wraps=1)


def test_a_hash_is_fenced_by_its_own_key() -> None:
    keyed_hash_key = WrappedKey.objects.get(scope=SYSTEM_SCOPE, purpose="token")
    with transaction.atomic():
        assert keyed_hash(Purpose.TOKEN, b"token:1")[:16] == bytes(keyed_hash_key.key_id)
        with _asking(0):
            keyed_hash(Purpose.TOKEN, b"token:2")


def test_it_locks_nothing_that_others_need(key: WrappedKey) -> None:
    # Two writers at once, on a database that has two; neither waits for the other.
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer")
    other = connection.copy()
    try:
        with transaction.atomic():
            keyring_to_write(key.scope, Purpose.DATA, wraps=1)
            KnownRootKey.objects.create(key_id=os.urandom(16), source="x")
            with other.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
                cursor.execute("SELECT state FROM keys_wrappedkey WHERE key_id = %s FOR KEY SHARE", [bytes(key.key_id)])
                assert cursor.fetchone() == ("active",)
    finally:
        other.close()

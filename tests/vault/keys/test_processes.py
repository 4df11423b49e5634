import os
import sqlite3
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from tests.vault.keys.conftest import supersede
from vault.keys import generation, keyrings, processes
from vault.keys.keyrings import keyring_for
from vault.keys.models import ServingProcess
from vault.keys.providers import RootKeyUnavailable, root_keys
from vault.keys.purposes import SYSTEM_SCOPE, Purpose

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _not_announced() -> Iterator[None]:
    yield
    processes._uid = None


def _request() -> None:
    """A request that uses a key. (Without the signals: Django would close the test's connection with them.)"""
    generation._begin_request()
    keyring_for(SYSTEM_SCOPE, Purpose.TOKEN)
    generation._end_request()


def test_a_command_is_no_process_that_serves() -> None:
    _request()
    assert not ServingProcess.objects.exists()


def test_a_process_says_that_it_is_there_and_what_root_keys_it_has() -> None:
    processes.announce()
    processes.seen()
    found = ServingProcess.objects.get()
    assert found.pid == os.getpid()
    assert found.host
    assert found.root_key_ids == [key.key_id.hex() for key in root_keys()]
    assert str(found) == f"process {os.getpid()} on {found.host}"


def test_it_says_so_again_once_a_minute_when_it_is_asked_something(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [5000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    processes.announce()
    processes.seen()
    long_ago = timezone.now() - timedelta(days=1)
    ServingProcess.objects.update(seen_at=long_ago, started_at=long_ago)
    now[0] += 59
    _request()
    assert ServingProcess.objects.get().seen_at == long_ago
    now[0] += 2
    _request()
    assert timezone.now() - ServingProcess.objects.get().seen_at < timedelta(minutes=1)
    assert ServingProcess.objects.get().started_at == long_ago


def test_a_process_that_only_waits_is_there_as_long_as_somebody_asks_whether_it_is_ready(client: Client) -> None:
    processes.announce()
    assert client.get("/readyz").status_code == 200
    assert ServingProcess.objects.get().pid == os.getpid()


def test_one_that_was_forgotten_too_early_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [5000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    processes.announce()
    processes.seen()
    ServingProcess.objects.all().delete()
    now[0] += 61
    _request()
    assert ServingProcess.objects.get().pid == os.getpid()


def test_those_that_are_gone_are_forgotten() -> None:
    ServingProcess.objects.create(host="here", pid=1)
    ServingProcess.objects.create(host="gone", pid=2, seen_at=timezone.now() - timedelta(minutes=61))
    assert [each.host for each in processes.present()] == ["here"]
    assert processes.prune() == 1
    assert [each.host for each in ServingProcess.objects.all()] == ["here"]


@pytest.mark.django_db(transaction=True)
def test_a_forked_process_is_another_one_and_leaves_when_it_ends() -> None:
    processes.announce()
    processes.seen()
    connections.close_all()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            _request()
            code = 0 if ServingProcess.objects.filter(pid=os.getpid()).exists() else 2
            assert processes._uid is not None
            processes._leave(processes._uid, processes._pid)
            connections.close_all()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert [each.pid for each in ServingProcess.objects.all()] == [os.getpid()]


def test_what_a_forked_process_inherited_it_does_not_sign_off() -> None:
    processes.announce()
    processes.seen()
    assert processes._uid is not None
    processes._leave(processes._uid, os.getpid() + 1)
    assert ServingProcess.objects.exists()
    processes._leave(processes._uid, os.getpid())
    assert not ServingProcess.objects.exists()


def test_a_change_of_keys_is_no_reason_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    processes.announce()
    processes.seen()
    long_ago = timezone.now() - timedelta(minutes=30)
    ServingProcess.objects.update(seen_at=long_ago)
    supersede(SYSTEM_SCOPE, Purpose.TOKEN)
    keyrings.refresh()
    _request()
    assert ServingProcess.objects.get().seen_at == long_ago


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has one writer for all")
def test_a_request_does_not_wait_for_another_writer_to_say_so() -> None:
    _request()
    processes.announce()
    writer = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        began = time.monotonic()
        _request()
        assert time.monotonic() - began < 10  # and not for the 20 seconds that a writer has
    finally:
        writer.close()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        assert cursor.fetchone() == (20_000,)  # as before


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="a session of SQLite is never for reading only")
def test_a_request_does_not_fail_where_nothing_can_be_written(caplog: pytest.LogCaptureFixture) -> None:
    _request()
    processes.announce()
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    try:
        _request()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")
    assert [record.getMessage() for record in caplog.records] == [
        "That this process is there could not be written down (InternalError)"
    ]
    assert not ServingProcess.objects.exists()


def test_nor_where_the_first_root_key_cannot_be_had_at_the_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    _request()
    processes.announce()

    def unavailable() -> None:
        raise RootKeyUnavailable("Its provider is gone.")

    monkeypatch.setattr(processes, "root_keys", unavailable)
    _request()
    assert not ServingProcess.objects.exists()

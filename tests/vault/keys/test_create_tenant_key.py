import os
import threading
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections, transaction
from pytest_django import Settings

from tests.vault.keys.conftest import supersede
from vault.crypto.rootkey import WRAPPED_SIZE, RootKey, root_key_id_of
from vault.keys.keyrings import keyring_for
from vault.keys.models import KnownRootKey, WrappedKey
from vault.keys.providers import RootKeyProblem, root_keys
from vault.keys.purposes import SYSTEM_PURPOSES, SYSTEM_SCOPE, KeyState, Purpose
from vault.keys.services import create_tenant_key, ensure_system_keys


@pytest.mark.django_db
def test_it_makes_a_key_that_only_the_root_key_opens(scope: str) -> None:
    row = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    assert (row.scope, row.purpose, row.version, row.state) == (scope, "data", 1, "active")
    assert row.activated_at is not None
    assert len(row.wrapped) == WRAPPED_SIZE
    assert root_key_id_of(bytes(row.wrapped)) == bytes(row.root_key_id) == root_keys()[0].key_id
    assert keyring_for(scope, Purpose.DATA).active.key_id == bytes(row.key_id)


@pytest.mark.django_db
def test_asked_again_it_gives_the_same_key(scope: str) -> None:
    first = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    assert create_tenant_key(scope=scope, purpose=Purpose.DATA) == first
    assert WrappedKey.objects.filter(scope=scope).count() == 1


@pytest.mark.django_db
def test_two_scopes_share_nothing(scope: str) -> None:
    one = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    other = create_tenant_key(scope=str(uuid4()), purpose=Purpose.DATA)
    assert bytes(one.key_id) != bytes(other.key_id)


@pytest.mark.django_db
def test_the_next_key_has_the_next_version(scope: str) -> None:
    first = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    second = supersede(scope, Purpose.DATA)
    assert (first.version, second.version) == (1, 2)


@pytest.mark.django_db
def test_the_first_root_key_wraps_where_none_has_wrapped_yet(
    scope: str, root_key_text: str, use_root_keys: Callable[..., list[RootKey]], settings: Settings
) -> None:
    WrappedKey.objects.all().delete()
    KnownRootKey.objects.all().delete()
    new, _ = use_root_keys(root_key_text, settings.ROOT_KEY)
    assert bytes(create_tenant_key(scope=scope, purpose=Purpose.DATA).root_key_id) == new.key_id


@pytest.mark.django_db
def test_it_makes_nothing_without_a_root_key(scope: str, settings: Settings) -> None:
    settings.ROOT_KEY = settings.ROOT_KEY_FILE = None
    with pytest.raises(RootKeyProblem, match="no root key"):
        create_tenant_key(scope=scope, purpose=Purpose.DATA)
    assert not WrappedKey.objects.filter(scope=scope).exists()


@pytest.mark.parametrize(
    ("wrong", "purpose"),
    [
        (SYSTEM_SCOPE, Purpose.DATA),
        ("", Purpose.DATA),
        ("acme", Purpose.DATA),
        ("5E0C7F0A-8F4E-4A43-9D0F-3F1C2A7B9E10", Purpose.DATA),
        ("5e0c7f0a8f4e4a439d0f3f1c2a7b9e10", Purpose.DATA),
        ("5e0c7f0a-8f4e-4a43-9d0f-3f1c2a7b9e10", Purpose.TOTP),
        ("5e0c7f0a-8f4e-4a43-9d0f-3f1c2a7b9e10", Purpose.AUDIT),
        ("", Purpose.TOKEN),
    ],
)
def test_it_refuses_keys_that_cannot_belong_to_the_scope(wrong: str, purpose: Purpose) -> None:
    with pytest.raises(ValueError, match="belongs to"):
        create_tenant_key(scope=wrong, purpose=purpose)


def test_it_refuses_a_purpose_that_does_not_exist(scope: str) -> None:
    with pytest.raises(ValueError, match="everything"):
        create_tenant_key(scope=scope, purpose="everything")  # type: ignore[arg-type]  # that is what is tested


@pytest.mark.django_db
def test_the_instance_has_one_key_for_each_of_its_purposes() -> None:
    rows = ensure_system_keys()
    assert (
        {row.purpose for row in rows}
        == {"totp", "token", "audit", "row", "sign"}
        == {str(each) for each in SYSTEM_PURPOSES}
    )
    assert {row.scope for row in rows} == {SYSTEM_SCOPE}
    assert ensure_system_keys() == rows
    assert len({bytes(row.key_id) for row in rows}) == len(rows)


def _active(scope: str) -> list[WrappedKey]:
    return list(WrappedKey.objects.filter(scope=scope, state=KeyState.ACTIVE.value))


@pytest.mark.django_db(transaction=True)
def test_processes_that_ask_at_once_get_one_key(scope: str) -> None:
    connections.close_all()  # a connection must not be shared with a forked process
    pipes = []
    start, go = os.pipe()
    for _ in range(6):
        reading, writing = os.pipe()
        if os.fork() == 0:
            try:
                os.close(go)
                os.read(start, 1)  # all begin when the parent closes the other end
                row = create_tenant_key(scope=scope, purpose=Purpose.DATA)
                os.write(writing, row.uid.bytes)
            finally:
                os._exit(0)
        os.close(writing)
        pipes.append(reading)
    os.close(go)
    answers = []
    for reading in pipes:
        with os.fdopen(reading, "rb") as pipe:
            answers.append(pipe.read())
    os.close(start)
    for _ in pipes:
        os.wait()
    assert [UUID(bytes=answer) for answer in answers] == [_active(scope)[0].uid] * 6
    assert WrappedKey.objects.filter(scope=scope).count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_that_asks_while_another_transaction_is_open_gets_the_key_that_stays(scope: str) -> None:
    inserted, asked = threading.Event(), threading.Event()
    answers: dict[str, UUID] = {}

    def first() -> None:
        try:
            with transaction.atomic():
                answers["first"] = create_tenant_key(scope=scope, purpose=Purpose.DATA).uid
                inserted.set()
                asked.wait(0.5)  # the other one is blocked by this transaction, so it cannot say that it is there
        finally:
            connection.close()

    def second() -> None:
        try:
            inserted.wait(10)
            answers["second"] = create_tenant_key(scope=scope, purpose=Purpose.DATA).uid
            asked.set()
        finally:
            connection.close()

    threads = [threading.Thread(target=each) for each in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers["first"] == answers["second"] == _active(scope)[0].uid


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_lost_the_race_can_go_on(scope: str) -> None:
    with transaction.atomic():
        row = create_tenant_key(scope=scope, purpose=Purpose.DATA)
        again = create_tenant_key(scope=scope, purpose=Purpose.DATA)
        assert again == row
    assert _active(scope) == [row]

import os
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from tests.proof.children import Companion
from tests.vault.keys.conftest import supersede
from vault.crypto.aad import RowBinding
from vault.crypto.envelope import decrypt, encrypt
from vault.crypto.errors import DamagedKey, KeyUnavailable, WrongKey
from vault.crypto.fingerprint import fingerprint
from vault.crypto.keyring import NoActiveKey
from vault.crypto.rootkey import RootKey
from vault.keys import keyrings
from vault.keys.keyrings import WrongRootKey, keyring_for
from vault.keys.models import WrappedKey
from vault.keys.purposes import KeyState, Purpose
from vault.keys.services import create_tenant_key


class _Undo(Exception):
    """Rolls a transaction back."""


def _queries(scope: str, needing: bytes | None = None) -> int:
    with CaptureQueriesContext(connection) as captured:
        keyring_for(scope, Purpose.DATA, needing=needing)
    return len(captured)


@pytest.mark.django_db(transaction=True)
def test_it_asks_the_database_once(scope: str, in_a_request: None) -> None:
    create_tenant_key(scope=scope, purpose=Purpose.DATA)
    assert _queries(scope) == 1
    assert _queries(scope) == 0
    assert keyring_for(scope, Purpose.DATA) is keyring_for(scope, Purpose.DATA)


def _rotate(scope: str) -> bytes:
    return bytes(supersede(scope, Purpose.DATA).key_id)


def test_it_sees_a_key_that_another_process_made_when_a_value_names_it(
    scope: str, another_process: Companion, in_a_request: None
) -> None:
    create_tenant_key(scope=scope, purpose=Purpose.DATA)
    before = keyring_for(scope, Purpose.DATA)
    added = another_process.do(_rotate, scope)
    assert added not in keyring_for(scope, Purpose.DATA)
    ring = keyring_for(scope, Purpose.DATA, needing=added)
    assert ring.active.key_id == added
    assert before.active.key_id in ring
    assert keyring_for(scope, Purpose.DATA) is ring
    assert len(before) == 1


@pytest.mark.django_db(transaction=True)
def test_a_key_that_is_nowhere_costs_one_question(scope: str, in_a_request: None) -> None:
    create_tenant_key(scope=scope, purpose=Purpose.DATA)
    keyring_for(scope, Purpose.DATA)
    assert _queries(scope, needing=bytes(16)) == 1
    with pytest.raises(KeyUnavailable, match=fingerprint(bytes(16))):
        keyring_for(scope, Purpose.DATA, needing=bytes(16)).get(bytes(16))


@pytest.mark.django_db
def test_a_scope_without_keys_has_an_empty_ring_and_is_asked_again(scope: str) -> None:
    with pytest.raises(NoActiveKey, match=f"no active data key for {scope}"):
        _ = keyring_for(scope, Purpose.DATA).active
    row = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    assert keyring_for(scope, Purpose.DATA).active.key_id == bytes(row.key_id)


@pytest.mark.django_db(transaction=True)
def test_a_key_whose_transaction_was_rolled_back_is_not_used_again(scope: str) -> None:
    with suppress(_Undo), transaction.atomic():
        row = create_tenant_key(scope=scope, purpose=Purpose.DATA)
        assert keyring_for(scope, Purpose.DATA).active.key_id == bytes(row.key_id)
        raise _Undo
    with pytest.raises(NoActiveKey):
        _ = keyring_for(scope, Purpose.DATA).active
    second = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    assert keyring_for(scope, Purpose.DATA).active.key_id == bytes(second.key_id) != bytes(row.key_id)


@pytest.mark.django_db(transaction=True)
def test_nor_is_one_whose_savepoint_was(scope: str, in_a_request: None) -> None:
    with transaction.atomic():
        with suppress(_Undo), transaction.atomic():
            create_tenant_key(scope=scope, purpose=Purpose.DATA)
            keyring_for(scope, Purpose.DATA)
            raise _Undo
        kept = create_tenant_key(scope=scope, purpose=Purpose.DATA)
        keyring_for(scope, Purpose.DATA)
    assert keyring_for(scope, Purpose.DATA).active.key_id == bytes(kept.key_id)
    assert _queries(scope) == 0


@pytest.mark.django_db(transaction=True)
def test_a_key_is_remembered_once_it_is_committed(scope: str, in_a_request: None) -> None:
    with transaction.atomic():
        create_tenant_key(scope=scope, purpose=Purpose.DATA)
        assert _queries(scope) == 1
        assert _queries(scope) == 1
    assert _queries(scope) == 1
    assert _queries(scope) == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "loaded"), [("pending", True), ("decrypt_only", True), ("retired", False), ("destroyed", False)]
)
def test_it_holds_the_keys_that_read(state: str, loaded: bool, scope: str) -> None:
    row = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    WrappedKey.objects.filter(pk=row.pk).update(
        state=state, **({"wrapped": b""} if state == KeyState.DESTROYED else {})
    )
    ring = keyring_for(scope, Purpose.DATA)
    assert (bytes(row.key_id) in ring) is loaded
    with pytest.raises(NoActiveKey):
        _ = ring.active


@pytest.mark.django_db
def test_it_names_the_root_key_that_is_needed_those_configured_and_what_to_do(
    scope: str, root_key_text: str, use_root_keys: Callable[..., list[RootKey]]
) -> None:
    row = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    (other,) = use_root_keys(root_key_text)
    with pytest.raises(WrongRootKey) as caught:
        keyring_for(scope, Purpose.DATA)
    message = str(caught.value)
    assert message.startswith(f"Wrong root key: the one with the fingerprint {fingerprint(bytes(row.root_key_id))}")
    assert f"Configured: {other.fingerprint}." in message
    assert "after the first in HOLDFAST_ROOT_KEY" in message


@pytest.mark.django_db
def test_any_of_several_root_keys_unwraps(
    scope: str, root_key_text: str, use_root_keys: Callable[..., list[RootKey]], settings: Settings
) -> None:
    row = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    use_root_keys(root_key_text, settings.ROOT_KEY)
    assert keyring_for(scope, Purpose.DATA).active.key_id == bytes(row.key_id)


@pytest.mark.django_db
def test_a_wrapped_key_moved_to_another_organization_does_not_open(scope: str) -> None:
    theirs = create_tenant_key(scope=str(uuid4()), purpose=Purpose.DATA)
    ours = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    WrappedKey.objects.filter(pk=ours.pk).update(wrapped=theirs.wrapped)
    with pytest.raises(DamagedKey, match=scope):
        keyring_for(scope, Purpose.DATA)


@pytest.mark.django_db
def test_a_row_that_claims_another_key_id_is_refused(scope: str) -> None:
    row = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    WrappedKey.objects.filter(pk=row.pk).update(key_id=bytes(16))
    with pytest.raises(WrongKey, match=row.fingerprint):
        keyring_for(scope, Purpose.DATA)


@pytest.mark.django_db
def test_a_key_turned_to_another_purpose_does_not_open(scope: str) -> None:
    row = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    WrappedKey.objects.filter(pk=row.pk).update(purpose="row")
    with pytest.raises(DamagedKey, match="row key"):
        keyring_for(scope, Purpose.ROW)


@pytest.mark.django_db(transaction=True)
def test_forked_workers_read_and_write_with_the_keys_they_inherit(scope: str) -> None:
    create_tenant_key(scope=scope, purpose=Purpose.DATA)
    binding = RowBinding(scope, "table", "column", uuid4(), 1)
    before = encrypt(keyring_for(scope, Purpose.DATA), b"parent", binding)
    connections.close_all()
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            ring = keyring_for(scope, Purpose.DATA)
            if decrypt(ring, before, binding) == b"parent":
                os.write(writing, encrypt(ring, b"child", binding))
            keyring_for(scope, Purpose.DATA, needing=bytes(16))  # asks the database on a connection of its own
            connections.close_all()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        envelope = pipe.read()
    os.wait()
    assert decrypt(keyring_for(scope, Purpose.DATA), envelope, binding) == b"child"


@pytest.mark.django_db(transaction=True)
def test_of_two_loads_that_cross_the_later_look_stays(scope: str, monkeypatch: pytest.MonkeyPatch) -> None:
    create_tenant_key(scope=scope, purpose=Purpose.DATA)
    unwrap = keyrings._unwrap
    crossed: list[bytes] = []

    def slow(row: WrappedKey, purpose: Purpose) -> object:
        if not crossed:
            # While this load is on its way, a key is made and another load sees it.
            crossed.append(bytes(supersede(scope, Purpose.DATA).key_id))
            keyring_for(scope, Purpose.DATA)
        return unwrap(row, purpose)

    monkeypatch.setattr(keyrings, "_unwrap", slow)
    keyring_for(scope, Purpose.DATA)
    assert keyring_for(scope, Purpose.DATA).active.key_id == crossed[0]

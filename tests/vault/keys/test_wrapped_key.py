import os

import pytest
from django.db import IntegrityError, transaction

from vault.crypto.fingerprint import fingerprint
from vault.keys.models import WrappedKey
from vault.keys.purposes import KeyState, Purpose
from vault.keys.services import create_tenant_key

pytestmark = pytest.mark.django_db


def _row(scope: str, **changes: object) -> WrappedKey:
    fields: dict[str, object] = {
        "scope": scope,
        "purpose": "data",
        "version": 1,
        "state": "active",
        "key_id": os.urandom(16),
        "root_key_id": bytes(16),
        "wrapped": bytes(77),
    }
    return WrappedKey(**(fields | changes))


@pytest.mark.parametrize(
    "wrong",
    [
        {"purpose": "everything"},
        {"state": "old"},
        {"version": 0},
        {"state": "destroyed"},
        {"state": "active", "wrapped": b""},
        {"next_root_key_id": bytes(16)},
        {"next_wrapped": bytes(77)},
        {"next_root_key_id": bytes(16), "next_wrapped": b""},
        {"state": "destroyed", "wrapped": b"", "next_root_key_id": bytes(16), "next_wrapped": bytes(77)},
        {"wraps": -1},
    ],
)
def test_the_database_refuses_what_no_key_can_be(wrong: dict[str, object], scope: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        _row(scope, **wrong).save()


def test_the_database_admits_one_active_key_per_scope_and_purpose(scope: str) -> None:
    _row(scope).save()
    _row(scope, version=2, state="pending").save()
    _row(scope, version=3, state="decrypt_only").save()
    with pytest.raises(IntegrityError), transaction.atomic():
        _row(scope, version=4).save()


def test_the_database_admits_one_key_per_version(scope: str) -> None:
    _row(scope).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        _row(scope, state="pending").save()


def test_the_database_admits_a_key_once_for_all_purposes(scope: str) -> None:
    row = _row(scope)
    row.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        _row(scope, version=2, state="pending", key_id=row.key_id).save()


def test_a_destroyed_key_keeps_its_row_and_nothing_else(scope: str) -> None:
    row = _row(scope, state="destroyed", wrapped=b"")
    row.save()
    row.refresh_from_db()
    assert bytes(row.wrapped) == b""


def test_it_names_itself_by_fingerprint(scope: str) -> None:
    row = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    assert row.fingerprint == fingerprint(bytes(row.key_id))
    assert str(row) == f"data key of {scope}, version 1, {row.fingerprint} ({KeyState.ACTIVE})"

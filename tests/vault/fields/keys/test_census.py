"""Rows are counted by the keys that they name, exactly, by an index."""

from uuid import UUID, uuid4

import pytest
from django.db import connection

from tests.cast import Cast
from tests.harness.roles import as_table_owner
from tests.vault.fields.app.models import Fragment, Seed, Version
from tests.vault.fields.keys.conftest import rotate
from vault.fields.census import rows_left, rows_under
from vault.fields.rewrapping import Mode, advance, outstanding
from vault.fields.statements import Statements
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, KeyState, Purpose
from vault.keys.services import create_tenant_key, ensure_system_keys


def _key(scope: str, purpose: Purpose) -> WrappedKey:
    return WrappedKey.objects.get(scope=scope, purpose=purpose.value, state=KeyState.ACTIVE.value)


def test_it_counts_each_key_over_all_tables(organization: UUID) -> None:
    ensure_system_keys()
    other = uuid4()
    empty = create_tenant_key(scope=str(other), purpose=Purpose.DATA)
    for number in range(3):
        Version.objects.create(organization_id=organization, number=number, payload={"a": "b"})
    old = rotate(organization)
    for number in range(2):
        Fragment.objects.create(organization_id=organization, position=number, text="x")
        Version.objects.create(organization_id=organization, number=number, payload={"a": "b"})
    Seed.objects.create(seed="x")
    totp = _key(SYSTEM_SCOPE, Purpose.TOTP)
    new = _key(str(organization), Purpose.DATA)
    assert rows_under([old, new, empty, totp]) == {old.uid: 3, new.uid: 4, empty.uid: 0, totp.uid: 1}
    assert (rows_left(old), rows_left(new), rows_left(empty), rows_left(totp)) == (3, 4, 0, 1)
    assert outstanding(str(organization), Purpose.DATA) == 3
    assert rows_under([]) == {}


def test_it_counts_keyed_hashes(cast: Cast) -> None:
    from accounts.models import RecoveryCode, RecoveryDevice
    from vault.keys.peppers import keyed_hash

    token = _key(SYSTEM_SCOPE, Purpose.TOKEN)
    before = rows_left(token)
    device, _ = RecoveryDevice.objects.get_or_create(user=cast.alice, defaults={"name": "codes"})
    RecoveryCode.objects.bulk_create(
        RecoveryCode(device=device, mac=keyed_hash(Purpose.TOKEN, b"test:%d" % number)) for number in range(3)
    )
    rotate(SYSTEM_SCOPE, Purpose.TOKEN)
    RecoveryCode.objects.create(device=device, mac=keyed_hash(Purpose.TOKEN, b"test:new"))
    assert rows_left(token) == before + 3
    assert rows_left(_key(SYSTEM_SCOPE, Purpose.TOKEN)) == 1


def test_keys_that_are_destroyed_are_not_outstanding(organization: UUID) -> None:
    Version.objects.create(organization_id=organization, payload={"a": "b"})
    old = rotate(organization)
    WrappedKey.objects.filter(pk=old.pk).update(state=KeyState.DESTROYED.value, wrapped=b"")
    assert outstanding(str(organization), Purpose.DATA) == 0
    assert advance(str(organization), Purpose.DATA, mode=Mode.REWRAP).failed == 0
    assert rows_left(old) == 1


@pytest.fixture
def plan(organization: UUID, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How the database goes about the statements that follow, with many rows and fresh statistics."""
    Version.objects.bulk_create(
        Version(organization_id=organization, number=number, payload={"a": "b"}) for number in range(2_000)
    )
    rotate(organization)
    with as_table_owner(), connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "ANALYZE fields_app_version")
    plans: list[str] = []
    explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    for kind in Statements.__subclasses__():
        fetch = kind._fetch

        def explained(self: Statements, sql: str, parameters: object, fetch: object = fetch) -> object:
            if "fields_app_version" in sql:
                plans.extend(str(row[-1]) for row in fetch(self, explain + sql, parameters))  # type: ignore[operator]
            return fetch(self, sql, parameters)  # type: ignore[operator]  # the method that is replaced

        monkeypatch.setattr(kind, "_fetch", explained)
    return plans


def _uses_the_index(plan: list[str]) -> bool:
    text = "\n".join(plan)
    return "version_key_id" in text and "Seq Scan on fields_app_version" not in text and "SCAN fields_app" not in text


def test_the_index_finds_the_next_rows_in_their_order(organization: UUID, plan: list[str]) -> None:
    first = advance(str(organization), Purpose.DATA, mode=Mode.REWRAP, limit=50)
    assert _uses_the_index(plan), plan
    plan.clear()
    advance(str(organization), Purpose.DATA, mode=Mode.REWRAP, limit=50, after=first.after)
    assert _uses_the_index(plan), plan
    assert "Sort" not in "\n".join(plan)
    assert "TEMP B-TREE" not in "\n".join(plan)


def test_the_index_counts_the_rows_of_a_key(organization: UUID, plan: list[str]) -> None:
    unused = create_tenant_key(scope=str(uuid4()), purpose=Purpose.DATA)
    assert rows_left(unused) == 0
    assert _uses_the_index(plan), plan

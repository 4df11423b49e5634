"""Values go from older keys to the active one, whole and to the last one."""

from uuid import UUID

import pytest
from django.db import connection

from tests.vault.fields.app.models import Fragment, Seed, Version
from tests.vault.fields.keys.conftest import rotate, stored_values, whole_pass
from vault.crypto.envelope import FRONT_SIZE, MAX_PLAINTEXT
from vault.fields import rewrapping
from vault.fields.census import rows_left
from vault.fields.rewrapping import Mode, advance, outstanding
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, KeyState, Purpose

LENGTHS = [0, 1, 59, 60, 61, 2_000, 16_384, 70_000, 1_048_576, MAX_PLAINTEXT - 20]
"""Around the smallest bucket, what PostgreSQL stores apart, and the longest there is."""


def _versions(organization: UUID, number: int = 7) -> list[Version]:
    return [
        Version.objects.create(organization_id=organization, number=index, payload={"value": f"{index}\0ü"})
        for index in range(number)
    ]


def test_it_keeps_every_value_and_its_bytes(organization: UUID, mode: Mode) -> None:
    texts = {index: "\0" + "é" * (length // 2) for index, length in enumerate(LENGTHS)}
    for index, text in texts.items():
        Version.objects.create(organization_id=organization, number=index, payload={"v": text})
    before = stored_values(Version, "payload")
    rotate(organization)

    assert sum(batch.done for batch in whole_pass(organization, mode)) == len(texts)

    assert {row.number: row.payload["v"] for row in Version.objects.all()} == texts
    after = stored_values(Version, "payload")
    for key, was in before.items():
        assert was[:FRONT_SIZE] != after[key][:FRONT_SIZE]
        assert (was[FRONT_SIZE:] == after[key][FRONT_SIZE:]) is (mode is Mode.REWRAP)
        assert len(was) == len(after[key])


def test_it_takes_few_long_values_in_one_transaction(
    organization: UUID, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrapping, "_BYTES", 10_000)
    monkeypatch.setattr(rewrapping, "_SQLITE_BYTES", 10_000)
    for index in range(6):
        Version.objects.create(organization_id=organization, number=index, payload={"v": "x" * 4_500 * (1 + index % 3)})
    rotate(organization)
    batches = whole_pass(organization, mode)
    assert max(batch.done for batch in batches) <= 2
    assert sum(batch.done for batch in batches) == 6


def test_it_keeps_the_type_of_the_column(organization: UUID, mode: Mode) -> None:
    _versions(organization)
    rotate(organization)
    whole_pass(organization, mode)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT typeof(payload) FROM fields_app_version")
            assert cursor.fetchall() == [("blob",)]


def test_it_takes_values_of_the_instance_under_an_integer_key(db: None, mode: Mode) -> None:
    from vault.keys.services import ensure_system_keys

    ensure_system_keys()
    for index in range(5):
        Seed.objects.create(name=str(index), seed=f"seed {index}")
    old = rotate(SYSTEM_SCOPE, Purpose.TOTP)
    batches = whole_pass(SYSTEM_SCOPE, mode, Purpose.TOTP, limit=2)
    assert [batch.done for batch in batches][:2] == [2, 2]
    assert sum(batch.done for batch in batches) == 5
    assert rows_left(old) == 0
    assert {seed.name: seed.seed for seed in Seed.objects.all()} == {str(index): f"seed {index}" for index in range(5)}


def test_it_takes_rows_whose_primary_key_has_two_columns(organization: UUID, mode: Mode) -> None:
    for index in range(5):
        Fragment.objects.create(organization_id=organization, position=index, text=f"text {index}")
    old = rotate(organization)
    batches = whole_pass(organization, mode, limit=2)
    assert sum(batch.done for batch in batches) == 5
    assert rows_left(old) == 0
    assert {row.position: row.text for row in Fragment.objects.all()} == {index: f"text {index}" for index in range(5)}


def test_it_goes_on_where_the_last_call_stopped(organization: UUID, mode: Mode) -> None:
    _versions(organization)
    rotate(organization)
    scope = str(organization)
    assert outstanding(scope, Purpose.DATA) == 7
    first = advance(scope, Purpose.DATA, mode=mode, limit=3)
    assert (first.done, first.skipped, first.failed, outstanding(scope, Purpose.DATA)) == (3, 0, 0, 4)
    assert advance(scope, Purpose.DATA, mode=mode, limit=3, after=first.after).done == 3
    last = advance(scope, Purpose.DATA, mode=mode, limit=3)  # without a position: the rows tell
    assert (last.done, last.after, outstanding(scope, Purpose.DATA)) == (1, None, 0)
    assert advance(scope, Purpose.DATA, mode=mode).done == 0


def test_it_gathers_the_values_of_all_older_keys(organization: UUID, mode: Mode) -> None:
    keys = []
    for _ in range(3):
        _versions(organization, 2)
        keys.append(rotate(organization))
    WrappedKey.objects.filter(pk=keys[0].pk).update(state=KeyState.RETIRED.value)  # by mistake: its rows still need it
    assert outstanding(str(organization), Purpose.DATA) == 6
    assert sum(batch.done for batch in whole_pass(organization, mode)) == 6
    assert [rows_left(key) for key in keys] == [0, 0, 0]
    assert sum(1 for row in Version.objects.all() if row.payload["value"]) == 6


def test_it_leaves_other_organizations_alone(organization: UUID, mode: Mode) -> None:
    from uuid import uuid4

    from vault.keys.services import create_tenant_key

    other = uuid4()
    create_tenant_key(scope=str(other), purpose=Purpose.DATA)
    _versions(other)
    before = stored_values(Version, "payload")
    rotate(organization)
    rotate(other)
    assert advance(str(organization), Purpose.DATA, mode=mode).done == 0
    assert stored_values(Version, "payload") == before


def test_it_uses_no_nonce_twice(organization: UUID, mode: Mode) -> None:
    _versions(organization, 40)
    wraps, bodies = set(), set()
    for passes in range(1, 5):
        for value in stored_values(Version, "payload").values():
            wraps.add(value[1:29])
            bodies.add(value[77:89])
        assert len(wraps) == 40 * passes
        assert len(bodies) == (40 if mode is Mode.REWRAP else 40 * passes)
        rotate(organization)
        whole_pass(organization, mode)


def test_it_counts_every_wrap(organization: UUID, mode: Mode) -> None:
    _versions(organization, 30)
    rotate(organization)
    whole_pass(organization, mode, limit=7)
    assert WrappedKey.objects.get(scope=str(organization), state=KeyState.ACTIVE.value).wraps >= 30


@pytest.mark.parametrize("limit", [1, 2, 7, 500])
def test_it_never_takes_more_than_the_limit(organization: UUID, mode: Mode, limit: int) -> None:
    _versions(organization)
    rotate(organization)
    batches = whole_pass(organization, mode, limit=limit)
    assert max(batch.done for batch in batches) <= limit
    assert sum(batch.done for batch in batches) == 7

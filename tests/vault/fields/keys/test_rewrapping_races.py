"""Everybody goes on working: writers, other rewrappers, and who deletes."""

from collections.abc import Callable
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from tests.orgs.parallel import in_parallel
from tests.vault.fields.app.models import Version
from tests.vault.fields.conftest import stored
from tests.vault.fields.keys.conftest import rotate, whole_pass
from vault.fields.census import rows_left
from vault.fields.registry import encrypted_columns
from vault.fields.rewrapping import Mode, advance, outstanding
from vault.fields.statements import Statements, statements_for
from vault.keys.purposes import Purpose
from vault.keys.services import create_tenant_key

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

ROWS = 300


@pytest.fixture
def organization(committed: None) -> UUID:
    """The uid of an organization whose key is committed."""
    uid = uuid4()
    create_tenant_key(scope=str(uid), purpose=Purpose.DATA)
    return uid


def _fill(organization: UUID, rows: int = ROWS) -> list[Version]:
    with transaction.atomic():
        return Version.objects.bulk_create(
            Version(organization_id=organization, number=number, payload={"value": f"value {number}"})
            for number in range(rows)
        )


def _statements() -> Statements:
    [column] = [column for column in encrypted_columns() if column.table == "fields_app_version"]
    return statements_for(column)


def test_two_rewrappers_share_the_rows(organization: UUID, mode: Mode) -> None:
    _fill(organization)
    old = rotate(organization)
    done: list[int] = []

    def rewrapper() -> None:
        while outstanding(str(organization), Purpose.DATA):
            done.extend(batch.done for batch in whole_pass(organization, mode, limit=20))

    assert in_parallel(rewrapper, rewrapper) == [None, None]
    assert sum(done) == ROWS  # none twice, none lost
    assert rows_left(old) == 0
    assert {row.number: row.payload["value"] for row in Version.objects.all()} == {
        number: f"value {number}" for number in range(ROWS)
    }


def test_what_was_written_and_deleted_meanwhile_stays_so(organization: UUID, mode: Mode) -> None:
    rows = _fill(organization)
    old = rotate(organization)
    written, deleted = rows[::10], rows[5::10]

    def rewrapper() -> None:
        while outstanding(str(organization), Purpose.DATA):
            whole_pass(organization, mode, limit=20)

    def writer() -> None:
        for row in written:
            with transaction.atomic():
                row.payload = {"value": f"new {row.number}"}
                row.save(update_fields=["payload"])

    def deleter() -> None:
        for row in deleted:
            Version.objects.filter(pk=row.pk).delete()

    assert in_parallel(rewrapper, writer, deleter) == [None, None, None]
    gone = {row.number for row in deleted}
    new = {row.number for row in written}
    assert rows_left(old) == 0
    assert {row.number: row.payload["value"] for row in Version.objects.all()} == {
        number: f"{'new' if number in new else 'value'} {number}" for number in range(ROWS) if number not in gone
    }


@pytest.mark.parametrize("way", ["swap_fronts", "swap_whole"])
def test_a_value_that_was_replaced_after_it_was_read_stays(organization: UUID, way: str) -> None:
    first, second = _fill(organization, 2)
    statements = _statements()
    was = {row.pk: stored(row, "payload") for row in (first, second)}
    key = {row.pk: row.pk if connection.vendor == "postgresql" else row.pk.hex for row in (first, second)}
    first.payload = {"value": "new"}
    with transaction.atomic():
        first.save()
    now = stored(first, "payload")
    swap: Callable[[Any], int] = getattr(statements, way)
    new = b"\1" + bytes(76) if way == "swap_fronts" else b"\1" + bytes(200)

    swapped = swap([((key[pk],), value[:77], new) for pk, value in was.items()])

    assert swapped == 1
    assert stored(first, "payload") == now
    assert stored(second, "payload")[: len(new)] == new
    if way == "swap_fronts":
        assert stored(second, "payload")[77:] == was[second.pk][77:]


def test_a_row_that_somebody_has_locked_is_left_for_later(organization: UUID, mode: Mode) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time, and no locks of rows")
    rows = _fill(organization, 5)
    rotate(organization)
    locked, done = Event(), Event()

    def holder() -> None:
        with transaction.atomic():
            Version.objects.select_for_update().get(pk=rows[2].pk)
            locked.set()
            done.wait(30)

    def rewrapper() -> None:
        locked.wait(30)
        try:
            assert advance(str(organization), Purpose.DATA, mode=mode).done == 4
        finally:
            done.set()

    assert in_parallel(holder, rewrapper) == [None, None]
    assert advance(str(organization), Purpose.DATA, mode=mode).done == 1


def test_nobody_waits_long_for_a_batch(organization: UUID) -> None:
    """The default batch is small enough on SQLite, where everybody else waits for it."""
    _fill(organization, 250)
    rotate(organization)
    batches = whole_pass(organization, Mode.REWRAP)
    assert max(batch.done for batch in batches) == (100 if connection.vendor == "sqlite" else 250)

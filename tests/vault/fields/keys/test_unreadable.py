"""Values that do not open are told, stay as they are, and hold up nobody."""

from uuid import UUID, uuid4

import pytest

from tests.vault.fields.app.models import Version
from tests.vault.fields.conftest import overwrite, stored
from tests.vault.fields.keys.conftest import rotate, whole_pass
from vault.crypto.fingerprint import fingerprint
from vault.fields import rewrapping
from vault.fields.census import rows_left
from vault.fields.rewrapping import Mode, advance, outstanding
from vault.keys.purposes import Purpose


def _version(organization: UUID, number: int) -> Version:
    return Version.objects.create(organization_id=organization, number=number, payload={"value": f"secret {number}"})


def _flipped(value: bytes, offset: int) -> bytes:
    return value[:offset] + bytes([value[offset] ^ 1]) + value[offset + 1 :]


def test_it_reports_a_damaged_wrap_and_goes_on(organization: UUID, mode: Mode) -> None:
    rows = [_version(organization, number) for number in range(5)]
    damaged = _flipped(stored(rows[2], "payload"), 40)
    overwrite(rows[2], "payload", damaged)
    old = rotate(organization)

    batches = whole_pass(organization, mode, limit=2)

    assert sum(batch.done for batch in batches) == 4
    [failure] = {failure for batch in batches for failure in batch.unreadable}
    assert (failure.table, failure.column) == ("fields_app_version", "payload")
    assert (failure.row, failure.version, failure.scope) == (str(rows[2].secret_id), 2, str(organization))
    assert failure.key_fingerprint == fingerprint(bytes(old.key_id))
    assert "altered, cut short or moved" in failure.problem
    assert "secret 2" not in f"{batches}"
    assert stored(rows[2], "payload") == damaged
    assert (rows_left(old), outstanding(str(organization), Purpose.DATA)) == (1, 1)


def test_it_leaves_a_damaged_body_to_reencrypt_and_verify(organization: UUID, mode: Mode) -> None:
    row = _version(organization, 1)
    overwrite(row, "payload", _flipped(stored(row, "payload"), 100))
    rotate(organization)
    [batch] = whole_pass(organization, mode)
    assert (batch.done, batch.failed) == ((1, 0) if mode is Mode.REWRAP else (0, 1))


@pytest.mark.parametrize("size", [17, 60, 77, 150])
def test_it_reports_what_was_cut_short(organization: UUID, mode: Mode, size: int) -> None:
    row, whole = _version(organization, 1), _version(organization, 2)
    cut = stored(row, "payload")[:size]
    overwrite(row, "payload", cut)
    rotate(organization)
    [batch] = whole_pass(organization, mode)
    assert (batch.done, batch.failed, stored(row, "payload")) == (1, 1, cut)
    whole.refresh_from_db()
    assert whole.payload == {"value": "secret 2"}


def test_it_reports_a_value_of_another_row(organization: UUID, mode: Mode) -> None:
    rows = [_version(organization, number) for number in range(3)]
    overwrite(rows[0], "payload", stored(rows[1], "payload"))
    rotate(organization)
    [batch] = whole_pass(organization, mode)
    assert (batch.done, [failure.version for failure in batch.unreadable]) == (2, [0])


def test_it_reports_a_value_that_was_moved_to_another_organization(organization: UUID, mode: Mode) -> None:
    row = _version(organization, 1)
    stranger = uuid4()
    Version.objects.filter(pk=row.pk).update(organization_id=stranger)
    rotate(organization)
    [batch] = whole_pass(organization, mode)
    assert (batch.done, [failure.scope for failure in batch.unreadable]) == (0, [str(stranger)])


def test_it_comes_to_an_end_behind_any_number_of_them(organization: UUID, mode: Mode) -> None:
    rows = sorted((_version(organization, number) for number in range(9)), key=lambda row: row.pk)
    for row in rows[:6]:
        overwrite(row, "payload", _flipped(stored(row, "payload"), 40))
    rotate(organization)
    done = [advance(str(organization), Purpose.DATA, mode=mode, limit=2).done for _ in range(4)]  # no position given
    assert sum(done) == 3
    assert done[-1] == 0
    last = advance(str(organization), Purpose.DATA, mode=mode, limit=2)
    assert (last.failed, last.after) == (6, None)


def test_it_tells_some_and_counts_the_rest(organization: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rewrapping, "_TOLD", 5)
    rows = [_version(organization, number) for number in range(12)]
    for row in rows[1:]:
        overwrite(row, "payload", stored(rows[0], "payload"))
    rotate(organization)
    [batch] = whole_pass(organization, Mode.REWRAP)
    assert (batch.done, batch.failed, len(batch.unreadable)) == (1, 11, 5)

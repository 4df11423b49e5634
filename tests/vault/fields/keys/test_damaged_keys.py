"""What is under one key that cannot be had is told row by row, and the rest goes on."""

from uuid import UUID

import pytest

from tests.vault.fields.app.models import Version
from tests.vault.fields.keys.conftest import rotate, whole_pass
from vault.fields.rewrapping import Mode, outstanding
from vault.fields.verification import verify
from vault.keys import keyrings
from vault.keys.models import WrappedKey
from vault.keys.purposes import Purpose

LONG = "x" * 20_000


@pytest.fixture
def rows(organization: UUID) -> list[Version]:
    """Rows under three keys, of which the first does not open."""
    made = []
    for number in (1, 2, 3):
        if number > 1:
            rotate(organization)
        made.append(
            Version.objects.create(organization_id=organization, payload={"value": LONG, "number": str(number)})
        )
    first = WrappedKey.objects.get(scope=str(organization), version=1)
    WrappedKey.objects.filter(pk=first.pk).update(wrapped=bytes(first.wrapped)[:-1] + b"\0")
    keyrings.drop()
    return made


def test_values_under_the_other_keys_are_read(rows: list[Version]) -> None:
    for row in rows[1:]:
        assert Version.objects.get(pk=row.pk).payload["value"] == LONG


def test_they_are_moved(rows: list[Version], organization: UUID, mode: Mode) -> None:
    [batch] = whole_pass(organization, mode)
    assert (batch.done, batch.failed) == (1, 1)
    assert batch.unreadable[0].row == str(rows[0].secret_id)
    assert "does not open" in batch.unreadable[0].problem
    assert outstanding(str(organization), Purpose.DATA) == 1


def test_they_are_not_reported(rows: list[Version], organization: UUID) -> None:
    found = verify(scope=str(organization))
    told = {(failure.table, failure.row) for failure in found.failures}
    assert len(told) == 2  # the key, and the value under it
    assert ("fields_app_version", str(rows[0].secret_id)) in told

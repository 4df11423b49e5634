"""Every value is opened; what does not open is told by its place and in words, and never a value."""

from collections import Counter
from uuid import UUID, uuid4

import pytest
from django.db import connection

from tests.vault.fields.app.models import Fragment, Note, Seed, Version
from tests.vault.fields.conftest import overwrite, stored
from tests.vault.fields.keys.conftest import rotate, whole_pass
from vault.crypto.aad import RowBinding
from vault.crypto.envelope import MAX_PLAINTEXT, encrypt
from vault.fields.rewrapping import Mode
from vault.fields.verification import RowFailure, TableCount, verify
from vault.keys import keyrings
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, KeyState, Purpose
from vault.keys.services import create_tenant_key, ensure_system_keys

VALUE = "hunter2-of-the-test"


def _version(organization: UUID, number: int = 1) -> Version:
    return Version.objects.create(organization_id=organization, number=number, payload={"value": VALUE})


def _flip(row: Version, offset: int) -> None:
    value = stored(row, "payload")
    overwrite(row, "payload", value[:offset] + bytes([value[offset] ^ 1]) + value[offset + 1 :])


def _only_failure(scope: UUID | None = None) -> RowFailure:
    found = verify(scope=None if scope is None else str(scope))
    assert not found.holds
    assert VALUE not in repr(found)
    [failure] = found.failures
    return failure


def test_it_opens_everything_and_counts_by_table(organization: UUID) -> None:
    ensure_system_keys()
    for number in range(3):
        _version(organization, number)
    Version.objects.create(organization_id=organization, number=9, payload={"value": "x" * (MAX_PLAINTEXT - 20)})
    Fragment.objects.create(organization_id=organization, position=1, text=VALUE)
    Note.objects.create(organization_id=organization, body=VALUE, footer="")
    Seed.objects.create(seed=VALUE)
    keys = WrappedKey.objects.count()
    found = verify()
    assert (found.holds, found.failed, found.failures, found.checked) == (True, 0, (), keys + 8)
    assert {name: count for name, count in found.by_table.items() if count.checked} == {
        "keys_wrappedkey.wrapped": TableCount(keys),
        "fields_app_version.payload": TableCount(4),
        "fields_app_fragment.text": TableCount(1),
        "fields_app_note.body": TableCount(1),
        "fields_app_note.footer": TableCount(1),
        "fields_app_seed.seed": TableCount(1),
    }


def test_it_keeps_to_one_scope(organization: UUID) -> None:
    ensure_system_keys()
    other = uuid4()
    create_tenant_key(scope=str(other), purpose=Purpose.DATA)
    _version(organization)
    _flip(_version(other), 100)
    Seed.objects.create(seed=VALUE)
    assert verify(scope=str(organization)).checked == 2
    assert verify(scope=SYSTEM_SCOPE).by_table["fields_app_seed.seed"] == TableCount(1)
    assert "fields_app_version.payload" not in verify(scope=SYSTEM_SCOPE).by_table
    assert _only_failure().scope == str(other)


@pytest.mark.parametrize("offset", [20, 40, 80, 120, -1])
def test_it_tells_which_row_was_altered(organization: UUID, offset: int) -> None:
    _version(organization, 1)
    row = _version(organization, 2)
    _flip(row, offset % len(stored(row, "payload")))
    failure = _only_failure(organization)
    assert (failure.table, failure.column, failure.row) == ("fields_app_version", "payload", str(row.secret_id))
    assert (failure.version, failure.scope) == (2, str(organization))
    assert "altered, cut short or moved" in failure.problem


@pytest.mark.parametrize("value", [b"", b"\1", b"\1" + bytes(40), b"\1" + bytes(300)])
def test_it_tells_of_what_is_no_value(organization: UUID, value: bytes) -> None:
    overwrite(_version(organization), "payload", value)
    assert _only_failure(organization).version == 1


def test_it_tells_of_a_format_of_another_release(organization: UUID) -> None:
    row = _version(organization)
    overwrite(row, "payload", b"\2" + stored(row, "payload")[1:])
    failure = _only_failure(organization)
    assert "format version 2" in failure.problem
    assert failure.key_fingerprint is None


def test_it_tells_of_a_key_that_was_destroyed(organization: UUID) -> None:
    _version(organization)
    old = rotate(organization)
    WrappedKey.objects.filter(pk=old.pk).update(state=KeyState.DESTROYED.value, wrapped=b"")
    keyrings.forget()
    failure = _only_failure(organization)
    assert "was destroyed" in failure.problem
    assert failure.key_fingerprint == old.fingerprint


def test_it_tells_of_a_key_that_is_gone_and_of_one_of_another_organization(organization: UUID) -> None:
    row = _version(organization)
    other = create_tenant_key(scope=str(uuid4()), purpose=Purpose.DATA)
    value = stored(row, "payload")
    overwrite(row, "payload", value[:1] + bytes(16) + value[17:])
    assert "0000-0000-0000-0000" in _only_failure(organization).problem
    overwrite(row, "payload", value[:1] + bytes(other.key_id) + value[17:])
    assert f"the data key of {other.scope}" in _only_failure(organization).problem


def test_it_tells_of_a_tenant_key_that_does_not_open(organization: UUID) -> None:
    key = WrappedKey.objects.get(scope=str(organization))
    wrapped = bytes(key.wrapped)
    WrappedKey.objects.filter(pk=key.pk).update(wrapped=wrapped[:-1] + bytes([wrapped[-1] ^ 1]))
    failure = _only_failure(organization)
    assert (failure.table, failure.column, failure.row) == ("keys_wrappedkey", "wrapped", str(key.uid))
    assert failure.key_fingerprint == key.fingerprint


def test_it_tells_of_what_opens_and_is_not_what_the_column_holds(organization: UUID) -> None:
    rows = [_version(organization, number) for number in range(3)]
    ring = keyrings.keyring_for(str(organization), Purpose.DATA)
    for row, plaintext in zip(rows, (b"not json", b"[1]", b'{"a":"\xff"}'), strict=True):
        place = RowBinding(str(organization), "fields_app_version", "payload", row.secret_id, row.number)
        overwrite(row, "payload", encrypt(ring, plaintext, place))
    found = verify(scope=str(organization))
    assert {failure.version: failure.problem.partition(",")[0] for failure in found.failures} == dict.fromkeys(
        range(3), "It opens"
    )
    assert "not json" not in repr(found)


def test_it_opens_values_of_all_live_keys(organization: UUID) -> None:
    _version(organization, 1)
    rotate(organization)
    _version(organization, 2)
    assert verify(scope=str(organization)).holds
    whole_pass(organization, Mode.REWRAP)
    assert verify(scope=str(organization)).holds


def test_it_tells_how_far_it_is(organization: UUID) -> None:
    for number in range(3):
        _version(organization, number)
    told: list[tuple[int, int]] = []
    verify(scope=str(organization), progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (4, 4)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_it_changes_nothing_and_leaves_no_transaction(organization: UUID) -> None:
    row = _version(organization)
    before, depth = stored(row, "payload"), len(connection.savepoint_ids)
    verify()
    assert stored(row, "payload") == before
    assert len(connection.savepoint_ids) == depth


def test_a_sample_is_spread_over_the_tables(organization: UUID) -> None:
    for number in range(18):
        _version(organization, number)
    Fragment.objects.create(organization_id=organization, position=1, text=VALUE)
    found = verify(scope=str(organization), sample=5).by_table
    assert (found["fields_app_version.payload"].checked, found["fields_app_fragment.text"].checked) == (4, 1)
    assert verify(scope=str(organization), sample=1_000).checked == 20
    assert verify(scope=str(organization), sample=1).checked == 2


def test_every_row_of_a_sample_is_as_likely(organization: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    from vault.fields.opening import Opener

    for number in range(6):
        _version(organization, number)
    drawn: Counter[object] = Counter()
    opened = Opener.open

    def watched(self: Opener, keys: list[tuple[object, ...]]) -> object:
        drawn.update(key[0] for key in keys)
        return opened(self, keys)

    monkeypatch.setattr(Opener, "open", watched)
    for _ in range(300):
        verify(scope=str(organization), sample=2)
    assert len(drawn) == 6
    assert sum(drawn.values()) == 600
    assert all(60 <= times <= 140 for times in drawn.values())  # 100 expected, 4.9 standard deviations either way


@pytest.mark.parametrize("arguments", [{"scope": "nobody"}, {"sample": 0}, {"sample": -1}])
def test_it_refuses_what_is_no_scope_and_no_number(db: None, arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"hexadecimal UUID|at least one"):
        verify(**arguments)  # type: ignore[arg-type]  # that is what is tested

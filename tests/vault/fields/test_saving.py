"""A save encrypts what was assigned, and leaves alone what was not."""

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.vault.fields.app.models import Note, Seed, Version
from tests.vault.fields.conftest import overwrite, stored
from vault.crypto.errors import CryptoError, DamagedValue
from vault.crypto.keyring import NoActiveKey
from vault.keys.keyrings import WrongRootKey


def test_it_stores_ciphertext_and_no_plaintext() -> None:
    row = Seed.objects.create(name="one", seed="correct horse battery staple")
    assert b"horse" not in stored(row, "seed")
    assert stored(row, "seed")[0] == 1


def test_no_statement_carries_a_plaintext(organization: UUID) -> None:
    with CaptureQueriesContext(connection) as captured:
        row = Version.objects.create(organization_id=organization, payload={"password": "correct horse"})
        row.payload = {"password": "battery staple"}
        row.save()
        Version.objects.bulk_create([Version(organization_id=organization, payload={"password": "correct horse"})])
    assert captured.captured_queries
    for query in captured.captured_queries:
        assert "horse" not in query["sql"]
        assert "staple" not in query["sql"]


def test_a_saved_instance_still_has_its_value(lose_root_key: Callable[[], None]) -> None:
    row = Seed.objects.create(name="one", seed="secret")
    lose_root_key()
    assert row.seed == "secret"


def test_an_assigned_value_is_read_back_before_it_is_saved() -> None:
    row = Seed(name="one", seed="first")
    assert row.seed == "first"
    row.seed = "second"
    assert row.seed == "second"
    assert row.seed_envelope is None


def test_a_changed_value_is_saved_under_a_new_dek() -> None:
    row = Seed.objects.create(name="one", seed="first")
    before = stored(row, "seed")
    row.seed = "second"
    row.save()
    assert Seed.objects.get(pk=row.pk).seed == "second"
    row.seed = "first"
    row.save()
    assert stored(row, "seed")[17:] != before[17:]


@pytest.mark.parametrize("reading_first", [False, True])
def test_another_save_of_the_row_leaves_the_ciphertext_as_it_is(reading_first: bool) -> None:
    Seed.objects.create(name="one", seed="secret")
    row = Seed.objects.get(name="one")
    before = stored(row, "seed")
    if reading_first:
        assert row.seed == "secret"
    row.name = "renamed"
    row.save()
    assert stored(row, "seed") == before
    assert Seed.objects.get(name="renamed").seed == "secret"


def test_another_save_of_the_row_does_not_open_the_value() -> None:
    row = Seed.objects.create(name="one", seed="secret")
    broken = stored(row, "seed")[:-1] + bytes([stored(row, "seed")[-1] ^ 1])
    overwrite(row, "seed", broken)
    loaded = Seed.objects.get(pk=row.pk)
    loaded.name = "renamed"
    loaded.save()
    assert stored(row, "seed") == broken
    with pytest.raises(DamagedValue):
        _ = Seed.objects.get(pk=row.pk).seed


def test_a_save_of_other_fields_needs_no_key(lose_root_key: Callable[[], None]) -> None:
    row = Seed.objects.get(pk=Seed.objects.create(name="one", seed="secret").pk)
    lose_root_key()
    row.name = "renamed"
    row.save(update_fields=["name"])
    deferred = Seed.objects.defer("seed").get(pk=row.pk)
    deferred.name = "again"
    deferred.save()
    with pytest.raises(WrongRootKey), transaction.atomic():
        row.save()  # writes the column, and so asks whether the value belongs there


def test_a_save_of_this_field_saves_it(organization: UUID) -> None:
    row = Version.objects.create(organization_id=organization, note="before", payload={"value": "first"})
    row.payload, row.note = {"value": "second"}, "not saved"
    row.save(update_fields=["payload"])
    loaded = Version.objects.get(pk=row.pk)
    assert (loaded.payload, loaded.note) == ({"value": "second"}, "before")


def test_rows_are_created_in_bulk(organization: UUID) -> None:
    with CaptureQueriesContext(connection) as captured:
        Version.objects.bulk_create(
            Version(organization_id=organization, number=number, payload={"value": str(number)})
            for number in range(1, 51)
        )
    inserts = [query["sql"] for query in captured.captured_queries if query["sql"].startswith("INSERT")]
    assert len(inserts) == 1
    assert ("UNNEST" in inserts[0]) is (connection.vendor == "postgresql")
    rows = Version.objects.filter(organization_id=organization)
    assert {row.number: row.payload["value"] for row in rows} == {number: str(number) for number in range(1, 51)}


def test_a_row_is_replaced_in_bulk_where_its_uid_is_the_conflict() -> None:
    row = Seed.objects.create(name="one", seed="before")
    Seed.objects.bulk_create(
        [Seed(uid=row.uid, name="one", seed="after")],
        update_conflicts=True,
        update_fields=["seed"],
        unique_fields=["uid"],
    )
    assert Seed.objects.get(pk=row.pk).seed == "after"


def test_get_or_create_and_update_or_create_take_values_as_defaults(organization: UUID) -> None:
    row, created = Seed.objects.get_or_create(name="one", defaults={"seed": "first"})
    again, created_again = Seed.objects.get_or_create(name="one", defaults={"seed": "second"})
    assert (created, created_again, again.seed) == (True, False, "first")
    changed, _ = Seed.objects.update_or_create(name="one", defaults={"seed": "third"})
    assert changed == row
    assert Seed.objects.get(pk=row.pk).seed == "third"


def test_two_values_of_one_row_are_kept_apart(organization: UUID) -> None:
    note = Note.objects.create(organization_id=organization, body="the body", footer="the footer")
    loaded = Note.objects.get(pk=note.pk)
    loaded.footer = "changed"
    before = stored(note, "body")
    loaded.save()
    assert stored(note, "body") == before
    loaded = Note.objects.get(pk=note.pk)
    assert (loaded.body, loaded.footer) == ("the body", "changed")


def test_a_row_without_a_value_is_not_saved(organization: UUID) -> None:
    for row in (Seed(name="one"), Seed(name="one", seed=None)):
        with pytest.raises(ValueError, match=r"fields_app\.Seed\.seed has no value"), transaction.atomic():
            row.save()
    row = Seed.objects.create(name="one", seed="secret")
    row.seed = None
    with pytest.raises(ValueError, match="has no value"), transaction.atomic():
        row.save()
    assert Seed.objects.get(pk=row.pk).seed == "secret"


def test_an_organization_without_a_key_stores_nothing() -> None:
    with pytest.raises(NoActiveKey, match="no active data key"), transaction.atomic():
        Version.objects.create(organization_id=uuid4(), payload={"value": "secret"})
    assert issubclass(NoActiveKey, CryptoError)


def test_a_failed_save_can_be_tried_again_under_another_number(organization: UUID) -> None:
    secret = uuid4()
    Version.objects.create(organization_id=organization, secret_id=secret, number=1, payload={"value": "theirs"})
    row = Version(organization_id=organization, secret_id=secret, number=1, payload={"value": "mine"})
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()
    row.number = 2
    row.save()
    assert Version.objects.get(secret_id=secret, number=2).payload == {"value": "mine"}


def test_a_save_that_was_rolled_back_can_be_repeated() -> None:
    row = Seed(name="one", seed="secret")
    with transaction.atomic():
        row.save()
        transaction.set_rollback(True)
    row.pk, row._state.adding = None, True
    row.save()
    assert Seed.objects.get(name="one").seed == "secret"

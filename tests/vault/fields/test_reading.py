"""An instance opens a value when it is read, once; a query never does."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db.models import F
from django.db.models.functions import Coalesce
from django.test.utils import CaptureQueriesContext

from tests.vault.fields.app.models import LabelledSeed, Note, Seed, Version
from tests.vault.fields.conftest import stored
from vault.fields import Envelope
from vault.keys.keyrings import WrongRootKey


def test_it_gives_back_what_was_stored(organization: UUID) -> None:
    Seed.objects.create(name="one", seed="JBSWY3DPEHPK3PXP")
    Version.objects.create(organization_id=organization, payload={"username": "alice", "password": "p@ss"})
    assert Seed.objects.get(name="one").seed == "JBSWY3DPEHPK3PXP"
    assert Version.objects.get(organization_id=organization).payload == {"username": "alice", "password": "p@ss"}


def test_rows_load_and_list_without_any_key(lose_root_key: Callable[[], None]) -> None:
    Seed.objects.create(name="one", seed="secret")
    lose_root_key()
    (row,) = Seed.objects.filter(name="one")
    assert (row.name, str(row)) == ("one", "one")
    assert row.seed_envelope.key_id
    with pytest.raises(WrongRootKey):
        _ = row.seed


def test_it_opens_a_value_once(lose_root_key: Callable[[], None]) -> None:
    Seed.objects.create(name="one", seed="secret")
    row = Seed.objects.get(name="one")
    assert row.seed == "secret"
    lose_root_key()
    assert row.seed == "secret"


def test_a_refreshed_instance_opens_what_is_stored_now() -> None:
    row = Seed.objects.create(name="one", seed="before")
    other = Seed.objects.get(pk=row.pk)
    other.seed = "after"
    other.save()
    assert row.seed == "before"
    row.refresh_from_db()
    assert row.seed == "after"


def test_refreshing_one_field_by_its_name_reads_it_again() -> None:
    row = Seed.objects.create(name="one", seed="before")
    Seed.objects.get(pk=row.pk)
    other = Seed.objects.get(pk=row.pk)
    other.seed = "after"
    other.save()
    row.refresh_from_db(fields=["seed"])
    assert row.seed == "after"


def test_refreshing_drops_what_was_assigned_and_not_saved() -> None:
    row = Seed.objects.create(name="one", seed="stored")
    row.seed = "never saved"
    row.refresh_from_db()
    assert row.seed == "stored"


def test_a_deferred_value_is_loaded_when_it_is_read(
    django_assert_num_queries: Callable[..., CaptureQueriesContext],
) -> None:
    Seed.objects.create(name="one", seed="secret")
    row = Seed.objects.defer("seed").get(name="one")
    with django_assert_num_queries(1):
        assert row.seed == "secret"
    with django_assert_num_queries(0):
        assert row.seed == "secret"


def test_the_attributes_it_is_bound_to_may_be_deferred(organization: UUID) -> None:
    Version.objects.create(organization_id=organization, number=7, payload={"value": "secret"})
    row = Version.objects.only("payload").get(organization_id=organization)
    assert row.get_deferred_fields() >= {"organization_id", "secret_id", "number"}
    assert row.payload == {"value": "secret"}


def test_queries_give_envelopes(organization: UUID) -> None:
    Note.objects.create(organization_id=organization, title="one", body="secret", footer="")
    notes = Note.objects.filter(organization_id=organization)
    given = [
        notes.values_list("body", flat=True)[0],
        notes.values_list("title", "body")[0][1],
        notes.values("body")[0]["body"],
        notes.values()[0]["body_ciphertext"],
        notes.values_list("body", named=True)[0].body,
        notes.values_list(F("body"), flat=True)[0],
        notes.annotate(copied=F("body"))[0].copied,
        notes.annotate(copied=F("body")).values_list("copied", flat=True)[0],
        notes.annotate(copied=F("body")).defer("body")[0].copied,
    ]
    for value in given:
        assert type(value) is Envelope
        assert value == stored(notes[0], "body")


def test_an_annotated_instance_still_opens(organization: UUID) -> None:
    Note.objects.create(organization_id=organization, title="one", body="secret", footer="x")
    note: Any = Note.objects.annotate(copied=F("body")).get(organization_id=organization)
    assert (note.body, note.footer) == ("secret", "x")


def test_a_joined_row_that_is_not_there_has_no_envelope(organization: UUID) -> None:
    Version.objects.create(organization_id=organization, payload={})
    assert Version.objects.filter(organization_id=organization).values_list("seed__seed", flat=True)[0] is None


def test_rows_of_a_join_open(organization: UUID) -> None:
    seed = Seed.objects.create(name="one", seed="of the join")
    Version.objects.create(organization_id=organization, seed=seed, payload={"value": "secret"})
    row = Version.objects.select_related("seed").get(organization_id=organization)
    assert row.seed is not None
    assert (row.seed.seed, row.payload) == ("of the join", {"value": "secret"})


def test_rows_of_raw_sql_and_of_an_iterator_open() -> None:
    Seed.objects.create(name="one", seed="secret")
    assert [row.seed for row in Seed.objects.raw("SELECT * FROM fields_app_seed WHERE name = 'one'")] == ["secret"]
    assert [row.seed for row in Seed.objects.filter(name="one").iterator(chunk_size=1)] == ["secret"]
    assert [row.seed for row in Seed.objects.filter(name="one").union(Seed.objects.filter(pk=-1))] == ["secret"]


def test_the_row_of_a_child_table_opens_through_parent_and_child() -> None:
    LabelledSeed.objects.create(name="one", label="first", seed="secret")
    assert LabelledSeed.objects.get(label="first").seed == "secret"
    assert Seed.objects.get(name="one").seed == "secret"
    child = LabelledSeed.objects.get(label="first")
    child.seed = "changed"
    child.save()
    assert Seed.objects.get(name="one").seed == "changed"


def test_a_function_of_the_column_gives_ciphertext() -> None:
    row = Seed.objects.create(name="one", seed="secret")
    given = Seed.objects.annotate(some=Coalesce("seed", "seed")).values_list("some", flat=True)[0]
    assert type(given) is Envelope
    assert given == stored(row, "seed")


def test_an_instance_that_was_never_given_a_value_has_none(organization: UUID) -> None:
    assert Seed(name="one").seed is None
    assert Version(organization_id=organization).payload is None
    assert Seed(name="one").seed_envelope is None


def test_an_envelope_tells_its_key_and_nothing_else() -> None:
    row = Seed.objects.create(name="one", seed="secret")
    assert row.seed_envelope == row.seed_ciphertext == stored(row, "seed")
    assert row.seed_envelope.key_id == stored(row, "seed")[1:17]


def test_the_attribute_of_the_class_is_the_attribute_itself() -> None:
    assert "fields_app.Seed.seed" in repr(Seed.seed)

"""A value stays where it was written: it does not open elsewhere, and nothing is saved where it would not open."""

import copy
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from tests.vault.fields.app.models import Draft, Note, Seed, Version
from tests.vault.fields.conftest import overwrite, stored
from vault.crypto.errors import DamagedValue, KeyUnavailable
from vault.fields import RowMoved
from vault.keys.purposes import Purpose
from vault.keys.services import create_tenant_key


def test_ciphertext_of_another_row_does_not_open() -> None:
    one, other = Seed.objects.create(name="one", seed="first"), Seed.objects.create(name="other", seed="second")
    overwrite(one, "seed", stored(other, "seed"))
    with pytest.raises(DamagedValue, match=f"fields_app_seed.seed of row {one.uid}"):
        _ = Seed.objects.get(pk=one.pk).seed


def test_ciphertext_of_another_column_does_not_open(organization: UUID) -> None:
    note = Note.objects.create(organization_id=organization, body="the body", footer="the footer")
    overwrite(note, "footer", stored(note, "body"))
    loaded = Note.objects.get(pk=note.pk)
    assert loaded.body == "the body"
    with pytest.raises(DamagedValue, match=r"fields_app_note\.footer"):
        _ = loaded.footer


def test_ciphertext_of_another_table_does_not_open(organization: UUID) -> None:
    uid = uuid4()
    note = Note.objects.create(uid=uid, organization_id=organization, body="of the note", footer="x")
    draft = Draft.objects.create(uid=uid, organization_id=organization, body="of the draft", footer="x")
    overwrite(draft, "body", stored(note, "body"))
    with pytest.raises(DamagedValue, match=r"fields_app_draft\.body"):
        _ = Draft.objects.get(pk=uid).body


def test_ciphertext_of_an_earlier_version_does_not_open_as_a_later_one(organization: UUID) -> None:
    secret = uuid4()
    old = Version.objects.create(organization_id=organization, secret_id=secret, number=1, payload={"value": "old"})
    new = Version.objects.create(organization_id=organization, secret_id=secret, number=2, payload={"value": "new"})
    overwrite(new, "payload", stored(old, "payload"))
    with pytest.raises(DamagedValue, match=r"fields_app_version\.payload"):
        _ = Version.objects.get(pk=new.pk).payload
    Version.objects.filter(pk=old.pk).update(number=3)
    with pytest.raises(DamagedValue):
        _ = Version.objects.get(pk=old.pk).payload


def test_a_row_moved_to_another_organization_does_not_open(organization: UUID) -> None:
    theirs = uuid4()
    create_tenant_key(scope=str(theirs), purpose=Purpose.DATA)
    row = Version.objects.create(organization_id=organization, payload={"value": "secret"})
    Version.objects.filter(pk=row.pk).update(organization_id=theirs)
    with pytest.raises(KeyUnavailable, match=f"data key of {theirs}"):
        _ = Version.objects.get(pk=row.pk).payload


@pytest.mark.parametrize("attribute", ["secret_id", "number"])
@pytest.mark.parametrize("reading_first", [False, True])
def test_a_save_that_would_move_a_stored_value_is_refused(
    attribute: str, reading_first: bool, organization: UUID
) -> None:
    created = Version.objects.create(organization_id=organization, payload={"value": "secret"})
    row = Version.objects.get(pk=created.pk)
    if reading_first:
        assert row.payload == {"value": "secret"}
    setattr(row, attribute, uuid4() if attribute == "secret_id" else 9)
    with pytest.raises(RowMoved, match=r"fields_app\.Version\.payload") as caught, transaction.atomic():
        row.save()
    assert "secret" not in str(caught.value).replace("secret_id", "")
    assert Version.objects.get(pk=created.pk).payload == {"value": "secret"}


def test_a_moved_row_is_saved_when_its_value_is_assigned_anew(organization: UUID) -> None:
    row = Version.objects.create(organization_id=organization, payload={"value": "secret"})
    row.number, row.payload = 9, dict(row.payload)
    row.save()
    assert Version.objects.get(pk=row.pk).payload == {"value": "secret"}


def test_an_envelope_of_another_row_is_refused_on_saving() -> None:
    one, other = Seed.objects.create(name="one", seed="first"), Seed.objects.create(name="other", seed="second")
    one.seed = other.seed_envelope
    with pytest.raises(RowMoved), transaction.atomic():
        one.save()
    one.seed_ciphertext = other.seed_ciphertext
    with pytest.raises(RowMoved), transaction.atomic():
        one.save()
    assert Seed.objects.get(pk=one.pk).seed == "first"


def test_an_envelope_of_the_row_itself_is_taken() -> None:
    row = Seed.objects.create(name="one", seed="first")
    before = row.seed_envelope
    row.seed = "second"
    row.save()
    row.seed = before
    assert row.seed == "first"
    row.save()
    assert Seed.objects.get(pk=row.pk).seed == "first"


@pytest.mark.usefixtures("installed")
def test_a_copy_in_a_new_row_is_encrypted_for_it_if_its_value_is_known() -> None:
    original = Seed.objects.create(name="one", seed="secret")
    duplicate = copy.copy(Seed.objects.get(pk=original.pk))
    assert duplicate.seed == "secret"
    duplicate.pk, duplicate.uid, duplicate._state.adding = None, uuid4(), True
    duplicate.save()
    assert stored(duplicate, "seed") != stored(original, "seed")
    assert Seed.objects.get(pk=duplicate.pk).seed == Seed.objects.get(pk=original.pk).seed == "secret"


def test_a_copy_in_a_new_row_is_refused_if_its_value_is_not_known() -> None:
    original = Seed.objects.create(name="one", seed="secret")
    duplicate = Seed.objects.get(pk=original.pk)
    duplicate.pk, duplicate.uid, duplicate._state.adding = None, uuid4(), True
    with pytest.raises(RowMoved), transaction.atomic():
        duplicate.save()


def test_a_change_to_the_binding_after_reading_does_not_make_the_value_wrong(
    organization: UUID, lose_root_key: Callable[[], None]
) -> None:
    row = Version.objects.create(organization_id=organization, payload={"value": "secret"})
    row.number = 5
    lose_root_key()
    assert row.payload == {"value": "secret"}

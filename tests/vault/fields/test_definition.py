"""How a field is declared, checked, migrated and validated."""

from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator
from django.db import connection, models, transaction
from django.db.migrations.writer import MigrationWriter
from django.test.utils import isolate_apps

from tests.vault.fields.app.models import Note, Seed, Version
from vault.fields import EncryptedField, EncryptedJSONField, EncryptedTextField
from vault.keys.purposes import Purpose

FIELDS: list[Any] = [
    EncryptedTextField(),
    EncryptedTextField("its name", purpose=Purpose.DATA, scope="organization_id", row="pk", row_version="number"),
    EncryptedJSONField(),
    EncryptedJSONField(db_column="other", help_text="help"),
]


@pytest.mark.parametrize("field", FIELDS)
def test_a_clone_is_declared_alike(field: Any) -> None:
    clone = field.clone()
    assert type(clone) is type(field)
    assert clone.deconstruct() == field.deconstruct()
    for name in ("purpose", "scope", "row", "row_version"):
        assert getattr(clone, name) == getattr(field, name)


@pytest.mark.parametrize("field", FIELDS)
def test_a_migration_names_it_by_its_public_path(field: Any) -> None:
    written, imports = MigrationWriter.serialize(field)
    assert written.startswith(f"vault.fields.{type(field).__name__}(")
    assert imports == {"import vault.fields"}
    assert f"row={field.row!r}" in written
    assert f"purpose={field.purpose.value!r}" in written
    assert eval(written, {"vault": __import__("vault.fields")}).deconstruct()[1:] == field.deconstruct()[1:]  # noqa: S307 - what the test wrote


def test_a_subclass_keeps_its_own_path() -> None:
    class Special(EncryptedTextField):
        """Declared somewhere else."""

    assert Special().deconstruct()[1].startswith("tests.vault.fields.")


@pytest.mark.parametrize(
    "option", ["null", "unique", "db_index", "primary_key", "default", "db_default", "choices", "editable"]
)
@pytest.mark.parametrize("kind", [EncryptedTextField, EncryptedJSONField])
def test_it_cannot_be_declared_with_what_would_leak_or_lose_values(kind: type[EncryptedField], option: str) -> None:
    options: dict[str, Any] = {option: True}
    with pytest.raises(TypeError, match=f"cannot have {option}="):
        kind(**options)


@isolate_apps("tests.vault.fields.app")
def test_it_must_name_attributes_that_exist() -> None:
    class Wrong(models.Model):
        uid = models.UUIDField(primary_key=True)
        value = EncryptedTextField(purpose=Purpose.DATA, scope="organization_id", row="nothing", row_version="neither")

        class Meta:
            app_label = "app"

        def __str__(self) -> str:
            return "a row"

    problems = [problem for problem in Wrong.check() if problem.id == "vault.fields.E001"]
    assert [problem.msg for problem in problems] == [
        f"{argument}={name!r} names no attribute of Wrong."
        for argument, name in (("scope", "organization_id"), ("row", "nothing"), ("row_version", "neither"))
    ]


@isolate_apps("tests.vault.fields.app")
@pytest.mark.parametrize(
    ("purpose", "scope", "right"),
    [
        (Purpose.DATA, "organization_id", True),
        (Purpose.TOTP, None, True),
        (Purpose.DATA, None, False),
        (Purpose.TOTP, "organization_id", False),
        (Purpose.TOKEN, None, False),
        (Purpose.AUDIT, None, False),
        (Purpose.ROW, "organization_id", False),
    ],
)
def test_it_must_take_a_purpose_that_encrypts_for_its_scope(purpose: Purpose, scope: str | None, right: bool) -> None:
    class Row(models.Model):
        uid = models.UUIDField(primary_key=True)
        organization_id = models.UUIDField()
        value = EncryptedTextField(purpose=purpose, scope=scope)

        class Meta:
            app_label = "app"

        def __str__(self) -> str:
            return "a row"

    assert [problem.id for problem in Row.check(databases=[])] == ([] if right else ["vault.fields.E002"])


def test_it_takes_no_purpose_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="everything"):
        EncryptedTextField(purpose="everything")  # type: ignore[arg-type]  # that is what is tested


@pytest.mark.usefixtures("installed")
def test_the_models_that_use_it_pass_their_checks() -> None:
    for model in (Seed, Version, Note):
        assert model.check(databases=["default"]) == []


def test_its_column_holds_bytes_and_inserts_in_bulk() -> None:
    field = Seed._meta.get_field("seed")
    assert isinstance(field, EncryptedTextField)
    assert field.db_type(connection) == ("bytea" if connection.vendor == "postgresql" else "BLOB")
    assert not hasattr(field, "get_placeholder")
    assert (field.attname, field.column) == ("seed_ciphertext", "seed")


def test_a_column_of_another_name_is_the_one_that_is_bound(organization: UUID) -> None:
    field = EncryptedTextField(db_column="other")
    field.set_attributes_from_name("value")
    field.model = Seed
    assert field.get_attname_column() == ("value_ciphertext", "other")


def test_full_clean_takes_values_and_asks_for_missing_ones(organization: UUID) -> None:
    Note(organization_id=organization, body="x", footer="").full_clean()
    stored = Note.objects.create(organization_id=organization, body="x", footer="")
    Note.objects.get(pk=stored.pk).full_clean()
    with pytest.raises(ValidationError) as caught:
        Note(organization_id=organization, body="").full_clean()
    assert set(caught.value.message_dict) == {"body", "footer"}


def test_a_version_is_cleaned_without_losing_its_value(organization: UUID) -> None:
    row = Version(organization_id=organization, payload={"value": "x"})
    row.full_clean()
    row.save()
    assert Version.objects.get(pk=row.pk).payload == {"value": "x"}


def test_validators_see_the_value_that_was_assigned() -> None:
    field = EncryptedTextField(validators=[MinLengthValidator(8)])
    field.set_attributes_from_name("value")
    field.model = Seed
    assert field.clean(field.unsaved("long enough"), None)
    with pytest.raises(ValidationError, match="at least 8"):
        field.clean(field.unsaved("short"), None)
    with pytest.raises(ValidationError, match="blank"):
        field.clean(field.unsaved(""), None)
    field.blank = True
    assert field.clean(field.unsaved(""), None)


def test_a_row_that_does_not_say_where_it_belongs_is_not_saved() -> None:
    with pytest.raises(TypeError, match=r"fields_app\.Note\.body needs organization_id"), transaction.atomic():
        Note(organization_id=None, body="x", footer="x").save()
    with pytest.raises(TypeError, match="the row's uid as a UUID"), transaction.atomic():
        Seed(uid=None, seed="x").save()

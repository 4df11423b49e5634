"""No encrypted field is forgotten, and each has what the life of keys needs."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from tests.vault.fields.app.models import Fragment, Seed
from vault.fields import KeyIdIndex
from vault.fields.registry import EncryptedColumn, encrypted_columns, encrypted_fields
from vault.keys.purposes import SYSTEM_SCOPE, Purpose


def test_it_finds_every_encrypted_field_once(db: None) -> None:
    found = [f"{field.model._meta.db_table}.{field.name}" for field in encrypted_fields()]
    assert len(found) == len(set(found))
    assert {"secrets_secretversion.payload", "accounts_totpdevice.key", "fields_app_seed.seed"} <= set(found)
    assert {"fields_app_note.body", "fields_app_note.footer", "fields_app_draft.body"} <= set(found)
    assert "fields_app_labelledseed.seed" not in found  # it is in the table of the model that it inherits from


def test_every_field_of_the_product_has_its_index(db: None) -> None:
    for field in encrypted_fields():
        if field.model._meta.app_label == "fields_app":
            continue
        indexes = [index for index in field.model._meta.indexes if isinstance(index, KeyIdIndex)]
        assert field.name in [index.field for index in indexes], f"{field} needs a KeyIdIndex"
        with connection.cursor() as cursor:
            there = connection.introspection.get_constraints(cursor, field.model._meta.db_table)
        assert {index.name for index in indexes} <= set(there)


def test_it_knows_the_columns_of_every_field_of_the_product(db: None) -> None:
    columns = {str(column): column for column in encrypted_columns()}
    version = columns["secrets_secretversion.payload"]
    assert (version.row, version.version, version.scope) == ("secret_id", "number", "organization_id")
    assert version.keys == ("uid",)
    device = columns["accounts_totpdevice.key"]
    assert (device.row, device.version, device.scope, device.keys) == ("uid", None, None, ("id",))
    assert device.holds(SYSTEM_SCOPE)
    assert not device.holds("6f1d2c3b-4a59-4687-9d0e-1f2a3b4c5d6e")
    assert columns["fields_app_fragment.text"].keys == ("document_id", "position")
    assert {str(column) for column in encrypted_columns(Purpose.TOTP)} == {
        "accounts_totpdevice.key",
        "fields_app_seed.seed",
    }


def test_it_refuses_a_field_that_is_bound_to_what_is_no_column(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    field = Seed._meta.get_field("seed")
    monkeypatch.setattr(field, "row", "pk_of_something")
    with pytest.raises(ImproperlyConfigured, match="pk_of_something"):
        EncryptedColumn(field).row  # noqa: B018 - reading it is what is refused


def test_the_index_survives_a_migration_file() -> None:
    [index] = Fragment._meta.indexes
    path, arguments, options = index.deconstruct()
    assert (path, arguments, options) == ("vault.fields.KeyIdIndex", ("text",), {"name": "fragment_key_id"})
    assert index.clone() == index

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings as configured
from django.db import connection, models
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings

from tests.harness.postgresql import APPLICATION
from tests.harness.roles import as_table_owner
from tests.vault.fields.app.models import Draft, Fragment, LabelledSeed, Note, Seed, Version
from vault.crypto.rootkey import generate_root_key_text
from vault.database import policies
from vault.keys import keyrings
from vault.keys.purposes import Purpose
from vault.keys.services import create_tenant_key

TABLES: tuple[type[models.Model], ...] = (Seed, LabelledSeed, Version, Note, Draft, Fragment)


@pytest.fixture(scope="session")
def _tables(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The tables of the throwaway models, for as long as the session's database lives."""
    with django_db_blocker.unblock(), as_table_owner():
        with connection.schema_editor() as editor:
            for model in TABLES:
                editor.create_model(model)
        if connection.vendor == "postgresql":
            policies.install(connection, role=APPLICATION)
    yield
    with django_db_blocker.unblock(), as_table_owner(), connection.schema_editor() as editor:
        for model in reversed(TABLES):
            editor.delete_model(model)


@pytest.fixture(autouse=True)
def _nothing_remembered(_tables: None, db: None) -> Iterator[None]:
    """Every test begins and ends with no keyring and no root key in memory."""
    keyrings.forget()
    yield
    keyrings.forget()


@pytest.fixture
def organization(db: None) -> UUID:
    """The uid of an organization that has a key."""
    uid = uuid4()
    create_tenant_key(scope=str(uid), purpose=Purpose.DATA)
    return uid


@pytest.fixture
def lose_root_key(settings: Settings) -> Callable[[], None]:
    """`lose_root_key()`: from now on the process has another root key, and can open nothing."""

    def lose() -> None:
        settings.ROOT_KEY, settings.ROOT_KEY_FILE = generate_root_key_text(), None
        keyrings.forget()

    return lose


@pytest.fixture
def installed() -> Iterator[None]:
    """The throwaway app among the installed ones: for what looks models up by name."""
    with override_settings(INSTALLED_APPS=[*configured.INSTALLED_APPS, "tests.vault.fields.app"]):
        yield


def stored(instance: models.Model, column: str) -> bytes:
    """What the database holds in a column of an instance's row, past the field."""
    meta = instance._meta
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {meta.db_table} WHERE {meta.pk.column} = %s", [_key(instance)])  # noqa: S608 - names of models
        return bytes(cursor.fetchone()[0])


def overwrite(instance: models.Model, column: str, value: bytes) -> None:
    """Put bytes into a column of an instance's row, past the field: what who can write to the database does."""
    meta = instance._meta
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {meta.db_table} SET {column} = %s WHERE {meta.pk.column} = %s", [value, _key(instance)])  # noqa: S608 - names of models


def _key(instance: models.Model) -> Any:
    return instance._meta.pk.get_db_prep_value(instance.pk, connection)

"""What the migration makes of keys that are older than the counter of their wraps and the table of root keys."""

import os
from datetime import UTC, datetime
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.db import connection

from vault.keys import generation
from vault.keys.models import KeyGeneration, KnownRootKey, WrappedKey

pytestmark = pytest.mark.django_db

migration = import_module("vault.keys.migrations.0002_life")
DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _row(scope: str, version: int, *, day: int, root_key_id: bytes, purpose: str = "data") -> WrappedKey:
    return WrappedKey.objects.create(
        scope=scope,
        purpose=purpose,
        version=version,
        state="decrypt_only",
        key_id=os.urandom(16),
        root_key_id=root_key_id,
        wrapped=bytes(77),
        created_at=DAY.replace(day=day),
    )


@pytest.fixture
def editor() -> object:
    return connection.schema_editor(collect_sql=True)


def test_they_begin_with_more_wraps_than_they_can_have_had(scope: str, editor: object) -> None:
    KeyGeneration.objects.all().delete()
    new, old = _row(scope, 1, day=10, root_key_id=bytes(16)), _row(scope, 2, day=1, root_key_id=bytes(16))
    other = _row("system", 90, day=1, root_key_id=bytes(16), purpose="audit")
    with time_machine.travel(DAY.replace(day=11), tick=False):
        migration._begin_counting(apps, editor)
    wraps = {row.pk: row.wraps for row in WrappedKey.objects.all()}
    assert (wraps[new.pk], wraps[old.pk], wraps[other.pk]) == (2_000_000, 11_000_000, 0)
    assert generation.number() == 0
    assert KeyGeneration.objects.exists()


def test_the_root_keys_that_wrap_are_known_in_the_order_in_which_they_began(scope: str, editor: object) -> None:
    WrappedKey.objects.all().delete()
    KnownRootKey.objects.all().delete()
    first, second = os.urandom(16), os.urandom(16)
    _row(scope, 1, day=2, root_key_id=first)
    _row(scope, 2, day=5, root_key_id=second)
    _row(scope, 3, day=3, root_key_id=first)
    migration._know_root_keys(apps, editor)
    known = [(bytes(row.key_id), row.wrapping_since) for row in KnownRootKey.objects.order_by("wrapping_since")]
    assert known == [(first, DAY.replace(day=2)), (second, DAY.replace(day=5))]

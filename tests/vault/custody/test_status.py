"""`keys status`: everything about every key, for people and for programs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from tests.cast import Cast
from tests.vault.custody.commands import keys, keys_with_code, spoken
from vault.crypto.rootkey import RootKey
from vault.custody.models import KeyOperation
from vault.keys.models import KnownRootKey, WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, Purpose
from vault.keys.rootkeys import wrapping_root_key
from vault.secrets.models import Secret

pytestmark = pytest.mark.django_db

MANY = 7
BORN = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = BORN + timedelta(days=40)
COLUMNS = ("SCOPE", "PURPOSE", "VERSION", "STATE", "KEY", "ROOT KEY", "AGE", "WRAPS", "ROWS", "PERIOD", "DUE")


@pytest.fixture
def born(cast: Cast, stored: list[Secret], settings: Any) -> None:
    """Every key was made and activated forty days ago, by periods that differ."""
    settings.KEY_ROTATION_DAYS = {**settings.KEY_ROTATION_DAYS, "data": 90, "token": 30}
    WrappedKey.objects.update(created_at=BORN, activated_at=BORN)
    WrappedKey.objects.filter(scope=cast.acme.key_scope).update(wraps=1024)


def columns(text: str) -> list[dict[str, str]]:
    """The table that people see, by the headings of its columns."""
    lines = text.split("\n\n", maxsplit=1)[0].splitlines()
    starts = [lines[0].index(f"  {name}") + 2 if name != "SCOPE" else 0 for name in COLUMNS]
    ends = [*starts[1:], None]
    return [
        {name: line[start:end].strip() for name, start, end in zip(COLUMNS, starts, ends, strict=True)}
        for line in lines[1:]
    ]


def test_it_tells_everything_about_every_key(cast: Cast, born: None) -> None:
    with time_machine.travel(TODAY, tick=False):
        document = keys("status")
    assert len(document["keys"]) == WrappedKey.objects.count()
    (acme,) = [key for key in document["keys"] if key["organization_slug"] == "acme"]
    row = WrappedKey.objects.get(scope=cast.acme.key_scope)
    assert acme == {
        "uid": str(row.uid),
        "scope": cast.acme.key_scope,
        "scope_label": "Acme",
        "organization_slug": "acme",
        "purpose": "data",
        "version": 1,
        "state": "active",
        "fingerprint": row.fingerprint,
        "root_fingerprint": wrapping_root_key().fingerprint,
        "next_root_fingerprint": "",
        "root_source": "environment variable HOLDFAST_ROOT_KEY",
        "created_at": "2026-03-01T12:00:00+00:00",
        "activated_at": "2026-03-01T12:00:00+00:00",
        "age_days": 40,
        "wraps": 1024,
        "rows": MANY,
        "period_days": 90,
        "due_at": "2026-05-30T12:00:00+00:00",
        "overdue": False,
    }
    (token,) = [key for key in document["keys"] if key["purpose"] == "token"]
    assert (token["scope"], token["period_days"], token["overdue"]) == (SYSTEM_SCOPE, 30, True)
    assert document["overdue"] == 1
    assert document["root_keys"][0]["wrapping"]
    assert not document["escrow"]["covered"]
    assert [key["scope"] for key in keys("status", "--org", "acme")["keys"]] == [cast.acme.key_scope]


def test_people_see_the_same(cast: Cast, born: None) -> None:
    with time_machine.travel(TODAY, tick=False):
        text = spoken("status")
    rows = columns(text)
    assert len(rows) == WrappedKey.objects.count()
    (acme,) = [row for row in rows if row["SCOPE"] == "acme"]
    assert acme == {
        "SCOPE": "acme",
        "PURPOSE": "data",
        "VERSION": "1",
        "STATE": "active",
        "KEY": WrappedKey.objects.get(scope=cast.acme.key_scope).fingerprint,
        "ROOT KEY": wrapping_root_key().fingerprint,
        "AGE": "40 d",
        "WRAPS": "1,024",
        "ROWS": str(MANY),
        "PERIOD": "90 d",
        "DUE": "2026-05-30",
    }
    (token,) = [row for row in rows if row["PURPOSE"] == Purpose.TOKEN.value]
    assert token["DUE"] == "2026-03-31 OVERDUE"
    number = WrappedKey.objects.count()
    assert (
        f"{wrapping_root_key().fingerprint}  wraps {number} keys, from environment variable HOLDFAST_ROOT_KEY, due "
    ) in text


def test_a_root_key_that_is_taking_over_stands_beside_the_present_one(cast: Cast, next_root: RootKey) -> None:
    before = wrapping_root_key().fingerprint
    keys("rotate-root")
    assert {key["next_root_fingerprint"] for key in keys("status")["keys"]} == {next_root.fingerprint}
    assert f"{before} -> {next_root.fingerprint}" in spoken("status")


def test_checking_fails_for_an_overdue_rotation(cast: Cast) -> None:
    assert keys("status", "--check")["overdue"] == 0
    WrappedKey.objects.filter(scope=cast.acme.key_scope).update(activated_at=timezone.now() - timedelta(days=366))
    document, code = keys_with_code("status", "--check")
    assert (code, document["overdue"]) == (1, 1)
    KnownRootKey.objects.update(wrapping_since=timezone.now() - timedelta(days=731))
    document, code = keys_with_code("status", "--check")
    assert (code, document["overdue"], document["root_keys"][0]["overdue"]) == (1, 2, True)
    assert "OVERDUE since" in spoken("status")
    assert KeyOperation.objects.count() == 0

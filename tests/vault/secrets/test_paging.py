"""Pages by keys: forwards and backwards over every row, once each, whatever is in the names."""

import base64
import json
from itertools import count
from uuid import uuid4

import pytest

from orgs.models import Environment
from tests.cast import Cast
from tests.vault.secrets.conftest import StoreSecret
from vault.names import fold_name
from vault.paging import Cursor, page_of
from vault.secrets.models import Secret
from vault.secrets.selectors import BY_NAME, BY_TRASHING, Filters, listable_secrets, page_of_secrets
from vault.secrets.services import trash_secret

NAMES = [
    "a",
    "A",
    "ä",
    "Z",
    "z/1",
    "z/2",
    "_x",
    "1",
    "10",
    "2",
    "Ünïcode",
    "日本",
    "🔒 lock",
    "same",
    "quote'\"",
    "per%cent",
]


@pytest.fixture
def rows(cast: Cast, development: Environment) -> list[str]:
    staging = development.project.environments.get(position=1)
    made = [
        Secret(
            organization=cast.acme, project_id=place.project_id, environment=place, kind="value", name=name,
            name_key=fold_name(name), version=1,
        )
        for name in NAMES for place in (development, staging)
    ]  # fmt: skip
    made.sort(key=lambda row: row.uid.int)
    Secret.objects.bulk_create(made)
    return [str(uid) for uid in Secret.objects.order_by("name_key", "uid").values_list("uid", flat=True)]


@pytest.mark.parametrize("size", [1, 3, 7, 31, 32, 33])
def test_it_shows_every_row_once_in_both_directions(cast: Cast, rows: list[str], size: int) -> None:
    cursor, forwards, pages = "", [], 0
    while True:
        page = page_of_secrets(cast.alice, Filters(), cursor, size=size)
        forwards += [str(row.uid) for row in page.rows]
        pages += 1
        if not page.next:
            break
        cursor = page.next
    assert forwards == rows
    assert pages == -(-len(rows) // size)
    seen = [[str(row.uid) for row in page.rows]]
    while page.previous:
        page = page_of_secrets(cast.alice, Filters(), page.previous, size=size)
        seen.append([str(row.uid) for row in page.rows])
    assert {uid for page_rows in seen for uid in page_rows} == set(rows)
    assert seen[-1] == rows[:size]


def test_it_pages_through_the_trash_latest_first(cast: Cast, store: StoreSecret) -> None:
    trashed = [trash_secret(actor=cast.alice, secret=store(f"N{i}")).name for i in range(5)]
    first = page_of_secrets(cast.alice, Filters(trashed=True), "", order=BY_TRASHING, size=2)
    second = page_of_secrets(cast.alice, Filters(trashed=True), first.next, order=BY_TRASHING, size=2)
    back = page_of_secrets(cast.alice, Filters(trashed=True), second.previous, order=BY_TRASHING, size=2)
    assert [row.name for row in (*first.rows, *second.rows)] == trashed[::-1][:4]
    assert [row.name for row in back.rows] == trashed[::-1][:2]


def encoded(found: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(found).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "garbage", "AAAA", "é", "A" * 5000, encoded({}), encoded([]), encoded([0]), encoded([0, "a"]),
        encoded([0, "a", "b"]),
        encoded([2, "a", str(uuid4())]), encoded([0, 5, str(uuid4())]), encoded([0, None, None]),
        encoded([0, "a\0", str(uuid4())]),
        encoded([0, "\ud800", str(uuid4())]), encoded([True, "a", str(uuid4())])[:-4],
        encoded([0, "a", str(uuid4()), "more"]),
    ],
    ids=count(),  # the cursors are other ones in every process, and names of cases must not be
)  # fmt: skip
def test_it_takes_a_garbled_cursor_for_none(cursor: str) -> None:
    assert Cursor.decode(cursor, BY_NAME) is None


@pytest.mark.parametrize("moment", ["yesterday", "2026-01-01T00:00:00", "", "9" * 30])
def test_it_takes_a_garbled_moment_for_none(moment: str) -> None:
    assert Cursor.decode(encoded([0, moment, str(uuid4())]), BY_TRASHING) is None


def test_it_keeps_what_it_encodes() -> None:
    cursor = Cursor(("日本 \U0001f512 'x' \"", uuid4()), backwards=True)
    assert Cursor.decode(cursor.encoded(), BY_NAME) == cursor


def test_it_leads_to_the_first_page_when_the_rows_are_gone(cast: Cast, rows: list[str]) -> None:
    page = page_of_secrets(cast.alice, Filters(), "", size=5)
    Secret.objects.filter(uid__in=rows[5:]).delete()
    after = page_of_secrets(cast.alice, Filters(), page.next, size=5)
    assert [str(row.uid) for row in after.rows] == rows[:5]


def test_it_cannot_widen_a_list(cast: Cast, rows: list[str]) -> None:
    cursor = page_of_secrets(cast.alice, Filters(), "", size=5).next
    assert page_of(listable_secrets(cast.charlie, Filters()), BY_NAME, cursor).rows == []

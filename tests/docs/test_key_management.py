"""docs/security/key-management.md says what the code does: states, numbers, commands, and tests that exist."""

import pytest
from django.conf import settings

from orgs.permissions import ROLE_PERMISSIONS, Permission
from orgs.roles import Role
from tests.docs.pages import missing_tests, named_tests, tables, text_of
from vault.custody.management.commands.keys import SUBCOMMANDS
from vault.custody.services.shredding import SHRED_REQUEST_HOURS
from vault.keys import counting, processes
from vault.keys.models import WrappedKey
from vault.keys.purposes import LIVE_STATES, KeyState

PAGE = text_of("docs/security/key-management.md")
WORDS = " ".join(PAGE.split())


def table(heading: str) -> list[list[str]]:
    """The rows of the table whose first column is headed so."""
    return next(found[1:] for found in tables(PAGE) if found[0][0] == heading)


def test_it_has_a_row_for_every_state_and_says_which_of_them_open() -> None:
    rows = {row[0].strip("`"): row for row in table("State")}
    assert list(rows) == [state.value for state in KeyState]
    assert [name for name, row in rows.items() if row[1].startswith("yes")] == [KeyState.ACTIVE.value]
    opening = {name for name, row in rows.items() if row[2].startswith("yes")}
    assert opening == {state.value for state in LIVE_STATES} | {KeyState.RETIRED.value}


def test_it_explains_every_subcommand() -> None:
    named = " ".join(row[0] for row in table("Command"))
    assert {name for name in SUBCOMMANDS if f"`manage.py keys {name}`" in named} == set(SUBCOMMANDS)


def test_it_names_the_table_that_holds_the_keys() -> None:
    assert f"--table {WrappedKey._meta.db_table} " in PAGE
    assert f"--exclude-table-data {WrappedKey._meta.db_table} " in PAGE


@pytest.mark.parametrize(
    "sentence",
    [
        f"reserves a block of {counting.BLOCK:,} in the database",
        f"a fresh key with one value shows {counting.BLOCK:,}",
        f"asked for again every {settings.ROOT_KEY_REFRESH_SECONDS:,} seconds",
        f"goes on for {settings.ROOT_KEY_GRACE_SECONDS:,} seconds",
    ],
)
def test_it_says_the_numbers_of_the_code(sentence: str) -> None:
    assert sentence in WORDS


def test_it_says_the_bounds_of_the_code() -> None:
    assert settings.KEY_WRAP_ROTATE_AT == 2**31
    assert "At 2³¹ the hourly housekeeping rotates the key by itself" in WORDS
    assert counting.WRAP_LIMIT == 2**32 - 2**20
    assert "2²⁰ before 2³² it is refused for writing" in WORDS


def test_it_says_the_times_of_the_code() -> None:
    assert processes.GONE_AFTER.total_seconds() == 3600
    assert "seen within the last hour" in WORDS
    assert SHRED_REQUEST_HOURS == 24
    assert "another approves within a day" in WORDS
    assert set(settings.KEY_ROTATION_DAYS.values()) == {365}
    assert settings.ROOT_KEY_ROTATION_DAYS == 2 * 365
    assert "due after a year and the root key after two" in WORDS


def test_it_says_who_may() -> None:
    may = {row[0]: row[1] for row in table("Act")}
    rotating = {role for role in Role if Permission.KEY_ROTATE in ROLE_PERMISSIONS[role]}
    assert rotating == {Role.OWNER, Role.ADMIN}
    assert may["see an organization's keys, rotate them, verify, read its reports"].startswith("its owners and admins")
    shredding = {role for role in Role if Permission.ORG_DELETE in ROLE_PERMISSIONS[role]}
    assert shredding == {Role.OWNER}
    assert may["ask for the shredding of an organization, approve it"].startswith("its owners, two of them")


def test_it_shows_every_promise_by_tests_that_exist() -> None:
    for promise, evidence in table("Promise"):
        assert named_tests(evidence), promise
    assert missing_tests(PAGE) == []

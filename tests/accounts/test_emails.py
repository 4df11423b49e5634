"""One key for all spellings of an address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.emails import normalize_email

ALIASES = [
    "bob@example.com",
    "Bob@Example.com",
    "BOB@EXAMPLE.COM",
    " bob@example.com ",
    "ｂｏｂ@example.com",
    "bob＠example.com",
    "\tbob@example.com\u00a0",
    "ｂｏｂ＠ｅｘａｍｐｌｅ．ｃｏｍ",
]


@pytest.mark.parametrize("alias", ALIASES)
def test_it_knows_one_person_by_every_spelling(alias: str) -> None:
    assert normalize_email(alias) == "bob@example.com"


@given(st.text(max_size=60))
def test_it_changes_nothing_the_second_time(text: str) -> None:
    once = normalize_email(text)
    assert normalize_email(once) == once

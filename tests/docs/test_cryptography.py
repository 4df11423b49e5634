"""docs/security/cryptography.md and the formats list exactly what the code has."""

import re

from tests.docs.pages import ROOT, missing_tests, tables, text_of
from vault.keys.purposes import SYSTEM_PURPOSES, KeyState, Purpose

PAGE = text_of("docs/security/cryptography.md")
FORMATS = text_of("vault/crypto/FORMAT.md") + text_of("vault/seals/FORMAT.md")
_LABEL = re.compile(r"holdfast/v\d+/[a-z-]+")


def test_it_has_a_line_for_every_purpose_of_a_key() -> None:
    table = next(table for table in tables(PAGE) if table[0][0] == "Purpose")
    scopes = {row[0].strip("`"): row[1] for row in table[1:]}
    assert list(scopes) == [purpose.value for purpose in Purpose]
    for purpose in Purpose:
        assert scopes[purpose] == ("the instance" if purpose in SYSTEM_PURPOSES else "one organization")


def test_it_names_every_state_of_a_key() -> None:
    states = next(line for line in PAGE.splitlines() if "`pending`" in line)
    assert re.findall(r"`(\w+)`", states) == [state.value for state in KeyState]


def test_the_formats_list_every_label_that_the_code_uses() -> None:
    used = {
        label
        for package in ("vault", "accounts", "orgs", "audit")
        for file in (ROOT / package).rglob("*.py")
        for label in _LABEL.findall(file.read_text(encoding="utf-8"))
    }
    assert set(_LABEL.findall(FORMATS)) == used


def test_it_names_only_tests_that_exist() -> None:
    assert missing_tests(PAGE) == []

"""What the form of a role says about each permission is what the code asks for."""

import re
from pathlib import Path

from orgs.permissions import Permission
from orgs.permissions.words import GROUPS
from orgs.services.policies import CHANGES_POLICIES

ROOT = Path(__file__).resolve().parents[2]
NAMED_ONLY = {"catalogue.py", "words.py", "role_templates.py", "presentation.py", "reading.py"}
"""Modules that name permissions and ask for none."""


def test_it_says_of_a_permission_that_nothing_asks_for_it_where_nothing_does() -> None:
    text = "".join(
        path.read_text()
        for package in ("orgs", "audit", "accounts", "vault")
        for path in (ROOT / package).rglob("*.py")
        if path.name not in NAMED_ONLY
    )
    asked = {name for name in Permission.__members__ if re.search(rf"\bPermission\.{name}\b", text)}
    said = {
        each.permission.name for group in GROUPS.values() for each in group if "Nothing asks for it yet" in each.hint
    }
    assert said == set(Permission.__members__) - asked


def test_it_names_the_policies_beside_what_changing_them_asks_for() -> None:
    explained = {each.permission: f"{each.label}. {each.hint}" for group in GROUPS.values() for each in group}
    assert [each for each, words in explained.items() if "polic" in words] == [CHANGES_POLICIES]


def test_every_permission_is_explained_once() -> None:
    named = [each.permission for group in GROUPS.values() for each in group]
    assert sorted(named) == sorted(Permission)

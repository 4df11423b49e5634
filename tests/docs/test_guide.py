"""docs/administrators/guide.md: its table of roles is the one that decides, and its buttons are on the pages."""

import pytest
from django.conf import settings

from orgs.classification import Classification
from orgs.demands import DEFAULTS
from orgs.permissions import ROLE_PERMISSIONS, Permission
from orgs.roles import Role
from tests.docs.pages import ROOT, labels, missing_labels, missing_tests, tables, text_of

PAGE = text_of("docs/administrators/guide.md")
# What each column of the table means. Permissions that nothing asks for yet have no column.
COLUMNS = {
    "Sees names": {Permission.ORG_VIEW, Permission.SECRET_LIST},
    "Reveals, adds, changes, trashes": {Permission.SECRET_REVEAL, Permission.SECRET_WRITE, Permission.SECRET_DELETE},
    "Destroys what is in the trash": {Permission.SECRET_PURGE},
    "Projects and environments": {
        Permission.PROJECT_CREATE, Permission.PROJECT_CONFIGURE, Permission.PROJECT_DELETE
    },
    "Members, activity, organization": {
        Permission.MEMBER_INVITE, Permission.MEMBER_MANAGE, Permission.AUDIT_VIEW, Permission.ORG_CONFIGURE
    },
    "Teams, roles, grants, machines, requests": {
        Permission.TEAM_MANAGE, Permission.ROLE_MANAGE, Permission.GRANT_MANAGE, Permission.MACHINE_MANAGE,
        Permission.REQUEST_APPROVE,
    },
    "Sees and rotates keys": {Permission.KEY_ROTATE},
    "Asks to destroy the keys, agrees to it": {Permission.ORG_DELETE},
}  # fmt: skip
NOT_ASKED_FOR_YET = {
    Permission.SECRET_ROTATE, Permission.SECRET_SHARE, Permission.SECRET_EXPORT, Permission.AUDIT_EXPORT
}  # fmt: skip
LISTS = {"catalogue.py", "words.py", "role_templates.py"}
"""Modules that name permissions without asking for any."""


def roles() -> list[list[str]]:
    return next(table for table in tables(PAGE) if table[0][0] == "Role")


def test_it_has_a_column_for_every_permission_that_is_asked_for() -> None:
    assert set().union(*COLUMNS.values()) | NOT_ASKED_FOR_YET == set(Permission)
    source = "".join(
        file.read_text(encoding="utf-8")
        for package in ("orgs", "vault/secrets", "vault/custody")
        for file in (ROOT / package).rglob("*.py")
        if file.name not in LISTS
    )
    templates = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "templates").rglob("*.html"))
    for permission in NOT_ASKED_FOR_YET:
        assert f"Permission.{permission.name}" not in source, permission
        assert f'"{permission}"' not in templates, permission


def test_it_says_what_each_role_may() -> None:
    heading, *rows = roles()
    assert heading[1:-1] == list(COLUMNS)
    assert [row[0] for row in rows] == [role.label for role in reversed(Role)]
    for row in rows:
        allowed = ROLE_PERMISSIONS[Role(row[0].lower())]
        for column, said in zip(COLUMNS, row[1:-1], strict=True):
            assert said == ("yes" if COLUMNS[column] <= allowed else "no"), f"{row[0]}: {column}"
            assert said == "yes" or not COLUMNS[column] & allowed, f"{row[0]}: {column} is allowed in part"


def test_it_says_who_may_give_the_role_owner() -> None:
    from orgs.permissions import may_give

    for row in roles()[1:]:
        role = Role(row[0].lower())
        manages = Permission.MEMBER_MANAGE in ROLE_PERMISSIONS[role]
        assert row[-1] == ("yes" if manages and may_give(role, Role.OWNER) else "no"), role


def test_it_names_buttons_and_menus_as_the_pages_do() -> None:
    named = labels(PAGE)
    assert len(named) > 30
    assert missing_labels(named) == []


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        ("for {} hours", settings.SETUP_LINK_HOURS),
        ("for {} days", settings.TRASH_DAYS),
        ("for {} seconds", DEFAULTS[Classification.INTERNAL].reveal_seconds),
        ("for {} hours", settings.INVITATION_HOURS),
    ],
)
def test_it_says_the_times_of_the_settings(sentence: str, number: int) -> None:
    assert sentence.format(number) in " ".join(PAGE.split())


def test_it_names_only_tests_that_exist() -> None:
    assert missing_tests(PAGE) == []

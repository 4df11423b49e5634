"""A pytest plugin that divides the suite: `--part quick` is for `make test`, `--part rest` is what `make proof` adds.

Together they run every test on both databases, and what asks for no database once. Quick is: everything on SQLite but
the access matrix, and on PostgreSQL the matrix, which policies and roles could break for every page, with whatever
commits and whatever is about tables, statements and keys. What a page says, or a rule decides, is the same on both;
that it is so is the rest. What starts processes and waits for them (`slow`), and what kills, drills and types whole
runbooks (`proof`), is the rest as well.

A test reaches the database of its pass only by the mark `django_db` or one of these fixtures: pytest-django refuses
every query otherwise. What a test starts in a process of its own has a configuration of its own. A test that looks at
the connection without asking it anything, such as for the type of a column, counts with all of its file.
"""

from pathlib import Path

import pytest
from django.db import connection

from tests.harness.environment import ROOT

QUICK, REST = "quick", "rest"
MATRIX = "tests/invariants/matrix/"
OUTSIDERS = "tests/invariants/matrix/test_people.py"
"""The larger half of the matrix, by far: who is not let in, with everybody's ids in every place."""
ABOUT_DATABASES = (
    "tests/audit/",
    "tests/invariants/attacks/",
    "tests/invariants/test_attackers_with_sql.py",
    "tests/invariants/test_forgotten_scoping.py",
    "tests/invariants/test_tenants.py",
    "tests/vault/database/",
    "tests/vault/fields/",
    "tests/vault/keys/",
    "tests/vault/seals/",
)
_FIXTURES = frozenset({"db", "transactional_db", "live_server", "admin_user", "admin_client"})


def asks_for_the_database(item: pytest.Item) -> bool:
    """Whether a test may come out otherwise on another database."""
    if item.get_closest_marker("django_db") is not None or not isinstance(item, pytest.Function):
        return True
    return not _FIXTURES.isdisjoint(item.fixturenames) or any(
        known is connection for known in vars(item.module).values()
    )


def commits(item: pytest.Item) -> bool:
    """Whether a test leaves Django's one transaction: for threads, for rollbacks, for what the database decides."""
    mark = item.get_closest_marker("django_db")
    asked = mark is not None and (mark.kwargs.get("transaction") or (mark.args and mark.args[0]))
    return bool(asked) or "transactional_db" in getattr(item, "fixturenames", ())


def is_quick(item: pytest.Item, *, second: bool) -> bool:
    """Whether `make test` runs it on this database; `second`: on PostgreSQL."""
    if item.get_closest_marker("slow") or item.get_closest_marker("proof"):
        return False
    path = item.path.relative_to(ROOT).as_posix() if item.path.is_relative_to(ROOT) else Path(item.path).name
    if path.startswith(MATRIX):
        return second and path != OUTSIDERS
    return not second or (asks_for_the_database(item) and (commits(item) or path.startswith(ABOUT_DATABASES)))


def is_here(item: pytest.Item, *, second: bool) -> bool:
    """Whether it has anything to say on this database. Proofs choose their databases themselves."""
    return not second or item.get_closest_marker("proof") is not None or asks_for_the_database(item)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that chooses."""
    parser.addoption("--part", choices=(QUICK, REST), help="which part of the suite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the other part, so that the run says how many they are."""
    part = config.getoption("--part")
    if part is None:
        return
    second = connection.vendor == "postgresql"
    kept = [item for item in items if _chosen(item, part, second=second)]
    chosen = set(kept)
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = kept


def _chosen(item: pytest.Item, part: str, *, second: bool) -> bool:
    if item.get_closest_marker("browser") is not None or not is_here(item, second=second):
        return False
    return is_quick(item, second=second) == (part == QUICK)

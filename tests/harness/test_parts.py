"""The two parts of the suite are all of it, on both databases; what asks for no database runs once."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.environment import ROOT

TESTS = """
import pytest

def test_it_computes():
    pass

@pytest.mark.slow
def test_it_waits_for_a_process():
    pass

@pytest.mark.proof
def test_it_kills():
    pass

browser = pytest.mark.browser

@browser
def test_it_looks_at_a_page():
    pass

@pytest.mark.django_db
def test_it_is_marked():
    pass

def test_it_asks(db):
    pass

def test_it_commits(transactional_db):
    pass

@pytest.mark.django_db(transaction=True)
def test_it_is_marked_to_commit():
    pass

@pytest.fixture
def row(db):
    pass

def test_it_asks_by_a_fixture(row):
    pass
"""
LOOKING = "from django.db import connection\ndef test_it_looks():\n    assert connection.vendor\n"
ONE = {"is_marked", "asks", "asks_by_a_fixture", "looks"}
COMMITTING = {"commits", "is_marked_to_commit"}


@pytest.mark.parametrize(
    ("database", "part", "expected"),
    [
        ("sqlite", "quick", {"computes"} | ONE | COMMITTING),
        ("sqlite", "rest", {"waits_for_a_process", "kills"}),
        ("postgresql", "quick", COMMITTING),
        ("postgresql", "rest", ONE | {"kills"}),
    ],
)
def test_each_part_has_its_tests_and_no_others(tmp_path: Path, database: str, part: str, expected: set[str]) -> None:
    (tmp_path / "test_example.py").write_text(TESTS, encoding="ascii")
    (tmp_path / "test_looking.py").write_text(LOOKING, encoding="ascii")
    assert _collected(database, part, tmp_path) == {f"test_it_{name}" for name in expected}


def _collected(database: str, part: str, folder: Path) -> set[str]:
    url = {} if database == "sqlite" else {"DATABASE_URL": "postgresql://nobody@localhost/nothing"}  # it is not asked
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.harness.parts", "--part", part, "--collect-only", "-q", folder],
        cwd=ROOT, env={**_without_database(), **url}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return {line.partition("::")[2] for line in ran.stdout.splitlines() if "::" in line}


def _without_database() -> dict[str, str]:
    from tests.harness.environment import clean_environment

    return clean_environment() | {"HOLDFAST_ENV": "development"}

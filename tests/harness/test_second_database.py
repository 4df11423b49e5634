"""The second database's pass leaves out what asks for no database, and nothing else."""

import subprocess
import sys
from pathlib import Path

from tests.harness.environment import ROOT

TESTS = """
import pytest
from django.contrib.auth.hashers import make_password

def test_it_computes():
    pass

@pytest.mark.django_db
def test_it_is_marked():
    pass

def test_it_asks(db):
    pass

def test_it_commits(transactional_db):
    pass

@pytest.fixture
def row(db):
    pass

def test_it_asks_by_a_fixture(row):
    pass
"""
LOOKING = "from django.db import connection\ndef test_it_looks():\n    assert connection.vendor\n"


def test_it_keeps_every_test_that_asks_for_a_database_or_looks_at_the_connection(tmp_path: Path) -> None:
    (tmp_path / "test_example.py").write_text(TESTS, encoding="ascii")
    (tmp_path / "test_looking.py").write_text(LOOKING, encoding="ascii")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.harness.second_database", "--collect-only", "-q", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    kept = {line.partition("::")[2] for line in ran.stdout.splitlines() if "::" in line}
    expected = {"is_marked", "asks", "commits", "asks_by_a_fixture", "looks"}
    assert kept == {f"test_it_{name}" for name in expected}

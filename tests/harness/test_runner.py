"""The runner tells the truth: its last line, its exit code, and what it refuses to run on."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.__main__ import BROWSER_PATHS
from tests.harness.environment import ROOT

PASSING = "def test_it_passes():\n    pass\n"
FAILING = "def test_it_fails():\n    assert False\n"
SKIPPING = "import pytest\ndef test_it_waits():\n    pytest.skip('later')\n"
BREAKING = "import pytest\n@pytest.fixture\ndef broken():\n    1/0\ndef test_it(broken):\n    pass\n"


def _run(file: Path, database: str = "sqlite", **environment: str) -> tuple[int, list[str]]:
    """The exit code and the lines of a run over one file, without the caller's own CI."""
    without = {name: value for name, value in os.environ.items() if name != "CI"}
    ran = subprocess.run(
        [sys.executable, "-m", "tests.harness", "--db", database, str(file)],
        cwd=ROOT, env={**without, **environment}, stdout=subprocess.PIPE, text=True, timeout=120, check=False,
    )  # fmt: skip
    return ran.returncode, ran.stdout.rstrip("\n").splitlines()


@pytest.mark.parametrize(
    ("text", "code", "last"),
    [
        (PASSING, 0, "1 passed, 0 failed"),
        (PASSING + FAILING, 1, "1 passed, 1 failed"),
        (
            PASSING + "import pytest\ndef test_it_waits():\n    pytest.skip('later')\n",
            0,
            "1 passed, 0 failed, 1 skipped",
        ),
        (
            "import pytest\n@pytest.fixture\ndef broken():\n    1/0\ndef test_it(broken):\n    pass\n",
            1,
            "0 passed, 1 failed",
        ),
        ("this is not Python\n", 1, "0 passed, 1 failed"),
        ("", 1, "0 passed, 1 failed"),
    ],
    ids=["passing", "failing", "skipping", "breaking in a fixture", "not importable", "without a test"],
)
def test_its_last_line_and_exit_code_say_what_happened(tmp_path: Path, text: str, code: int, last: str) -> None:
    file = tmp_path / "test_example.py"
    file.write_text(text, encoding="utf-8")
    returned, lines = _run(file)
    assert (returned, lines[-1]) == (code, last)


def test_it_never_hands_a_real_installation_to_a_test(tmp_path: Path) -> None:
    file = tmp_path / "test_example.py"
    file.write_text(
        "import os\n"
        "def test_it():\n"
        "    assert 'DATABASE_URL' not in os.environ and 'HOLDFAST_ROOT_KEY_FILE' not in os.environ\n"
        "    assert os.environ['HOLDFAST_ENV'] == 'development'\n",
        encoding="utf-8",
    )
    code, lines = _run(
        file,
        DATABASE_URL="postgresql://real@db/real",
        HOLDFAST_ROOT_KEY_FILE="/etc/holdfast/root-key",
        HOLDFAST_ENV="production",
    )
    assert code == 0, lines


def test_without_postgresql_it_skips_loudly_for_a_developer_and_fails_in_ci(tmp_path: Path) -> None:
    file = tmp_path / "test_example.py"
    file.write_text(PASSING, encoding="utf-8")
    _, lines = _run(file, "postgresql", PG_BIN="/nowhere")
    assert any("postgresql: SKIPPED: PG_BIN is /nowhere" in line for line in lines)
    assert lines[-1] == "0 passed, 0 failed, 1 skipped"
    code, lines = _run(file, "postgresql", PG_BIN="/nowhere", CI="true")
    assert code == 1
    assert lines[-1] == "0 passed, 1 failed"


def test_every_browser_test_is_where_its_pass_looks() -> None:
    marked = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if re.search(r"^(pytestmark =|@).*pytest\.mark\.browser", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(marked) >= 10
    assert [path for path in marked if not path.startswith(BROWSER_PATHS)] == []

"""A pytest plugin that leaves a pass's counts, as JSON, in the file that `$HOLDFAST_TEST_COUNTS` names, and says how
many cases the matrix of who may ask what has run."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

PASSED = ("passed", "xfailed")
FAILED = ("failed", "error", "xpassed")
SKIPPED = ("skipped",)
MATRIX: Counter[str] = Counter()
"""How many cases of the matrix ran, by what they are about: each a request, or a decision, held against its tables."""

_OUTPUT = "holdfast_matrix"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells the controlling process."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_OUTPUT] = dict(MATRIX)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """In the controlling process, which may find that a worker has crashed and told nothing."""
    MATRIX.update(getattr(node, "workeroutput", {}).get(_OUTPUT, {}))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Runs once per pass, in the controlling process."""
    if MATRIX:
        about = ", ".join(f"{number} about {what}" for what, number in sorted(MATRIX.items()))
        terminalreporter.write_line(f"The access matrix ran {MATRIX.total()} cases: {about}")
    path = os.environ.get("HOLDFAST_TEST_COUNTS")
    if path is None:
        return

    def count(outcomes: tuple[str, ...]) -> int:
        return sum(len(terminalreporter.stats.get(outcome, [])) for outcome in outcomes)

    counts = {"passed": count(PASSED), "failed": count(FAILED), "skipped": count(SKIPPED)}
    Path(path).write_text(json.dumps(counts), encoding="ascii")

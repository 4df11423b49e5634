"""A pytest plugin that leaves a pass's counts, as JSON, in the file that `$HOLDFAST_TEST_COUNTS` names."""

import json
import os
from pathlib import Path

import pytest

PASSED = ("passed", "xfailed")
FAILED = ("failed", "error", "xpassed")
SKIPPED = ("skipped",)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Runs once per pass, in the controlling process."""
    path = os.environ.get("HOLDFAST_TEST_COUNTS")
    if path is None:
        return

    def count(outcomes: tuple[str, ...]) -> int:
        return sum(len(terminalreporter.stats.get(outcome, [])) for outcome in outcomes)

    counts = {"passed": count(PASSED), "failed": count(FAILED), "skipped": count(SKIPPED)}
    Path(path).write_text(json.dumps(counts), encoding="ascii")

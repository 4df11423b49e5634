"""Runs the selected tests once as they are, and then once for each check that is taken away.

The first run finds which tests pass by which check. For each mutant a child is forked from there: the program is
loaded, the database is there (in memory: the child has its own), the stage of the matrix is set up. It takes the check
away, runs the tests that pass by it, the quickest first, and stops at the first that fails.
"""

import json
import logging
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.checks import Check, Way, all_checks
from tests.mutation.living import Living, prepare, ran

TIMEOUT = 600
"""Seconds after which a child is stopped. Nothing was noticed then, and nothing let through."""


class Run:
    """One pass over the checks."""

    def __init__(self, session: pytest.Session) -> None:
        self._session = session
        # The ones with a stage last, so that it stands when the children are made.
        self._items = sorted(session.items, key=lambda item: "/matrix/" in str(item.path))
        ways = [Way(way) for way in os.environ.get("HOLDFAST_MUTATION_WAYS", "").split()]
        found = all_checks(os.environ.get("HOLDFAST_MUTATION_ONLY", ""))
        self._checks = [check for check in found if not ways or check.way in ways]
        self._tests: dict[int, list[pytest.Item]] = defaultdict(list)
        self._seconds: dict[str, float] = {}
        self._killers: dict[str, int] = defaultdict(int)
        self._steady: dict[str, bool] = {}

    def everything(self) -> None:
        """Both runs."""
        logging.disable(logging.CRITICAL)
        prepare()
        living = Living(self._checks)
        _say(f"{len(self._checks)} checks to take away, {len(self._items)} tests")
        began = time.monotonic()
        with living.probed(self._checks):
            for item, following in zip(self._items, [*self._items[1:], self._items[-1]], strict=True):
                ran.clear()
                started = time.monotonic()
                if failed := _failure(item, following):
                    raise pytest.UsageError(f"{item.nodeid} fails as it is: {failed}")
                self._seconds[item.nodeid] = time.monotonic() - started
                for number in ran:
                    self._tests[number].append(item)
        _say(f"They pass as it is, in {time.monotonic() - began:.0f} s")
        self._mutants(living)
        self._session._setupstate.teardown_exact(None)

    def _mutants(self, living: Living) -> None:
        jobs = int(os.environ.get("HOLDFAST_MUTATION_JOBS", "1"))
        running: dict[int, tuple[int, int, float]] = {}
        done = 0
        with Path(os.environ["HOLDFAST_MUTATION_OUT"]).open("w", encoding="utf-8") as out:
            for number, check in enumerate(self._checks):
                while len(running) >= jobs:
                    done += self._finished(running, out)
                reading, writing = os.pipe()
                sys.stdout.flush()
                child = os.fork()
                if child == 0:
                    os.close(reading)
                    self._try(living, number, check, writing)
                os.close(writing)
                running[child] = number, reading, time.monotonic()
            while running:
                done += self._finished(running, out)

    def _finished(self, running: "dict[int, tuple[int, int, float]]", out: object) -> int:
        child, status = os.wait()
        number, reading, began = running.pop(child)
        with os.fdopen(reading, encoding="utf-8") as said:
            text = said.read()
        check = self._checks[number]
        if os.WIFSIGNALED(status):
            text = json.dumps({"error": f"stopped by signal {os.WTERMSIG(status)}, after {TIMEOUT} s at most"})
        found = json.loads(text) if text else {"error": f"the child ended with {status}"}
        if found.get("by") and not self._is_steady(found["by"]):
            found = {"error": f"{found['by']} fails without it as well, when it is run again"}
        if found.get("by"):
            self._killers[found["by"]] += 1
        found |= {"key": check.key, "line": check.line, "tests": len(self._tests[number])}
        out.write(f"{json.dumps(found)}\n")  # type: ignore[attr-defined]  # a text file
        out.flush()  # type: ignore[attr-defined]  # as above
        what = "killed " if found.get("killed") else "ERROR  " if found.get("error") else "ALIVE  "
        _say(f"{what} {check.path}:{check.line} {check.way} {check.text[:90]} ({time.monotonic() - began:.0f} s)")
        return 1

    def _is_steady(self, nodeid: str) -> bool:
        """Whether a test passes a second time where nothing was taken away: else its failing says nothing."""
        if nodeid not in self._steady:
            (item,) = (item for item in self._items if item.nodeid == nodeid)
            sys.stdout.flush()
            child = os.fork()
            if child == 0:
                try:
                    self._put_back(item)
                    os._exit(1 if _failure(item, item) else 0)
                finally:
                    os._exit(1)
            self._steady[nodeid] = os.waitpid(child, 0)[1] == 0
        return self._steady[nodeid]

    def _try(self, living: Living, number: int, check: Check, writing: int) -> None:
        """In the child, which ends here."""
        signal.signal(signal.SIGALRM, _stop)
        signal.alarm(TIMEOUT)
        found: dict[str, object] = {}
        try:
            if not living.remove(check):
                found = {"error": "no loaded function has this check"}
            else:
                found = self._killed_by(self._tests[number])
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent is told
            found = {"error": repr(error)}
        with os.fdopen(writing, "w", encoding="utf-8") as said:
            said.write(json.dumps(found))
        os._exit(0)

    def _killed_by(self, items: Sequence[pytest.Item]) -> dict[str, object]:
        def order(item: pytest.Item) -> tuple[int, float]:
            return -self._killers.get(item.nodeid, 0), self._seconds[item.nodeid]

        for item in sorted(items, key=order):
            self._put_back(item)
            if failed := _failure(item, item):
                return {"killed": failed, "by": item.nodeid}
        return {}

    def _put_back(self, item: pytest.Item) -> None:
        """What is set up for others than the test, and for itself: the last one of the first run still stands."""
        self._session._setupstate.teardown_exact(item.parent)  # type: ignore[arg-type]  # any node will do


def _failure(item: pytest.Item, following: pytest.Item) -> str:
    """Why the test fails; empty if it does not."""
    for report in runtestprotocol(item, nextitem=following, log=False):
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            return str(crash.message if crash else report.longrepr).partition("\n")[0][:200]
    return ""


def _stop(signum: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGALRM)


def _say(text: str) -> None:
    sys.__stdout__.write(f"{text}\n")  # type: ignore[union-attr]  # there is one
    sys.__stdout__.flush()  # type: ignore[union-attr]  # as above

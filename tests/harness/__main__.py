"""Runs the suite: on SQLite, on a PostgreSQL that it starts itself, and in a real Chromium.

    python -m tests.harness                              what `make test` runs (tests.harness.parts says what that is)
    python -m tests.harness --rest                       and the rest, as `make proof` does
    python -m tests.harness --db postgresql tests/orgs   a part of it, on one database
    python -m tests.harness --db sqlite tests/orgs -- -x -k owner   … with options for pytest

Each pass is a pytest of its own, because the database is chosen when the settings are imported. The last line sums
all passes up. The exit code is 0 only when every pass ran at least one test and none failed; on a developer's machine
a missing browser or PostgreSQL skips its pass loudly, and in CI (`CI=true`) it fails it.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.harness.browser import BrowserMissing, find_chromium, find_driver
from tests.harness.environment import ROOT, clean_environment
from tests.harness.parts import QUICK, REST
from tests.harness.postgresql import SUITE, PostgresqlMissing, ScratchPostgresql

SQLITE, POSTGRESQL = "sqlite", "postgresql"
# These touch no database, or one of their own: the second one's pass does not even read them.
DATABASE_FREE = ("tests/vault/crypto", "tests/vault/keys/providers", "tests/static")
# All browser tests are in these (tests/harness/test_runner.py), so that their pass reads no more.
BROWSER_PATHS = ("tests/browser", "tests/static")
BROWSER_DATABASE = POSTGRESQL
WORKERS = "2"
# More than there are cores: much of a browser test is waiting, for a page or for the next code of an authenticator.
BROWSER_WORKERS = "3"
STOP_SECONDS = 15
# Some proofs take minutes, and are not stuck.
PATIENCE = ("-o", "faulthandler_timeout=900")
NO_TESTS = 5  # pytest's exit code


@dataclass(frozen=True)
class Pass:
    """One pytest run over part of the suite on one database."""

    name: str
    database: str
    arguments: Sequence[str]
    browser: bool = False


@dataclass
class Tally:
    """The counts of one pass, or of all."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other: "Tally") -> None:
        """Add another pass's counts to these."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def __str__(self) -> str:
        text = f"{self.passed} passed, {self.failed} failed"
        return f"{text}, {self.skipped} skipped" if self.skipped else text


def quick_suite() -> list[Pass]:
    """What `make test` runs; the browser tests on one database."""
    browser = ("-m", "browser", "-n", BROWSER_WORKERS, "-p", "tests.harness.by_server", *BROWSER_PATHS)
    return [*_parts(QUICK), Pass("Chromium", BROWSER_DATABASE, browser, browser=True)]


def rest_of_suite() -> list[Pass]:
    """What `make proof` adds to it."""
    return _parts(REST)


def _parts(part: str) -> list[Pass]:
    # Half of the tests for each worker, and at the end of its half one takes over from the other: files stay whole, and
    # what a file shares, such as a server, is started once.
    workers = ("-n", WORKERS, "--dist", "worksteal")
    plugin = ("-p", "tests.harness.parts", "--part", part, *(PATIENCE if part == REST else ()))
    without = tuple(f"--ignore={path}" for path in DATABASE_FREE)
    return [
        Pass("SQLite", SQLITE, (*workers, *plugin, "tests")),
        Pass("PostgreSQL", POSTGRESQL, (*workers, *plugin, *without, "tests")),
    ]


def selection(databases: Iterable[str], paths: Sequence[str]) -> list[Pass]:
    """The named paths, browser tests among them included, on each of the databases."""
    return [Pass(database, database, paths or ("tests",)) for database in databases]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _pytest(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    command = [sys.executable, "-m", "pytest", "-p", "tests.harness.counting", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        return process.wait()
    except (KeyboardInterrupt, SystemExit):
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:  # it was started with SIGINT ignored, as a shell's background jobs are
            process.terminate()
            process.wait()
        raise


def _run(one: Pass, extra: Sequence[str], environment: Mapping[str, str], scratch: Path) -> tuple[Tally, int]:
    counts = scratch / "counts.json"
    counts.unlink(missing_ok=True)
    code = _pytest(
        [*one.arguments, *extra],
        {**environment, "HOLDFAST_TEST_DATABASE": one.database, "HOLDFAST_TEST_COUNTS": str(counts)},
    )
    tally = Tally(**json.loads(counts.read_text(encoding="ascii"))) if counts.exists() else Tally()
    if code not in (0, NO_TESTS) and tally.failed == 0:
        tally.failed = 1  # The run itself broke: a usage error, an import error in a conftest, a killed process.
    return tally, code


def _parse() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="python -m tests.harness", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rest", action="store_true", help="run what is not quick")
    parser.add_argument("--db", choices=(SQLITE, POSTGRESQL), help="run on this database only")
    parser.add_argument("paths", nargs="*", help="folders, files or node ids (default: the whole suite)")
    own, extra = sys.argv[1:], []
    if "--" in own:
        split = own.index("--")
        own, extra = own[:split], own[split + 1 :]
    return parser.parse_args(own), extra


def _passes(chosen: argparse.Namespace) -> list[Pass]:
    if chosen.rest:
        return [one for one in rest_of_suite() if chosen.db in (None, one.database)]
    if not chosen.db and not chosen.paths:
        return quick_suite()
    return selection([chosen.db] if chosen.db else [SQLITE, POSTGRESQL], chosen.paths)


def main() -> int:
    """Run the passes asked for; the exit code is the suite's."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    chosen, extra = _parse()
    required = os.environ.get("CI") == "true"
    whole = not chosen.paths and (chosen.rest or not chosen.db)
    passes = _passes(chosen)

    total, ran_nothing, lines = Tally(), [], []
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="holdfast-test-")))
        environment = clean_environment()
        environment |= {"HOLDFAST_ENV": "development", "HOLDFAST_VAR_DIR": str(scratch / "var")}
        missing: dict[str, str] = {}
        try:
            environment["HOLDFAST_TEST_CHROMIUM"] = str(find_chromium())
            find_driver()
        except BrowserMissing as error:
            missing["browser"] = str(error)
        databases = {SQLITE: dict[str, str]()}
        if any(one.database == POSTGRESQL for one in passes):
            try:
                server = stack.enter_context(ScratchPostgresql())
                databases[POSTGRESQL] = server.environment() | {"HOLDFAST_TEST_SUITE_URL": server.url(role=SUITE)}
            except PostgresqlMissing as error:
                missing[POSTGRESQL] = str(error)
        for one in passes:
            lacks = missing.get(one.database) or (missing.get("browser") if one.browser else None)
            if lacks:
                _say(f"\n!!! {one.name}: {'FAILED' if required else 'SKIPPED'}: {lacks} !!!\n")
                tally = Tally(failed=1) if required else Tally(skipped=1)
            else:
                _say(f"\n=== {one.name} ===")
                began = time.monotonic()
                tally, code = _run(one, extra, environment | databases[one.database], scratch)
                if code == NO_TESTS:
                    ran_nothing.append(one.name)
                lines.append(f"{one.name}: {tally} ({time.monotonic() - began:.0f} s)")
            total.add(tally)

    for line in lines:
        _say(line)
    # A part of the suite may well have nothing for one of the passes; the whole of it may not.
    if ran_nothing and (whole or total.passed == 0):
        _say(f"No test ran in: {', '.join(ran_nothing)}")
        total.failed += len(ran_nothing)
    _say(str(total))
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs the benchmarks on SQLite and on a PostgreSQL that it starts itself: `make bench`, `make bench JSON=1`.

    python -m tests.bench [--json] [--db sqlite|postgresql] [NAME …]

A benchmark is a module of this package with `run() -> list[Result]`. It reports ratios of times taken in the same
run, so that the numbers mean something on any machine. The databases are as durable as in production, because what a
commit costs is part of what is measured. Exit code 1: a bound was exceeded or a benchmark broke. Benchmarks are not
part of `make test`: on a busy machine they say little.
"""

import argparse
import dataclasses
import importlib
import json
import logging
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import tests.bench
from tests.bench.result import Result
from tests.harness.environment import ROOT, clean_environment
from tests.harness.postgresql import PostgresqlMissing, ScratchPostgresql
from vault import tenancy

SQLITE, POSTGRESQL = "sqlite", "postgresql"
_MARK = "--measure"  # how this program calls itself, once per database


def benchmarks() -> list[str]:
    """The names of the modules that can be run."""
    modules = sorted(Path(tests.bench.__path__[0]).glob("[!_]*.py"))
    return [module.stem for module in modules if "\ndef run(" in module.read_text(encoding="utf-8")]


def _measure(names: list[str]) -> None:
    """In the child: run the benchmarks on the database of the environment; one JSON list per line on stdout."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vault.settings")
    logging.disable(logging.WARNING)  # a line for each request of a benchmark would bury its result
    django.setup()
    for name in names:
        with tenancy.everywhere("rows are made for many organizations; requests narrow themselves"):
            results: list[Result] = importlib.import_module(f"tests.bench.{name}").run()
        sys.stdout.write(f"{json.dumps([dataclasses.asdict(result) for result in results])}\n")
        sys.stdout.flush()


def _run_on(database: str, environment: dict[str, str], names: list[str]) -> tuple[list[Result], bool]:
    """The results on one database, and whether all benchmarks ran to their end."""
    migrated = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=environment, check=False
    )
    if migrated.returncode != 0:
        return [], False
    results: list[Result] = []
    complete = True
    for name in names:
        sys.stderr.write(f"{database}: {name} …\n")
        ran = subprocess.run(
            [sys.executable, "-m", "tests.bench", _MARK, name],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        complete = complete and ran.returncode == 0
        results += [Result(**entry) for line in ran.stdout.splitlines() for entry in json.loads(line)]
    return results, complete


def _print_table(rows: list[tuple[str, Result]]) -> None:
    width = max([len(result.name) for _, result in rows], default=0)
    sys.stdout.write(f"\n{'benchmark':<{width}}  {'database':<10}  {'ratio':>8}  {'bound':>10}\n")
    for database, result in rows:
        bound = f"{'≥' if result.higher_is_better else '≤'} {result.bound:g}"
        verdict = "ok" if result.holds else "OVER"
        sys.stdout.write(f"{result.name:<{width}}  {database:<10}  {result.ratio:>8.3f}  {bound:>10}  {verdict}\n")


def main() -> int:
    """Run what was asked for on each database and print the ratios."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="benchmarks to run (default: all)")
    parser.add_argument("--db", choices=(SQLITE, POSTGRESQL), help="run on this database only")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument(_MARK, action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.names) - set(benchmarks()))
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)} (there are: {', '.join(benchmarks())})")
    if chosen.measure:
        _measure(chosen.names)
        return 0
    rows: list[tuple[str, Result]] = []
    complete = True
    for database in [chosen.db] if chosen.db else [SQLITE, POSTGRESQL]:
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="holdfast-bench-"))
            environment = clean_environment() | {"HOLDFAST_ENV": "development", "HOLDFAST_VAR_DIR": f"{folder}/var"}
            if database == POSTGRESQL:
                try:
                    environment |= stack.enter_context(ScratchPostgresql(durable=True)).environment()
                except PostgresqlMissing as missing:
                    sys.stderr.write(f"!!! postgresql: SKIPPED: {missing} !!!\n")
                    complete = False
                    continue
            results, finished = _run_on(database, environment, chosen.names or benchmarks())
            rows += [(database, result) for result in results]
            complete = complete and finished
    if chosen.json:
        listed = [
            {"database": database, **dataclasses.asdict(result), "holds": result.holds} for database, result in rows
        ]
        sys.stdout.write(f"{json.dumps(listed, indent=2, ensure_ascii=False)}\n")
    else:
        _print_table(rows)
    over = [result.name for _, result in rows if not result.holds]
    if over:
        sys.stderr.write(f"{len(over)} over their bound: {'; '.join(over)}\n")
    if not complete:
        sys.stderr.write("Not every benchmark ran to its end.\n")
    return 1 if over or not complete else 0


if __name__ == "__main__":
    sys.exit(main())

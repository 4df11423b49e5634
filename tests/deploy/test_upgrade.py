"""An installation of an earlier release, with two organizations in it, is upgraded: everybody reads what they read."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.deploy.instance import Instance
from tests.deploy.test_two_roles import PASSWORDS, manage, run_script
from tests.deploy.test_two_roles import instance as with_two_roles
from tests.harness.environment import ROOT
from tests.harness.postgresql import SUPERUSER, ScratchPostgresql, find_binaries

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(
        os.environ.get("HOLDFAST_TEST_DATABASE", "sqlite") != "sqlite", reason="it brings its databases: once is enough"
    ),
]

KEPT = (ROOT / "tests" / "fixtures" / "earlier_release.json").read_text(encoding="ascii")
EARLIER = json.loads(KEPT)


def program(holdfast: Instance, act: str) -> Any:
    """What a program of its own does in the installation, and says."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.deploy.earlier", act],
        cwd=ROOT, env=holdfast.environment, input=KEPT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout) if ran.stdout else None


@contextmanager
def on_sqlite(folder: Path) -> Iterator[Instance]:
    """Nothing but the new release."""
    holdfast = Instance(folder, HOLDFAST_ROOT_KEY=EARLIER["root_key"])
    program(holdfast, "load")
    yield holdfast


@contextmanager
def _with_its_server(folder: Path) -> Iterator[tuple[ScratchPostgresql, Instance]]:
    """One role that owned its tables, as that release had it, and gets the other before the new release migrates."""
    if not (find_binaries() / "psql").exists():
        pytest.skip("these PostgreSQL binaries come without psql")
    with ScratchPostgresql() as server:
        with psycopg.connect(server.url("postgres", role=SUPERUSER), autocommit=True) as connection:
            connection.execute("DROP DATABASE holdfast")
            connection.execute("DROP ROLE holdfast, holdfast_owner, holdfast_suite")
            connection.execute(f"CREATE ROLE holdfast LOGIN PASSWORD '{PASSWORDS['database-password']}'".encode())
            connection.execute("CREATE DATABASE holdfast OWNER holdfast")
        one_role = with_two_roles(server, folder, one_role=True)
        one_role.environment["HOLDFAST_ROOT_KEY"] = EARLIER["root_key"]
        program(one_role, "load")
        run_script(server, folder)
        holdfast = with_two_roles(server, folder)
        holdfast.environment["HOLDFAST_ROOT_KEY"] = EARLIER["root_key"]
        yield server, holdfast


@contextmanager
def on_postgresql(folder: Path) -> Iterator[Instance]:
    """Tables that are guarded when all is done."""
    with _with_its_server(folder) as (_, holdfast):
        yield holdfast


@contextmanager
def under_policies(folder: Path) -> Iterator[Instance]:
    """Tables that are guarded before they are migrated, as those of later releases are; and the owner has no setting of
    his own that would open them."""
    with _with_its_server(folder) as (server, holdfast):
        manage(holdfast, "migrate", "accounts", EARLIER["migrations"]["accounts"])
        with psycopg.connect(server.url("holdfast", role=SUPERUSER)) as connection:
            connection.execute("ALTER ROLE holdfast_owner RESET app.tenant")
        with psycopg.connect(holdfast.environment["HOLDFAST_OWNER_DATABASE_URL"]) as owner:
            assert owner.execute("SELECT count(*) FROM secrets_secret").fetchone() == (0,)
        yield holdfast


INSTALLATIONS = {"sqlite": on_sqlite, "postgresql": on_postgresql, "postgresql under policies": under_policies}


@pytest.mark.parametrize("installation", INSTALLATIONS.values(), ids=INSTALLATIONS)
def test_everybody_reads_after_the_upgrade_what_they_read_before(installation: Any, tmp_path: Path) -> None:
    with installation(tmp_path) as holdfast:
        manage(holdfast, "migrate", "--verbosity", "0")
        said = json.loads(manage(holdfast, "access", "verify", "--json"))
        assert not said["faults"], said
        seen = program(holdfast, "use")
        manage(holdfast, "access", "verify")
    assert not seen["signed in from before"]  # sessions of that time had no MAC
    acme, initech = ["DATABASE_URL", "db/main"], ["REPORT_KEY"]
    values = {name: secret["value"] for name, secret in EARLIER["secrets"].items()}
    assert seen["values"] == {
        "alice@example.com": {name: values[name] for name in acme},
        "bob@example.com": {name: values[name] for name in acme},
        "vera@example.com": {},
        "charlie@example.com": {name: values[name] for name in initech},
    }
    assert seen["refused"] == {
        "alice@example.com": {"REPORT_KEY": 404},
        "bob@example.com": {"REPORT_KEY": 404},
        "vera@example.com": {"DATABASE_URL": 403, "db/main": 403, "REPORT_KEY": 404},
        "charlie@example.com": {"DATABASE_URL": 404, "db/main": 404},
    }
    assert seen["newcomer"] == 1

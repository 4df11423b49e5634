"""The scratch server: it is gone when its owner is, and it runs from wherever its programs are."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.harness import postgresql
from tests.harness.environment import ROOT
from tests.harness.postgresql import PostgresqlMissing, ScratchPostgresql, find_binaries


def test_it_is_gone_when_the_process_that_started_it_is_killed() -> None:
    program = (
        "from tests.harness.postgresql import ScratchPostgresql\n"
        "import time\n"
        "with ScratchPostgresql() as server:\n"
        "    print(server._server.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        server = int(owner.stdout.readline())
        assert psutil.pid_exists(server)
        owner.kill()
    deadline = time.monotonic() + 15
    while psutil.pid_exists(server) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not psutil.pid_exists(server)
    with ScratchPostgresql():  # the next one sweeps
        assert not list(Path("/tmp").glob(f"holdfast-pg-{owner.pid}-*"))


def test_it_leaves_no_folder_behind() -> None:
    with ScratchPostgresql() as server:
        folder = server._folder
        assert folder.exists()
    assert not folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become another user")
def test_programs_in_a_private_folder_are_copied_to_where_the_other_user_can_run_them(tmp_path: Path) -> None:
    wheel = postgresql._wheel_binaries()
    if wheel is None:
        pytest.skip("the wheel is not installed")
    private = postgresql._copy_out(wheel, tmp_path / "private")
    (tmp_path / "private").chmod(0o700)
    with ScratchPostgresql(binaries=private) as server, psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_durable_means_that_a_commit_waits_for_the_disk() -> None:
    with ScratchPostgresql(durable=True) as server, psycopg.connect(server.url()) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(f"SHOW {setting}".encode()).fetchone() == ("on",)


def test_pg_bin_that_holds_no_server_is_an_error_and_not_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BIN", "/nowhere")
    with pytest.raises(PostgresqlMissing, match="PG_BIN is /nowhere"):
        find_binaries()

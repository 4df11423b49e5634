"""`make serve` in development: deploy/serve.py as it is, in processes of its own."""

import os
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.deploy.instance import Instance
from tests.harness.environment import ROOT


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with Instance(tmp_path_factory.mktemp("served")) as running:
        yield running


def test_it_prints_one_set_up_link_under_its_own_address(served: Instance) -> None:
    links = served.setup_links()
    assert len(links) == 1
    assert links[0].startswith(f"http://127.0.0.1:{served.port}/")


def test_it_keeps_what_it_makes_from_everybody_else(served: Instance) -> None:
    var = served.folder / "var"
    assert stat.S_IMODE(var.stat().st_mode) == 0o700
    files = [path for path in var.iterdir() if path.is_file()]
    assert {path.name for path in files} >= {"holdfast.sqlite3", "development-root-key", "development-secret-key"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in files)


sees_sockets = pytest.mark.skipif(
    os.geteuid() != 0, reason="its processes show their sockets to root alone: they keep their memory to themselves"
)


@sees_sockets
def test_it_listens_on_this_machine_alone(served: Instance) -> None:
    listening = {
        connection.laddr.ip
        for process in served.family()
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_none_of_its_processes_can_write_a_core_dump(served: Instance) -> None:
    for process in served.family():
        limits = Path(f"/proc/{process.pid}/limits").read_text(encoding="ascii")
        line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert line.split()[4:6] == ["0", "0"]


def test_it_logs_neither_queries_nor_lines_that_are_no_requests(served: Instance) -> None:
    served.get("/nowhere?q=canary")
    with socket.create_connection(("127.0.0.1", served.port)) as raw:
        raw.sendall(b"BAD line-canary\r\n\r\n")
        raw.recv(1000)
    with socket.create_connection(("127.0.0.1", served.port)) as raw:
        raw.sendall(b"GET /" + b"canary" * 1000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b" 414 " in raw.recv(1000)
    assert "canary" not in served.output


def test_it_refuses_headers_that_are_far_too_large(served: Instance) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Large: " + b"a" * 20_000 + b"\r\n\r\n")
        assert b" 431 " in raw.recv(1000)


def test_a_connection_that_sends_nothing_does_not_keep_others_waiting(served: Instance) -> None:
    idle = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(6)]
    try:
        assert served.get("/healthz")[0] == 200  # within ten seconds: a process that waited would wait for thirty
    finally:
        for connection in idle:
            connection.close()


def test_it_says_that_its_port_is_taken_and_offers_another(served: Instance) -> None:
    said = served.refused()
    assert f"Port {served.port} on 127.0.0.1 is in use" in said
    assert f"PORT={served.port + 1}" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104 - refused
def test_in_development_it_refuses_an_address_that_others_can_reach(tmp_path: Path, host: str) -> None:
    said = Instance(tmp_path).refused("--host", host)
    assert "Development serves this machine alone" in said
    assert not (tmp_path / "var").exists()


def test_gunicorn_started_by_hand_refuses_such_an_address_too(tmp_path: Path) -> None:
    instance = Instance(tmp_path, HOLDFAST_BIND="0.0.0.0:0")
    ran = subprocess.run(
        [instance.command()[0], "-m", "gunicorn", "--config", str(ROOT / "deploy" / "gunicorn.conf.py")],
        env=instance.environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode != 0
    assert "Development serves this machine alone" in ran.stderr


@pytest.mark.parametrize(("variables", "said"), [({"HOLDFAST_ENV": "staging"}, "HOLDFAST_ENV must be")])
def test_it_says_what_is_wrong_with_the_configuration_without_a_traceback(
    tmp_path: Path, variables: dict[str, str], said: str
) -> None:
    output = Instance(tmp_path, **variables).refused()
    assert said in output
    assert "Traceback" not in output


def test_ctrl_c_stops_everything_quietly_and_a_second_start_asks_for_nothing(tmp_path: Path) -> None:
    with Instance(tmp_path) as first:
        family = first.family()
        assert len(family) >= 3
        assert first.press_ctrl_c() == 0
        assert "Traceback" not in first.output
        _, alive = psutil.wait_procs(family, timeout=10)
        assert not alive
    key = (tmp_path / "var" / "development-root-key").read_bytes()
    with Instance(tmp_path) as second:  # which waits for a minute: nobody is there to answer a question
        assert (tmp_path / "var" / "development-root-key").read_bytes() == key
        second.process.send_signal(signal.SIGTERM)
        assert second.process.wait(timeout=30) == 0
        assert "Traceback" not in second.output


@sees_sockets
def test_it_does_not_listen_where_a_stranger_could_control_it(served: Instance) -> None:
    sockets = [
        connection.laddr
        for process in served.family()
        for connection in process.net_connections(kind="unix")
        if str(connection.laddr).startswith("/")
    ]
    assert sockets == []

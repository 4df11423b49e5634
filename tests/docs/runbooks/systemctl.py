"""Stands where systemd's `systemctl` is: starts and stops the real server of the instance in the environment.

    systemctl start|stop|restart holdfast

It does what the unit in docs/operators/install.md says: runs deploy/serve.py, and waits until it serves.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

SECONDS = 60
_FOLDER = Path(os.environ["RUNBOOK_FOLDER"])
_PORT = os.environ["RUNBOOK_PORT"]
_PID, _LOG = _FOLDER / "server.pid", _FOLDER / "server.log"


def start() -> None:
    """Returns when it answers; ends with what it said if it does not start."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RUNBOOK_")}
    with _LOG.open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, os.environ["RUNBOOK_SERVE"], "--port", _PORT],
            env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    _PID.write_text(str(server.pid), encoding="ascii")
    until = time.monotonic() + SECONDS
    while server.poll() is None and time.monotonic() < until:
        # Not /healthz: who asks for this one makes the process say which root keys it has.
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{_PORT}/readyz", timeout=5):
            return
        time.sleep(0.1)
    sys.exit(f"holdfast did not start:\n{_LOG.read_text(encoding='utf-8')}")


def stop() -> None:
    """As systemd does: SIGTERM, and SIGKILL if that is not enough."""
    if not _PID.exists():
        return
    process = int(_PID.read_text(encoding="ascii"))
    _PID.unlink()
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(process, number)
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            if not _alive(process):
                return
            time.sleep(0.1)


def _alive(process: int) -> bool:
    try:
        return Path("/proc", str(process), "stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    word, name = sys.argv[1:]
    if name != "holdfast" or word not in {"start", "stop", "restart"}:
        sys.exit(f"systemctl {word} {name}: unknown")
    if word != "start":
        stop()
    if word != "stop":
        start()

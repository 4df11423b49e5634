"""Holdfast as its operator starts it: deploy/serve.py in a process of its own."""

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

import psutil

from tests.harness.environment import ROOT, clean_environment
from tests.harness.postgresql import free_port

START_SECONDS = 60


class Instance:
    """`with Instance(folder) as holdfast:` runs until the block ends; `output` has all that it printed."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.port = free_port()
        self.folder = folder
        self.environment = {**clean_environment(), "HOLDFAST_VAR_DIR": str(folder / "var"), **variables}
        self._log = folder / "output.log"

    @property
    def output(self) -> str:
        """Everything printed until now, on both streams."""
        return self._log.read_text(encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        """The command line that starts it."""
        return [sys.executable, str(ROOT / "deploy" / "serve.py"), "--port", str(self.port), *arguments]

    def refused(self, *arguments: str) -> str:
        """Start it where it must not start: what it said, after it has ended with exit code 1."""
        ran = subprocess.run(
            self.command(*arguments), env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert ran.returncode == 1, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a process group of its own, as a terminal gives it
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                status, _ = self.get("/healthz", Host=self.environment.get("HOLDFAST_ALLOWED_HOSTS", "127.0.0.1"))
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
            else:
                if status == 200:
                    return self
                break
        self.__exit__()
        raise AssertionError(f"it did not start:\n{self.output}")

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str]]:
        """The status and the headers of one response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            response.read()
            return response.status, dict(response.headers)
        finally:
            connection.close()

    def family(self) -> list[psutil.Process]:
        """The process and all that it started."""
        process = psutil.Process(self.process.pid)
        return [process, *process.children(recursive=True)]

    def press_ctrl_c(self) -> int:
        """What a terminal does on Ctrl-C: SIGINT to every process in the foreground. Returns the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout=30)

    def setup_links(self) -> list[str]:
        """The set-up links that were printed."""
        return re.findall(r"http\S+/setup/\S+", self.output)

"""A command at a terminal: what it shows, and what somebody types."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from tests.harness.environment import ROOT

PATIENCE = 60.0
"""Seconds to wait for a text, on a busy machine."""


def _rests(program: psutil.Process) -> bool:
    """Whether it slept for a while, and did nothing in it: a program that waits for the processor is no sleeper."""
    worked = program.cpu_times()
    for _ in range(6):
        if program.status() != psutil.STATUS_SLEEPING:
            return False
        time.sleep(0.05)
    return program.cpu_times() == worked


class Terminal:
    """`with Terminal("keys", "split") as terminal:` runs `manage.py` in a terminal of its own.

    `errors`: a new file for standard error, as `2>file` has it. `transcript` is everything that was written to the
    terminal, with control sequences; `shown` what is in the end on the main screen and in its scrollback: nothing that
    was written on the alternate screen.
    """

    def __init__(self, *words: str, environment: Mapping[str, str], errors: Path | None = None) -> None:
        self._words = words
        self._environment = {**environment, "TERM": "xterm"}
        self._errors = errors
        self.transcript = ""
        self._read = 0

    def __enter__(self) -> Self:
        self._master, slave = pty.openpty()
        errors = os.open(self._errors, os.O_CREAT | os.O_EXCL | os.O_WRONLY) if self._errors else slave
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), *self._words],
            env=self._environment,
            stdin=slave,
            stdout=slave,
            stderr=errors,
            start_new_session=True,
        )
        for descriptor in {slave, errors}:
            os.close(descriptor)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._master)

    def expect(self, pattern: str) -> re.Match[str]:
        """Waits for a text that was not looked at before, and gives the match."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = re.search(pattern, self.transcript[self._read :])
            if found:
                self._read += found.end()
                return found
            if not self._take(deadline):
                break
        raise AssertionError(f"{pattern!r} did not come:\n{self.transcript[self._read :]}")

    def type(self, text: str) -> None:
        """Types a line."""
        os.write(self._master, f"{text}\n".encode())

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        """Ctrl-C, or another signal, when the program waits for a line.

        Not at once: between showing its prompt and waiting, Python notes a signal and goes on to wait all the same.
        """
        program, deadline = psutil.Process(self._process.pid), time.monotonic() + PATIENCE
        while not _rests(program):
            assert time.monotonic() < deadline, "it never waited for a line"
        self._process.send_signal(number)

    def exit_code(self) -> int:
        """Waits for the end."""
        deadline = time.monotonic() + PATIENCE
        while self._take(deadline):
            pass
        return self._process.wait(timeout=PATIENCE)

    @property
    def shown(self) -> str:
        """The main screen, without what was on the alternate one."""
        return re.sub(r"\x1b\[\?1049h.*?\x1b\[\?1049l", "", self.transcript, flags=re.DOTALL)

    def _take(self, deadline: float) -> bool:
        """Reads what is there; false at the end."""
        ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            content = os.read(self._master, 65536)
        except OSError:  # how Linux says that the other side is closed
            return False
        self.transcript += content.decode(errors="replace")
        return bool(content)

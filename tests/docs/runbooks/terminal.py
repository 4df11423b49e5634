"""A terminal with somebody at it who types what a runbook says, and compares what is seen with what it shows."""

import os
import pty
import re
import select
import signal
import subprocess
import termios
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.docs.runbooks.document import ANY, PLACEHOLDER, TYPED, Step

SECONDS = 60
"""The longest that anything in a runbook may take here without a sign of life."""
_WIPED = re.compile(r"\x1b\[\?1049[hl]|\x1b\[2J\x1b\[3J\x1b\[H")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_REDRAWN = re.compile(r"^.*\r(?:\x1b\[K)?(?=[^\n])", re.MULTILINE)
_BLANK = re.compile(r"^[ \t]*\n", re.MULTILINE)


class NotAsShown(AssertionError):
    """The page and the program differ."""


Value = str | Callable[[str], str]
"""What stands for a placeholder; a function is given what was seen of this step so far, and is asked each time."""


def perform(step: Step, values: Mapping[str, Value], *, environment: Mapping[str, str], folder: Path) -> str:
    """Types a command and whatever it asks for. Gives all that was seen.

    Raises NotAsShown if something else is seen than the page shows, or the command fails.
    """
    unknown = step.placeholders() - values.keys()
    if unknown:
        raise NotAsShown(f"{step.where}: nobody knows {', '.join(sorted(unknown))}")

    def value(name: str, seen: str = "") -> str:
        found = values[name]
        return found if isinstance(found, str) else found(seen)

    def filled(text: str) -> str:
        return PLACEHOLDER.sub(lambda found: value(found.group(1)), text)

    shown = TYPED.split(
        "\n".join(line for line in step.seen if line)
    )  # what is seen, and every other time what is typed
    session = _Session(step, filled(step.command), environment, folder)
    expression = ""
    try:
        for place in range(0, len(shown) - 1, 2):
            expression += _expression(filled(shown[place]))
            session.wait_for(expression)
            typed = value(shown[place + 1], session.seen)
            session.type(typed)
            expression += re.escape(typed)
        session.end(expression + _expression(filled(shown[-1])))
    finally:
        session.close()
    return session.seen


def _expression(shown: str) -> str:
    """An expression for a piece of what a page shows."""
    *lines, last = shown.split("\n")
    return "".join(r"(?:.*\n)*?" if line == ANY else f"{_line(line)} *\n" for line in lines) + (
        r"(?:.*\n)*?.*" if last == ANY else _line(last)
    )


def _line(line: str) -> str:
    """One line. Columns are as wide as what is in them: any space stands for any number of them."""
    return ".*?".join(re.escape(part).replace(r"\ ", " +") for part in line.split(ANY))


class _Session:
    """A shell with one command, on a terminal of its own."""

    def __init__(self, step: Step, command: str, environment: Mapping[str, str], folder: Path) -> None:
        self._step, self._raw = step, b""
        self._terminal, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (60, 400))
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", command], stdin=theirs, stdout=theirs, stderr=theirs,
            cwd=folder, env={**environment, "TERM": "xterm"}, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)

    @property
    def seen(self) -> str:
        """What the terminal shows, and what it showed before it was wiped; not what was drawn over, nor blank lines."""
        text = self._raw.decode("utf-8", "replace").replace("\r\n", "\n")
        for nothing in (_WIPED, _COLOUR, _REDRAWN, _BLANK):
            text = nothing.sub("", text)
        return text

    def wait_for(self, expression: str) -> None:
        """Until all that is seen is as the expression says."""
        while not re.fullmatch(expression, self.seen):
            if not self._read():
                raise self._differs("It ended without asking what the page says that it asks.")

    def type(self, text: str) -> None:
        """With Enter at the end."""
        os.write(self._terminal, f"{text}\n".encode())

    def end(self, expression: str) -> None:
        """Until the command has ended, as the page says."""
        while self._read():
            pass
        if code := self._process.wait(timeout=SECONDS):
            raise self._differs(f"It ended with exit code {code}.")
        if not re.fullmatch(expression, self.seen.rstrip()):
            raise self._differs("Something else is seen than the page shows.")

    def _read(self) -> bool:
        """Waits for more to be seen. False at the end."""
        if not select.select([self._terminal], [], [], SECONDS)[0]:
            raise self._differs(f"Nothing was seen for {SECONDS} seconds.")
        try:
            more = os.read(self._terminal, 65536)
        except OSError:  # EIO: nobody has the other end any more
            return False
        self._raw += more
        return bool(more)

    def close(self) -> None:
        """Also in the middle of it."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._terminal)

    def _differs(self, how: str) -> NotAsShown:
        shown = "\n".join(self._step.seen)
        told = f"{self._step.where}: $ {self._step.command}\n{how}\n--- the page shows\n{shown}\n--- seen\n{self.seen}"
        return NotAsShown(told)

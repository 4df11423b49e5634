"""What every subcommand shares: saying things to people or as JSON, progress, confirmation, and exit codes."""

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from typing import Any, TextIO

from django.core.management.base import CommandError, OutputWrapper

from vault.names import safe_text

EXIT_FAILS = 1
"""Something does not hold: a value does not open, work is left, a signature is wrong."""
EXIT_USAGE = 2
EXIT_REFUSED = 3
"""Refused as things are, or it needs a confirmation or an approval."""

_BAR_WIDTH = 30
_REDRAW_SECONDS = 0.1


class DoesNotHold(CommandError):
    """Something that should hold does not: exit code 1."""

    def __init__(self, message: str) -> None:
        super().__init__(safe_text(message), returncode=EXIT_FAILS)


class WrongUsage(CommandError):
    """Options that do not go together: exit code 2."""

    def __init__(self, message: str) -> None:
        super().__init__(safe_text(message), returncode=EXIT_USAGE)


class Refused(CommandError):
    """Not done, as things are: exit code 3."""

    def __init__(self, message: str) -> None:
        super().__init__(safe_text(message), returncode=EXIT_REFUSED)


@dataclass(frozen=True, slots=True)
class Result:
    """What a subcommand did: `document` is the JSON of `--json`; a `problem` makes the exit code 1."""

    document: Mapping[str, Any]
    problem: str = ""


@dataclass
class Console:
    """Where a subcommand talks. With `as_json`, standard output gets one JSON document and nothing else."""

    stdout: OutputWrapper
    stderr: OutputWrapper
    as_json: bool = False
    stdin: TextIO = field(default_factory=lambda: sys.stdin or StringIO())  # None if it was closed

    def say(self, text: str = "") -> None:
        """A line for people, on standard output."""
        if not self.as_json:
            self.stdout.write(safe_text(text))

    def note(self, text: str) -> None:
        """A line about how it goes, on standard error."""
        if not self.as_json:
            self.stderr.write(safe_text(text), _plain)

    def finish(self, document: Mapping[str, Any]) -> None:
        """The one JSON document."""
        if self.as_json:
            self.stdout.write(json.dumps(document, default=str))

    @property
    def interactive(self) -> bool:
        """Whether there is somebody to ask."""
        return not self.as_json and self.stdin.isatty()

    @property
    def private(self) -> bool:
        """Whether what is written and typed is on a terminal alone: standard error is where words are shown."""
        return self.stdin.isatty() and self.stderr.isatty()

    def write(self, text: str) -> None:
        """Text or control sequences as they are, on standard error."""
        self.stderr.write(text, _plain, ending="")
        self.stderr.flush()

    def ask_or_end(self, question: str) -> str | None:
        """A line typed by somebody, without its line break; None at the end of the input."""
        self.write(question)
        line = self.stdin.readline()
        return line.strip() if line else None

    def ask(self, question: str) -> str:
        """The same; raises `Refused` at the end of the input."""
        line = self.ask_or_end(question)
        if line is None:
            raise Refused("The input ended. Nothing more was done.")
        return line

    def confirm_typed(self, what: str, expected: str, given: str | None) -> str:
        """What was typed as a confirmation of `what`, or given with `--confirm`. Raises `Refused` without either."""
        if given is not None:
            return given
        if not self.interactive:
            raise Refused(f"{what} This needs a confirmation: pass --confirm with {expected}, typed exactly.")
        self.note(what)
        return self.ask(f"Type {expected} to go on: ")

    def confirm(self, what: str, *, yes: bool) -> None:
        """Goes on if somebody says yes, or `--yes` did. Raises `Refused`."""
        if yes:
            return
        if not self.interactive:
            raise Refused(f"{what} Pass --yes to go on.")
        self.note(what)
        if self.ask("Go on? [y/N] ").lower() not in {"y", "yes"}:
            raise Refused("Nothing was done.")

    @contextmanager
    def progress(self, label: str) -> Iterator["Progress"]:
        """A bar on standard error while it is a terminal; nothing otherwise, nor with `--json`."""
        shown = Progress(safe_text(label), self.stderr if not self.as_json and self.stderr.isatty() else None)
        try:
            yield shown
        finally:
            shown.close()


class Progress:
    """A bar that is drawn again when something moved."""

    def __init__(self, label: str, stream: OutputWrapper | None) -> None:
        self._label = label
        self._stream = stream
        self._drawn_at = 0.0
        self._drawn = False

    def show(self, done: int, total: int) -> None:
        """Draws how much is done of how much."""
        if self._stream is None:
            return
        now = time.monotonic()
        if self._drawn and done < total and now - self._drawn_at < _REDRAW_SECONDS:
            return
        self._drawn_at, self._drawn = now, True
        share = min(1.0, done / total) if total else 1.0
        bar = "#" * round(_BAR_WIDTH * share)
        self._stream.write(f"\r\x1b[K{self._label} [{bar:<{_BAR_WIDTH}}] {done:,}/{total:,}", _plain, ending="")
        self._stream.flush()

    def close(self) -> None:
        """Ends the line."""
        if self._drawn and self._stream is not None:
            self._stream.write("", _plain)


def _plain(line: str) -> str:
    """Standard error is red on a terminal, for errors; progress and questions are none."""
    return line


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Lines with columns side by side; the first row is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]

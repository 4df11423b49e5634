"""Processes that can be killed without mercy: forked from one that has Django up already, on the test's database.

Starting Python and Django takes a second and a half, a fork some milliseconds: that makes hundreds of kills affordable.
The process that forks is single-threaded, has no connection and no key (`multiprocessing`'s fork server).
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.proof.prepared"])
JOIN_SECONDS = 120


@dataclass(frozen=True)
class Surroundings:
    """What a child needs to be a process of the same instance: the database, the root keys, a file for what it says."""

    database: dict[str, Any]
    root_keys: str
    log: Path

    @classmethod
    def of_this_test(cls, log: Path) -> "Surroundings":
        """Those of the test that is running."""
        assert settings.ROOT_KEY
        return cls(dict(connection.settings_dict), settings.ROOT_KEY, log)

    def enter(self) -> None:
        """In the child, before it does anything."""
        log = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        for stream in (1, 2):
            os.dup2(log, stream)
        os.close(log)
        connection.settings_dict.update(self.database)
        settings.ROOT_KEY, settings.ROOT_KEY_FILE = self.root_keys, None
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        connection.ensure_connection()


class Child:
    """A process that does one thing. It says when it begins, and with what it ended."""

    def __init__(self, surroundings: Surroundings, act: Callable[..., object], *arguments: object) -> None:
        """Starts it, and returns when it is about to do `act(*arguments)` with its connection open."""
        self._receiver, sender = _CONTEXT.Pipe(duplex=False)
        self.process: BaseProcess = _CONTEXT.Process(
            target=_run, args=(surroundings, sender, act, arguments), daemon=True
        )
        self.process.start()
        sender.close()
        self._log = surroundings.log
        try:
            self._receiver.recv()
        except EOFError:
            self.process.join()
            raise AssertionError(f"a child did not start:\n{self._said()}") from None

    def kill(self) -> bool:
        """SIGKILL. True if it was still at work."""
        self.process.kill()
        self.process.join(JOIN_SECONDS)
        return self.process.exitcode == -signal.SIGKILL

    def killed_itself(self) -> bool:
        """Waits for its end. True if that was a SIGKILL, False if it came to its end; anything else fails the test."""
        self.process.join(JOIN_SECONDS)
        if self.process.exitcode == -signal.SIGKILL:
            return True
        assert self.process.exitcode == 0, f"a child ended with {self.process.exitcode}:\n{self._said()}"
        return False

    def result(self) -> Any:
        """Waits for its end, and gives what `act` returned."""
        answer = None
        with suppress(EOFError):  # it ended before: what it said is in the failure
            if self._receiver.poll(JOIN_SECONDS):
                answer = self._receiver.recv()
        assert not self.killed_itself()
        return answer

    def _said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-4000:] if self._log.exists() else ""


def _run(
    surroundings: Surroundings, sender: Connection, act: Callable[..., object], arguments: tuple[object, ...]
) -> None:
    surroundings.enter()
    sender.send(None)
    answer = act(*arguments)
    sender.send(answer)
    sys.stdout.flush()
    connection.close()


class Companion:
    """A process that does one thing after the other, as it is asked: another process of the same instance."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._ours, theirs = _CONTEXT.Pipe()
        self._process: BaseProcess = _CONTEXT.Process(target=_serve, args=(surroundings, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def do(self, act: Callable[..., Any], *arguments: object) -> Any:
        """What `act(*arguments)` gives over there; raises what it raises."""
        self._ours.send((act, arguments))
        answer, raised = self._ours.recv()
        if raised is not None:
            raise raised
        return answer

    def kill(self) -> None:
        """SIGKILL, between two things to do."""
        self._process.kill()
        self._process.join(JOIN_SECONDS)
        self._ours.close()


def _serve(surroundings: Surroundings, theirs: Connection) -> None:
    surroundings.enter()
    while True:
        try:
            act, arguments = theirs.recv()
        except EOFError:
            return
        try:
            theirs.send((act(*arguments), None))
        except Exception as problem:  # noqa: BLE001 - it is raised where it was asked for
            theirs.send((None, _plain(problem)))


def _plain(problem: Exception) -> Exception:
    """An exception that survives a pickle: of the same type if that can be made from its message, else in words."""
    try:
        made = type(problem)(*problem.args)
    except Exception:  # noqa: BLE001 - types of any signature
        return AssertionError(f"{type(problem).__name__}: {problem}")
    return made if str(made) == str(problem) else AssertionError(f"{type(problem).__name__}: {problem}")

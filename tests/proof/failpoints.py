"""Places at which a process can end: before each statement, and on both sides of each commit.

What happens between two statements happens in memory, so these are all the states in which a killed process can leave
its database.
"""

import os
import signal
from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


class Failpoints:
    """Counts the places that the process passes, over all its connections, and kills it at the one that was chosen."""

    def __init__(self, kill_at: int | None = None) -> None:
        """`kill_at`: the number of the place, from 1; None: only count."""
        self.passed = 0
        self._kill_at = kill_at

    def install(self) -> None:
        """From now on, for the connections there are and those that will be opened."""
        from django.db import connection

        connection.execute_wrappers.append(self._around_statement)
        connection_created.connect(self._on_connection, weak=False)
        commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]  # a private method, which the stubs leave out

        def watched(wrapper: BaseDatabaseWrapper) -> Any:
            self._pass()
            answer = commit(wrapper)
            self._pass()
            return answer

        BaseDatabaseWrapper._commit = watched  # type: ignore[attr-defined]  # as above

    def _on_connection(self, *, connection: BaseDatabaseWrapper, **_: object) -> None:
        if self._around_statement not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._around_statement)

    def _around_statement(self, execute: Callable[..., Any], *call: Any) -> Any:
        self._pass()
        return execute(*call)

    def _pass(self) -> None:
        self.passed += 1
        if self.passed == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def count_places(act: Callable[..., object], *arguments: object) -> int:
    """In a child: does `act`, and gives the number of places that it passed."""
    places = Failpoints()
    places.install()
    act(*arguments)
    return places.passed


def kill_at(place: int, act: Callable[..., object], *arguments: object) -> None:
    """In a child: does `act` up to that place."""
    Failpoints(place).install()
    act(*arguments)

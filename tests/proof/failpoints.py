"""Places at which a process can end: before each statement, and on both sides of each commit.

What happens between two statements happens in memory, so these are all the states in which a killed process can leave
its database.
"""

import os
import signal
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper


class Failpoints:
    """Counts the places that the process passes, over all its connections, and kills it at the one that was chosen."""

    def __init__(self, kill_at: int | None = None) -> None:
        """`kill_at`: the number of the place, from 1; None: only count."""
        self.passed = 0
        self._kill_at = kill_at

    def install(self) -> None:
        """From now on. Below Django on PostgreSQL, where some statements go to the driver directly."""
        if connection.vendor == "postgresql":
            psycopg.Cursor.execute = self._before(psycopg.Cursor.execute)  # type: ignore[method-assign]  # to watch it
            psycopg.Cursor.executemany = self._before(psycopg.Cursor.executemany)  # type: ignore[method-assign]  # too
        else:
            connection.execute_wrappers.append(self._around_statement)
        commit = BaseDatabaseWrapper._commit  # type: ignore[attr-defined]  # a private method, which the stubs leave out

        def watched(wrapper: BaseDatabaseWrapper) -> Any:
            self._pass()
            answer = commit(wrapper)
            self._pass()
            return answer

        BaseDatabaseWrapper._commit = watched  # type: ignore[attr-defined]  # as above

    def _before(self, execute: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*call: Any, **options: Any) -> Any:
            self._pass()
            return execute(*call, **options)

        return watched

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

"""Acts that happen at the same moment, each with a database connection of its own."""

import time
from collections.abc import Callable
from threading import Barrier, Event, Thread
from typing import NamedTuple

from django.db import connection, transaction

PATIENCE = 30
A_MOMENT = 0.2
"""Seconds."""


def in_parallel(*acts: Callable[[], object]) -> list[BaseException | None]:
    """Runs each act in a thread with a connection of its own, at the same moment; returns what each raised."""
    barrier = Barrier(len(acts))
    raised: list[BaseException | None] = [None] * len(acts)

    def run(index: int, act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            act()
        except Exception as error:  # noqa: BLE001 - the test looks at what it was
            raised[index] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=(index, act)) for index, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


class Order(NamedTuple):
    """What came of `one_inside_the_other`: what each raised, and whether the other waited for the first."""

    first: BaseException | None
    other: BaseException | None
    waited: bool


def one_inside_the_other(first: Callable[[Callable[[], None]], object], other: Callable[[], object]) -> Order:
    """Runs `other` while `first` stands still in the middle of its transaction: where it calls what it is given.

    Each has a thread and a connection of its own. `first` goes on when the other has ended, or waits for a lock, as
    PostgreSQL says. On SQLite, who has not ended after a moment is taken to wait.
    """
    reached, may_go, ended = Event(), Event(), Event()
    raised: dict[str, BaseException] = {}

    def stand_still() -> None:
        reached.set()
        if not may_go.wait(PATIENCE):
            raise TimeoutError("nobody let it go on")

    def run(name: str, act: Callable[[], object], then: Event | None = None) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - the test looks at what it was
            raised[name] = error
        finally:
            connection.close()
            if then is not None:
                then.set()

    one = Thread(target=run, args=("first", lambda: first(stand_still), reached))
    two = Thread(target=run, args=("other", other, ended))
    one.start()
    if not reached.wait(PATIENCE):
        raise TimeoutError("it never came to its middle")
    two.start()
    waited = _comes_to_wait(ended)
    may_go.set()
    one.join()
    two.join()
    return Order(raised.get("first"), raised.get("other"), waited)


def _comes_to_wait(ended: Event) -> bool:
    if connection.vendor != "postgresql":
        return not ended.wait(A_MOMENT)
    deadline = time.monotonic() + PATIENCE
    while not ended.wait(0.02):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) "
                "WHERE NOT granted AND datname = current_database())"
            )
            if cursor.fetchone() == (True,):
                return True
        if time.monotonic() > deadline:
            raise TimeoutError("it neither ended nor waited for a lock")
    return False


def uncommitted(act: Callable[[], object]) -> Callable[[Callable[[], None]], None]:
    """`act` for `one_inside_the_other`, whose middle is where all is done but the commit."""

    def acting(stand_still: Callable[[], None]) -> None:
        with transaction.atomic():
            act()
            stand_still()

    return acting

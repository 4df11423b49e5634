"""A cache of whole numbers in the database, for counters that limit something.

Django's own database cache counts too low when several processes count at once, gives a counter a new expiry with each
step, and throws live counters away when its table is full: each of the three opens a limit. It also unpickles what it
finds in the table. Here a counter's row is locked while it is read and written, keeps its expiry, is removed only when
it has expired, and can hold nothing but a number.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from vault.models import Counter

SWEEP_ODDS = 50
"""One in so many new counters sweeps expired ones out."""
SWEEP_ROWS = 500
ATTEMPTS = 20


class CountedInTransaction(RuntimeError):
    """A counter was to change inside of a transaction, whose rollback would undo it."""

    def __init__(self) -> None:
        super().__init__(
            "Counters commit for themselves: count before or after transaction.atomic, not inside of it. "
            "A request that is rolled back must not give its attempt back."
        )


@contextmanager
def _committed() -> Iterator[None]:
    """A transaction of its own, committed at the end. Raises CountedInTransaction."""
    blocks = transaction.get_connection().atomic_blocks
    # A test case's own transaction is no caller's: Django marks it, and lets durable blocks nest in it.
    if blocks and not blocks[-1]._from_testcase:
        raise CountedInTransaction
    with transaction.atomic(durable=True):
        yield


class LockingDatabaseCache(BaseCache):
    """See the module. Values are whole numbers of 64 bits; anything else raises TypeError."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """The number, or `default` if there is none that is live."""
        counter = Counter.objects.filter(key=self.make_and_validate_key(key, version)).first()
        return counter.value if counter is not None and counter.is_live(timezone.now()) else default

    def has_key(self, key: str, version: int | None = None) -> bool:
        return self.get(key, version=version) is not None

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Store the number unless a live one is there: True for the one caller, of any number at once, that did."""
        _, began = self._write(key, version, timeout, begin=_whole(value), step=lambda number: number)
        return began

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Store the number, with a new expiry."""
        number = _whole(value)
        self._write(key, version, timeout, begin=number, step=lambda _: number, renew=True)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add to a live counter, which keeps its expiry: the new number. Raises ValueError if there is none."""
        number, _ = self._write(key, version, None, begin=None, step=lambda number: number + _whole(delta))
        return number

    def increment(self, key: str, *, timeout: int, delta: int = 1, version: int | None = None) -> int:
        """Add to a live counter, which keeps its expiry, or begin one that expires in `timeout` seconds: the number."""
        number, _ = self._write(key, version, timeout, begin=delta, step=lambda number: number + delta)
        return number

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Give a live counter a new expiry: whether there was one."""
        try:
            self._write(key, version, timeout, begin=None, step=lambda number: number, renew=True)
        except ValueError:
            return False
        return True

    def delete(self, key: str, version: int | None = None) -> bool:
        row_key = self.make_and_validate_key(key, version)
        with _committed():
            deleted, _ = Counter.objects.filter(key=row_key).delete()
        return deleted > 0

    def clear(self) -> None:
        with _committed():
            Counter.objects.all().delete()

    def sweep(self) -> int:
        """Remove some of the expired counters, never a live one: how many. Waits for nobody."""
        skip_locked = connection.features.has_select_for_update_skip_locked
        with _committed():
            expired = Counter.objects.select_for_update(skip_locked=skip_locked).filter(expires_at__lte=timezone.now())
            keys = [counter.key for counter in expired.order_by("expires_at")[:SWEEP_ROWS]]
            Counter.objects.filter(key__in=keys).delete()
        return len(keys)

    def _write(
        self,
        key: str,
        version: int | None,
        timeout: Any,
        *,
        begin: int | None,
        step: Callable[[int], int],
        renew: bool = False,
    ) -> tuple[int, bool]:
        """Under the row's lock: `begin` a counter that is missing or expired, or take a `step` from the live number.

        Returns the number and whether it began. Raises ValueError if there is no live counter and nothing to begin.
        """
        row_key = self.make_and_validate_key(key, version)
        for _ in range(ATTEMPTS):
            try:
                with _committed():
                    now = timezone.now()
                    counter = Counter.objects.select_for_update().filter(key=row_key).first()
                    live = counter is not None and counter.is_live(now)
                    if not live and begin is None:
                        raise ValueError(f"There is no live counter {key!r}")
                    if counter is None:
                        # Of several that find no row, one inserts it. The others collide, and find it next time.
                        counter = Counter(key=row_key, value=begin or 0, expires_at=self._expiry(timeout, now))
                        counter.save(force_insert=True)
                    else:
                        counter.value = step(counter.value) if live else begin or 0
                        if renew or not live:
                            counter.expires_at = self._expiry(timeout, now)
                        counter.save(force_update=True)
            except IntegrityError:
                continue
            if not live and random.randrange(SWEEP_ODDS) == 0:  # noqa: S311 - housekeeping
                self.sweep()
            return counter.value, not live
        raise OperationalError(f"The counter {key!r} was taken {ATTEMPTS} times in a row")

    def _expiry(self, timeout: Any, now: datetime) -> datetime | None:
        seconds = self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout
        return None if seconds is None else now + timedelta(seconds=seconds)


def _whole(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError(f"This cache counts: it holds whole numbers, not {type(value).__name__}")
    return int(value)

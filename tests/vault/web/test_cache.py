"""The counters of the limiter: exact, whoever counts at the same time, and never given back."""

import multiprocessing
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.utils import timezone

from vault import cache as module
from vault.cache import CountedInTransaction, LockingDatabaseCache
from vault.models import Counter

LIMIT, REQUESTS, PROCESSES, THREADS = 20, 400, 4, 2


def _attempts(attempt: Callable[[], bool], count: int, admitted: Any) -> None:
    """In a process of its own: `count` attempts from several threads; adds up how many were let through."""

    def run(times: int) -> None:
        let_through = sum(attempt() for _ in range(times))
        with admitted.get_lock():
            admitted.value += let_through
        connections.close_all()

    threads = [threading.Thread(target=run, args=(count // THREADS,)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def admitted_of(attempt: Callable[[], bool]) -> int:
    """How many of `REQUESTS` attempts from several processes with several threads each are let through."""
    fork = multiprocessing.get_context("fork")
    admitted = fork.Value("i", 0)
    connections.close_all()  # a connection must not be shared with the children
    share = REQUESTS // PROCESSES
    children = [fork.Process(target=_attempts, args=(attempt, share, admitted)) for _ in range(PROCESSES)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    return int(admitted.value)


def by_increment() -> bool:
    counters = LockingDatabaseCache("", {})
    return counters.increment("door:increment", timeout=60) <= LIMIT


def by_add_and_incr() -> bool:
    """As django-ratelimit does it."""
    if cache.add("door:add", 1, 60):
        return True
    return cache.incr("door:add") <= LIMIT


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", [by_increment, by_add_and_incr])
def test_it_lets_exactly_as_many_through_as_the_limit_says(attempt: Callable[[], bool]) -> None:
    assert admitted_of(attempt) == LIMIT
    assert Counter.objects.get().value == REQUESTS


@pytest.mark.django_db(transaction=True)
def test_it_keeps_a_count_that_was_made_before_a_rollback() -> None:
    class Undone(Exception):
        pass

    cache.set("door", 1)

    @transaction.atomic
    def request() -> None:
        raise Undone

    cache.incr("door")
    with pytest.raises(Undone):
        request()
    assert cache.get("door") == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "count",
    [
        lambda: cache.incr("door"),
        lambda: cache.add("other", 1),
        lambda: cache.set("door", 1),
        lambda: cache.delete("door"),
        lambda: cache.touch("door"),
        cache.clear,
        lambda: cache.increment("door", timeout=1),  # type: ignore[attr-defined]  # ours
    ],
)
def test_it_refuses_to_count_where_a_rollback_could_undo_it(count: Callable[[], object]) -> None:
    cache.set("door", 1)
    with pytest.raises(CountedInTransaction, match="before or after"), transaction.atomic():
        count()
    assert cache.get("door") == 1


@pytest.mark.django_db
def test_it_keeps_the_expiry_of_a_counter_that_goes_on() -> None:
    with time_machine.travel("2026-03-01 12:00", tick=False) as clock:
        cache.add("door", 1, timeout=100)
        clock.shift(99)
        assert cache.incr("door") == 2
        clock.shift(1)
        assert cache.get("door") is None
        with pytest.raises(ValueError, match="no live counter"):
            cache.incr("door")
        assert cache.add("door", 1, timeout=100)
        assert cache.get("door") == 1


@pytest.mark.django_db
def test_it_begins_again_when_a_counter_has_expired() -> None:
    counters = LockingDatabaseCache("", {})
    with time_machine.travel("2026-03-01 12:00", tick=False) as clock:
        assert [counters.increment("door", timeout=60) for _ in range(3)] == [1, 2, 3]
        clock.shift(60)
        assert counters.increment("door", timeout=60) == 1
        clock.shift(59)
        assert counters.increment("door", timeout=60) == 2


@pytest.mark.django_db
def test_it_stores_for_the_first_caller_only() -> None:
    assert cache.add("door", 7)
    assert not cache.add("door", 8)
    assert cache.get("door") == 7
    cache.set("door", 9, timeout=None)
    assert cache.get("door") == 9
    assert Counter.objects.get().expires_at is None
    assert cache.get_many(["door", "no"]) == {"door": 9}
    assert cache.delete("door")
    assert not cache.delete("door")
    assert "door" not in cache


@pytest.mark.django_db
def test_it_keeps_live_counters_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SWEEP_ODDS", 1)
    later = timezone.now() + timedelta(hours=1)
    Counter.objects.bulk_create(Counter(key=f"live {n}", value=1, expires_at=later) for n in range(1000))
    Counter.objects.create(key="for ever", value=1, expires_at=None)
    expired = timezone.now() - timedelta(seconds=1)
    Counter.objects.bulk_create(Counter(key=f"expired {n}", value=1, expires_at=expired) for n in range(300))
    cache.add("new", 1)
    assert Counter.objects.count() == 1002
    assert not Counter.objects.filter(key__startswith="expired").exists()


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["text", 1.5, b"1", None, {"a": 1}, [1]])
def test_it_holds_nothing_but_whole_numbers(value: object) -> None:
    with pytest.raises(TypeError, match="whole numbers"):
        cache.set("door", value)
    assert not Counter.objects.exists()


@pytest.mark.django_db
def test_it_does_not_interpret_what_somebody_put_into_the_table() -> None:
    assert {field.get_internal_type() for field in Counter._meta.fields} == {
        "CharField",
        "BigIntegerField",
        "DateTimeField",
    }


@pytest.mark.django_db
def test_it_has_the_table_that_the_migration_made() -> None:
    assert "holdfast_cache" in connection.introspection.table_names()

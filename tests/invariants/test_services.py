"""Each service audits exactly once, and has done nothing at all when its event cannot be written."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from audit.actor import Actor
from audit.models import Event
from audit.services import EventNotWritten
from tests.cast import Cast
from tests.harness.roles import as_table_owner
from tests.invariants.services import CASES, COMPOSED, PACKAGES, SILENT, make_world
from tests.invariants.snapshot import SPENT, take_snapshot
from vault.seals.services import verify_authority


def exported() -> set[str]:
    return {
        f"{name}.{function}"
        for name, package in PACKAGES.items()
        for function in package.__all__
        if inspect.isfunction(getattr(package, function))
    }


@contextmanager
def log_that_takes_nothing() -> Iterator[None]:
    """The database itself refuses every new event, as one with a full disk or a revoked privilege would."""
    with as_table_owner(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE audit_event ADD CONSTRAINT no_more CHECK (false) NOT VALID")
        else:
            cursor.execute(
                "CREATE TRIGGER no_more BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'no more'); END"
            )
    try:
        yield
    finally:
        with as_table_owner(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("ALTER TABLE audit_event DROP CONSTRAINT no_more")
            else:
                cursor.execute("DROP TRIGGER no_more")


def test_every_service_is_here() -> None:
    assert exported() == CASES.keys() | SILENT.keys()


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_service_writes_exactly_one_event(name: str, cast: Cast) -> None:
    call = CASES[name](make_world(cast))
    newest = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
    call()
    actions = list(Event.objects.filter(id__gt=newest).order_by("id").values_list("action", flat=True))
    assert len(actions) == 1 or actions == COMPOSED.get(name), actions


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_service_has_changed_nothing_when_its_event_cannot_be_written(name: str, cast: Cast) -> None:
    call = CASES[name](make_world(cast))
    with log_that_takes_nothing():
        before = take_snapshot(columns=SPENT)
        with pytest.raises(EventNotWritten):
            call()
        assert take_snapshot(columns=SPENT) == before
    assert not verify_authority(actor=Actor.system()).faults

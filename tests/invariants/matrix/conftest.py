"""The stage of the matrix."""

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from accounts import middleware
from tests.invariants.matrix.stage import Stage, make_stage, undone


@pytest.fixture(scope="package")
def _stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Stage]:
    with django_db_blocker.unblock(), undone():
        yield make_stage()


@pytest.fixture
def stage(_stage: Stage, db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """As it was made: what another test did to it has not happened. (`db` gives it a savepoint of the stage's own.)

    That a session is in use is written down once a minute, whatever is asked: not between two answers to compare.
    """
    monkeypatch.setattr(middleware, "TOUCH_SECONDS", float("inf"))
    with _stage.apart():
        yield _stage

"""The stage of the matrix."""

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.invariants.matrix.stage import Stage, make_stage, undone


@pytest.fixture(scope="package")
def _stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Stage]:
    with django_db_blocker.unblock(), undone():
        yield make_stage()


@pytest.fixture
def stage(_stage: Stage, db: None) -> Iterator[Stage]:
    """As it was made: what another test did to it has not happened. (`db` gives it a savepoint of the stage's own.)"""
    with _stage.apart():
        yield _stage

"""Values under older keys."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import connection, models

from tests.vault.fields.conftest import TABLES
from vault.fields.rewrapping import Batch, Mode, advance
from vault.keys.lifecycle import activate, add_pending_key
from vault.keys.models import WrappedKey
from vault.keys.purposes import KeyState, Purpose


@pytest.fixture(autouse=True)
def _everything_counts(installed: None) -> None:
    """The throwaway models are among those that have encrypted fields."""


@pytest.fixture
def committed(transactional_db: None, _tables: None) -> Iterator[None]:
    """Rows are committed, for other threads to see; gone afterwards: these tables are not among those flushed."""
    yield
    with connection.cursor() as cursor:
        for model in reversed(TABLES):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")  # noqa: S608 - names of models


@pytest.fixture(params=list(Mode), ids=str)
def mode(request: pytest.FixtureRequest) -> Mode:
    """Both ways to the active key."""
    chosen: Mode = request.param
    return chosen


def rotate(scope: UUID | str, purpose: Purpose = Purpose.DATA) -> WrappedKey:
    """A new active key; gives the one before it."""
    before = WrappedKey.objects.get(scope=str(scope), purpose=purpose.value, state=KeyState.ACTIVE.value)
    activate(add_pending_key(scope=str(scope), purpose=purpose))
    before.refresh_from_db()
    return before


def whole_pass(scope: UUID | str, mode: Mode, purpose: Purpose = Purpose.DATA, limit: int = 500) -> list[Batch]:
    """One pass through all values, batch after batch."""
    batches = [advance(str(scope), purpose, mode=mode, limit=limit)]
    while batches[-1].after is not None:
        batches.append(advance(str(scope), purpose, mode=mode, limit=limit, after=batches[-1].after))
    return batches


def stored_values(model: type[models.Model], column: str) -> dict[object, bytes]:
    """What the database holds in a column, by the rows' primary keys."""
    return {row[0]: bytes(row[1]) for row in model._default_manager.values_list("pk", column)}

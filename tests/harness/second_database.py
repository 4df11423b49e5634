"""A pytest plugin for the pass on the second database: leaves out what asks for none, which has run in the first.

A test reaches the database of its pass only by the mark `django_db` or one of these fixtures: pytest-django refuses
every query otherwise. What a test starts in a process of its own has a configuration of its own. A test that looks at
the connection without asking it anything, such as for the type of a column, is kept with all of its file.
"""

import pytest
from django.db import connection

_FIXTURES = frozenset({"db", "transactional_db", "live_server", "admin_user", "admin_client"})


def asks_for_the_database(item: pytest.Item) -> bool:
    """Whether a test may come out otherwise on another database."""
    if item.get_closest_marker("django_db") is not None or not isinstance(item, pytest.Function):
        return True
    return not _FIXTURES.isdisjoint(item.fixturenames) or any(
        known is connection for known in vars(item.module).values()
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect them, so that the run says how many they are."""
    kept = [item for item in items if asks_for_the_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if not asks_for_the_database(item)])
    items[:] = kept

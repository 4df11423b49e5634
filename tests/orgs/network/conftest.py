"""Requests that come from somewhere."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from vault import context


@pytest.fixture
def coming_from() -> Callable[[str | None], AbstractContextManager[None]]:
    """A block that runs in a request from an address; None for one that is not known."""

    @contextmanager
    def coming_from(address: str | None) -> Iterator[None]:
        token = context.enter(context.RequestContext(context.new_correlation_id(), address, is_request=True))
        try:
            yield
        finally:
            context.leave(token)

    return coming_from

"""What a case may change outside of the database, as it was before."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from vault.keys import keyrings


@pytest.fixture(autouse=True)
def _root_keys_of_before() -> Iterator[None]:
    before = settings.ROOT_KEY
    yield
    if settings.ROOT_KEY is not before:
        settings.ROOT_KEY = before
        keyrings.forget()

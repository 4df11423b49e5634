"""The pages of these tests."""

from collections.abc import Iterator

import pytest
from django.test import override_settings


@pytest.fixture
def test_pages() -> Iterator[None]:
    """Serves tests/vault/web/addresses_of_tests.py instead of the application, behind the same middleware."""
    with override_settings(ROOT_URLCONF="tests.vault.web.addresses_of_tests"):
        yield

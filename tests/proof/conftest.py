"""The stage of the proofs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from tests.cast import Cast
from tests.proof.scene import Scene


@pytest.fixture
def scene(transactional_cast: Cast, tmp_path: Path) -> Iterator[Scene]:
    """The cast with two authenticators and no secrets yet. Root keys that a test configures are gone after it."""
    from django.conf import settings

    with override_settings(ROOT_KEY=settings.ROOT_KEY):
        yield Scene(transactional_cast, tmp_path)

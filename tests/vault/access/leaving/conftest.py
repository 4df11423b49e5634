"""Somebody who is about to leave."""

import pytest

from tests.cast import Cast
from tests.vault.access.leaving.scenes import Leaving, make_leaving


@pytest.fixture
def leaving(cast: Cast) -> Leaving:
    return make_leaving(cast)

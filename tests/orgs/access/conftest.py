"""The scene of the tests about authority."""

import pytest

from tests.cast import Cast
from tests.orgs.access.authority import Scene, make_scene


@pytest.fixture
def scene(cast: Cast) -> Scene:
    return make_scene(cast)

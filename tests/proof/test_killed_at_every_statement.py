"""An operation on keys that ends at any one of its statements leaves nothing broken, and the next run finishes it.

Every place is tried: before each statement and on both sides of each commit (`failpoints`).
"""

import pytest

from tests.proof.children import Child
from tests.proof.failpoints import count_places, kill_at
from tests.proof.operations import OPERATIONS, Operation
from tests.proof.scene import Scene

pytestmark = pytest.mark.proof

SECRETS = 6


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_it_leaves_everything_whole_and_the_next_run_finishes(scene: Scene, operation: Operation) -> None:
    scene.configure_root_keys(operation.root_keys)
    scene.fill(scene.cast.acme, scene.cast.alice, secrets=SECRETS, versions=1)
    arguments = operation.prepare(scene)
    places = Child(scene.surroundings, count_places, operation.act, *arguments).result()
    assert places > 10
    assert not operation.finished(scene, *arguments)
    for place in range(1, 2 * places):
        arguments = operation.prepare(scene)
        if not Child(scene.surroundings, kill_at, place, operation.act, *arguments).killed_itself():
            assert place > places - 5, "a run had fewer places than the first"
            return
        scene.check()
        Child(scene.surroundings, operation.act, *arguments).result()
        assert not operation.finished(scene, *arguments), f"killed at place {place} of {places}"
        scene.check()
    pytest.fail("the runs get longer and longer: not every place was tried")

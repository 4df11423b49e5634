"""Operations on keys that are killed at any moment while two people write and read: nothing is lost or stays undone.

The moments are drawn from the whole duration of a run, which is measured first.
"""

import random
import time

import pytest

from tests.proof.children import Child
from tests.proof.operations import OPERATIONS, Operation
from tests.proof.scene import Scene

pytestmark = pytest.mark.proof

SECRETS = 30
KILLS = 50
PAUSE = 0.02


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_nothing_is_lost_and_the_next_run_finishes(scene: Scene, operation: Operation) -> None:
    scene.configure_root_keys(operation.root_keys)
    place = scene.fill(scene.cast.acme, scene.cast.alice, secrets=SECRETS)
    with scene.people_at_work(place, scene.cast.alice, scene.cast.adam, pause=PAUSE):
        duration = _duration(scene, operation)
        killed = 0
        while killed < KILLS:
            arguments = operation.prepare(scene)
            child = Child(scene.surroundings, operation.act, *arguments)
            time.sleep(random.uniform(0, duration))  # noqa: S311 - when it happens has nothing to hide
            if child.kill():
                killed += 1
                scene.check()
            else:
                child.result()
            finishing = Child(scene.surroundings, operation.act, *arguments)
            finishing.result()
            assert not operation.finished(scene, *arguments)
    scene.check()


def _duration(scene: Scene, operation: Operation) -> float:
    """Seconds of a whole run, with everybody at work."""
    times = []
    for _ in range(3):
        arguments = operation.prepare(scene)
        child = Child(scene.surroundings, operation.act, *arguments)
        began = time.monotonic()
        child.result()
        times.append(time.monotonic() - began)
    return sorted(times)[1]

"""What is foreign takes as long to refuse as what is missing. That both take as many statements is in test_people."""

import time
from statistics import median

import pytest

from tests.harness.counting import MATRIX
from tests.invariants.matrix.stage import Stage

pytestmark = pytest.mark.proof

ADDRESSES = [
    ("GET", "secrets:detail"),
    ("POST", "secrets:reveal"),
    ("GET", "orgs:project_settings"),
    ("GET", "orgs:members"),
    ("POST", "orgs:member_role"),
]
ROUNDS = 200
# Generous, for a busy machine: that one of the two skips a statement is seen exactly in test_people. What is left for a
# clock is work without the database, such as rendering another page.
MOST = 1.5


@pytest.mark.parametrize(("method", "name"), ADDRESSES)
def test_what_is_foreign_takes_as_long_as_what_is_missing(method: str, name: str, stage: Stage) -> None:
    """One after the other, so that whatever else the machine does meets both alike."""
    foreign: list[float] = []
    missing: list[float] = []
    paths = {ids: ids.path(name) for ids in (stage.acme, stage.missing)}
    for each in range(ROUNDS):
        pairs = [(stage.acme, foreign), (stage.missing, missing)]
        for ids, times in pairs if each % 2 else reversed(pairs):
            times.append(_seconds(stage, method, paths[ids]))
    MATRIX["time"] += 2 * ROUNDS
    ratio = max(_ratio(foreign, missing), _ratio(missing, foreign))
    print(f"{method} {name}: foreign ÷ missing {_ratio(foreign, missing):.3f}")  # noqa: T201 - with -s, for people
    assert ratio <= MOST, f"{median(foreign) * 1000:.2f} ms for what is foreign, {median(missing) * 1000:.2f} ms"


def _seconds(stage: Stage, method: str, path: str) -> float:
    began = time.perf_counter()
    response = stage.ask("outsider", method, path)
    took = time.perf_counter() - began
    assert response.status_code == 404
    return took


def _ratio(one: list[float], other: list[float]) -> float:
    """Of the medians of the faster halves: what the machine does besides only ever adds."""
    return _typical(one) / _typical(other)


def _typical(times: list[float]) -> float:
    return median(sorted(times)[: len(times) // 2])

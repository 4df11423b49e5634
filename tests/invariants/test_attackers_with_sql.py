"""An attacker who can write to the database gains nothing from it unseen: each way is refused, or reported.

Prints the list with how each was caught.
"""

import sys
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from audit.actions import Action
from audit.actor import Actor
from audit.models import Event
from tests.cast import Cast
from tests.invariants.attacks import ATTACKS, Attack
from vault.seals import reporting
from vault.seals.services import verify_authority

pytestmark = pytest.mark.django_db
_caught: list[tuple[str, str]] = []


@pytest.fixture(scope="module", autouse=True)
def _printed(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    manager = request.config.pluginmanager.get_plugin("capturemanager")
    with manager.global_and_fixture_disabled() if manager is not None else nullcontext():
        print(f"\n{len(_caught)} ways to gain access with SQL:", file=sys.stderr)  # noqa: T201 - what it is run for
        for name, how in _caught:
            print(f"  {name}: {how}", file=sys.stderr)  # noqa: T201 - as above


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_it_refuses_or_reports(cast: Cast, attack: Attack) -> None:
    reporting.forget()
    assert not verify_authority(actor=Actor.system()).faults, "something is wrong before the attack"
    gained = next(iter(attack.play(cast)))
    alerts = Event.objects.filter(action=Action.AUTHORITY_SEAL_BROKEN).values_list("details__reason", flat=True)
    at_once = sorted(set(alerts))
    faults = verify_authority(actor=Actor.system()).faults
    assert not (gained and attack.refused), "the application let it through"
    assert at_once or faults or not attack.noticed, "nobody noticed"
    how = ["NOT REFUSED" if gained else "refused"]
    how += [f"alert at once ({', '.join(at_once)})"] if at_once else []
    how += sorted({f"verification: {fault.kind} {fault.fault}" for fault in faults})
    _caught.append((attack.name, "; ".join(how)))


def test_it_knows_at_least_thirty_ways() -> None:
    assert len(ATTACKS) >= 30

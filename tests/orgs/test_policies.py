"""Changing what a class demands: who may, what counts as lowering, and what is left of it in the log."""

from dataclasses import replace
from typing import Any

import pytest

from accounts.services import Proof
from audit.actions import Action, Risk
from audit.models import Event
from orgs.classification import Classification
from orgs.demands import BOUNDS, DEFAULTS, DEMANDS, Demands, strictest, worded
from orgs.errors import InvalidPolicy, ProofNeeded
from orgs.models import ClassPolicy
from orgs.permissions import AccessDenied
from orgs.selectors.policies import approvers_in, policies_in
from orgs.services import change_policy
from tests.cast import Cast
from tests.sealing import tamper, unguarded
from tests.vault.secrets.classified import proof_of

CRITICAL = Classification.CRITICAL
BEFORE = Demands(step_up_minutes=5, approvals=1, reason_required=True, reveal_seconds=15, longest_grant_days=30)


def varied(name: str, found: Any) -> Demands:
    """`BEFORE` with another value of one demand, be it of the right type or not."""
    changed: dict[str, Any] = {name: found}
    return replace(BEFORE, **changed)


def save(cast: Cast, demands: Demands, proof: Proof | None = None, who: str = "alice") -> ClassPolicy:
    actor = getattr(cast, who)
    return change_policy(actor=actor, organization=cast.acme, classification=CRITICAL, demands=demands, proof=proof)


@pytest.mark.parametrize(
    ("name", "number", "lowers"),
    [
        ("step_up_minutes", 4, False), ("step_up_minutes", 6, True), ("step_up_minutes", None, True),
        ("approvals", 0, True), ("approvals", 2, False),
        ("reason_required", False, True),
        ("reveal_seconds", 14, False), ("reveal_seconds", 16, True),
        ("longest_grant_days", 29, False), ("longest_grant_days", 31, True), ("longest_grant_days", None, True),
    ],
)  # fmt: skip
def test_lowering_takes_a_fresh_proof_and_is_an_event_of_high_risk(
    cast: Cast, name: str, number: Any, lowers: bool
) -> None:
    save(cast, BEFORE, proof_of(cast.alice))
    after = varied(name, number)
    assert bool(after.lowered_from(BEFORE)) is lowers
    if lowers:
        for poor in (None, proof_of(cast.alice, age=301), proof_of(cast.adam), proof_of(cast.alice, age=-60)):
            with pytest.raises(ProofNeeded):
                save(cast, after, poor)
        assert policies_in(cast.acme.uid)[CRITICAL] == BEFORE
    save(cast, after, proof_of(cast.alice) if lowers else None)
    assert policies_in(cast.acme.uid)[CRITICAL] == after
    event = Event.objects.latest("id")
    expected = (Action.POLICY_LOWERED, Risk.HIGH) if lowers else (Action.POLICY_CHANGED, Risk.MEDIUM)
    assert (event.action, event.risk) == expected
    assert event.details == {
        "classification": "critical", "from": [worded(BEFORE, name)], "to": [worded(after, name)],
    }  # fmt: skip


def test_what_is_raised_does_not_make_up_for_what_is_lowered(cast: Cast) -> None:
    with pytest.raises(ProofNeeded):
        save(cast, replace(DEFAULTS[CRITICAL], approvals=2, reason_required=False))


def test_nothing_happens_when_nothing_differs(cast: Cast) -> None:
    before = Event.objects.count()
    save(cast, DEFAULTS[CRITICAL])
    assert Event.objects.count() == before


@pytest.mark.parametrize("who", ["adam", "bob", "vera", "charlie", "sam"])
def test_only_owners_change_it(cast: Cast, who: str) -> None:
    with pytest.raises(AccessDenied):
        save(cast, replace(DEFAULTS[CRITICAL], approvals=1), proof_of(getattr(cast, who)), who)
    assert policies_in(cast.acme.uid)[CRITICAL] == DEFAULTS[CRITICAL]


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_it_refuses_what_is_out_of_bounds(cast: Cast, name: str) -> None:
    least, most = BOUNDS[name]
    for number in (least - 1, most + 1, -1, 10**30, "5", 5.0, True):
        with pytest.raises(InvalidPolicy) as raised:
            save(cast, varied(name, number), proof_of(cast.alice))
        assert raised.value.field == name
    if name not in ("step_up_minutes", "longest_grant_days"):
        with pytest.raises(InvalidPolicy):
            save(cast, varied(name, None), proof_of(cast.alice))
    for number in (least, most):
        save(cast, varied(name, number), proof_of(cast.alice))


@pytest.mark.parametrize("how", ["deleted", "altered"])
def test_saving_again_replaces_one_that_is_missing_or_not_genuine(cast: Cast, how: str) -> None:
    policies = ClassPolicy.objects.filter(organization=cast.acme, classification=CRITICAL)
    if how == "deleted":
        unguarded(policies)._raw_delete("default")
    else:
        tamper(policies, reason_required=False)
    assert CRITICAL not in policies_in(cast.acme.uid)
    with pytest.raises(ProofNeeded):  # nothing opened without it
        save(cast, BEFORE)
    save(cast, BEFORE, proof_of(cast.alice))
    assert policies_in(cast.acme.uid)[CRITICAL] == BEFORE
    event = Event.objects.filter(action=Action.POLICY_LOWERED).latest("id")
    assert event.details["from"] == ["nothing opened"]
    save(cast, replace(BEFORE, approvals=2))


def test_other_classes_and_organizations_are_left_alone(cast: Cast) -> None:
    save(cast, BEFORE, proof_of(cast.alice))
    assert policies_in(cast.initech.uid) == dict(DEFAULTS)
    assert policies_in(cast.acme.uid)[Classification.SENSITIVE] == DEFAULTS[Classification.SENSITIVE]


def test_it_counts_who_could_approve(cast: Cast) -> None:
    assert approvers_in(cast.acme.uid) == 2
    assert approvers_in(cast.initech.uid) == 1


def test_the_strictest_of_several_has_the_most_of_each() -> None:
    easy = Demands(step_up_minutes=60, approvals=2, reveal_seconds=30)
    hard = Demands(approvals=1, reason_required=True, reveal_seconds=15, longest_grant_days=30)
    assert strictest([easy, hard]) == Demands(60, 2, True, 15, 30)
    assert strictest([Demands()]) == Demands()
    with pytest.raises(ValueError, match="nothing is opened"):
        strictest([])


def test_every_demand_has_words() -> None:
    assert [worded(BEFORE, name) for name in DEMANDS] == [
        "a proof of the last 5 minutes", "approved by 1 other", "a reason", "shown for 15 seconds",
        "grants for at most 30 days",
    ]  # fmt: skip
    assert [worded(Demands(), name) for name in DEMANDS] == [
        "no proof asked for", "no approval", "no reason asked for", "shown for 30 seconds", "grants without a limit",
    ]  # fmt: skip

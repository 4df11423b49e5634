"""What somebody brings when a value is to be opened, weighed against what the policy of its class demands."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.services import Proof
from orgs.demands import Demands
from orgs.permissions import Decision
from vault.names import clean_name
from vault.secrets.errors import EvidenceNeeded, ReasonRefused

REASON_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Evidence:
    """The last proof that the session remembers, and the reason that was given for this opening."""

    proof: Proof | None = None
    reason: str = field(default="", repr=False)


NO_EVIDENCE = Evidence()


def demanded(decision: Decision) -> Demands:
    """What is demanded of an opening that is allowed. Raises ValueError for a decision that allows none: nothing opens
    without the policy of its class."""
    if not decision.allowed or decision.demands is None:
        raise ValueError("this decision opens nothing")
    return decision.demands


def weigh(evidence: Evidence, demands: Demands, person: User) -> Mapping[str, object]:
    """What the event of the opening says about the evidence: only what was demanded is kept.

    Raises EvidenceNeeded with what is missing, ReasonRefused for a reason that cannot be kept.
    """
    said: dict[str, object] = {}
    proof, minutes = evidence.proof, demands.step_up_minutes
    proved = minutes is None
    if minutes is not None and proof is not None and proof.holds(person, minutes=minutes, now=time.time()):
        proved, said["method"] = True, proof.method
    if not proved or (demands.reason_required and not evidence.reason.strip()):
        raise EvidenceNeeded(step_up=not proved, reason=demands.reason_required)
    if demands.reason_required:
        said["justification"] = clean_reason(evidence.reason)
    return said


def clean_reason(text: str) -> str:
    """The reason as it is kept: one line. Raises ReasonRefused if it is empty, too long, or has characters that cannot
    be seen."""
    try:
        return clean_name(text, field="Reason", max_length=REASON_LENGTH)
    except ValidationError as error:
        raise ReasonRefused(error.messages[0]) from None

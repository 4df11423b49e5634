"""What an organization demands for each class of secrets."""

from dataclasses import asdict, dataclass

from orgs.classification import Classification
from orgs.models import ClassPolicy, Organization


@dataclass(frozen=True, slots=True)
class Demands:
    """The fields of a `ClassPolicy` that somebody decides."""

    step_up_minutes: int | None = None
    approvals: int = 0
    reason_required: bool = False
    reveal_seconds: int = 30
    longest_grant_days: int | None = None


DEFAULTS = {
    Classification.INTERNAL: Demands(),
    Classification.SENSITIVE: Demands(step_up_minutes=60, reveal_seconds=30, longest_grant_days=365),
    Classification.CRITICAL: Demands(step_up_minutes=5, reason_required=True, reveal_seconds=15, longest_grant_days=30),
}
"""What a new organization begins with."""


def create_policies(organization: Organization) -> None:
    """The policy of every class, with its defaults: an organization is founded with them, because nothing of a class
    opens without."""
    for classification, demands in DEFAULTS.items():
        ClassPolicy(organization=organization, classification=classification, **asdict(demands)).save()

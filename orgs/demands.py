"""What a class of secrets demands of whoever opens one. Pure: no database, no clock."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from types import MappingProxyType

from orgs.classification import Classification


@dataclass(frozen=True, slots=True)
class Demands:
    """What the policy of one class asks for.

    `step_up_minutes`: how long ago one may have proved oneself again (None: not asked for). `approvals`: how many
    others must have approved the access. `reveal_seconds`: how long a shown value stays on screen.
    `longest_grant_days`: the longest that a grant of this class may hold (None: no limit).
    """

    step_up_minutes: int | None = None
    approvals: int = 0
    reason_required: bool = False
    reveal_seconds: int = 30
    longest_grant_days: int | None = None

    @property
    def asks(self) -> bool:
        """Whether opening a value asks for anything at that moment."""
        return self.step_up_minutes is not None or self.reason_required

    def lowered_from(self, before: "Demands") -> list[str]:
        """The names of the demands that are weaker than `before`, in the order of the fields."""
        weaker = {
            "step_up_minutes": _limit(self.step_up_minutes) > _limit(before.step_up_minutes),
            "approvals": self.approvals < before.approvals,
            "reason_required": before.reason_required and not self.reason_required,
            "reveal_seconds": self.reveal_seconds > before.reveal_seconds,
            "longest_grant_days": _limit(self.longest_grant_days) > _limit(before.longest_grant_days),
        }
        return [name for name in DEMANDS if weaker[name]]

    def differing_from(self, before: "Demands") -> list[str]:
        """The names of the demands that differ, in the order of the fields."""
        return [name for name in DEMANDS if getattr(self, name) != getattr(before, name)]


DEMANDS = tuple(each.name for each in fields(Demands))
"""The names of the demands, which are also columns of `orgs.models.ClassPolicy`."""

BOUNDS = MappingProxyType(
    {
        "step_up_minutes": (1, 24 * 60),
        "approvals": (0, 5),
        "reveal_seconds": (5, 300),
        "longest_grant_days": (1, 3650),
    }
)
"""The least and the most that each number may be."""

LOWERING_MINUTES = 5
"""How long ago whoever takes something away from what protects values may have proved himself again."""

DEFAULTS = MappingProxyType(
    {
        Classification.INTERNAL: Demands(),
        Classification.SENSITIVE: Demands(step_up_minutes=60, reveal_seconds=30, longest_grant_days=365),
        Classification.CRITICAL: Demands(
            step_up_minutes=5, reason_required=True, reveal_seconds=15, longest_grant_days=30
        ),
    }
)
"""What a new organization begins with."""


def _limit(number: int | None) -> float:
    """A limit as something to compare: none is more than any."""
    return float("inf") if number is None else number


def strictest(demands: Collection[Demands]) -> Demands:
    """What is demanded of whoever opens several values at once. Raises ValueError for none."""
    if not demands:
        raise ValueError("nothing is opened, so nothing is demanded")
    minutes = [each.step_up_minutes for each in demands if each.step_up_minutes is not None]
    days = [each.longest_grant_days for each in demands if each.longest_grant_days is not None]
    return Demands(
        step_up_minutes=min(minutes, default=None),
        approvals=max(each.approvals for each in demands),
        reason_required=any(each.reason_required for each in demands),
        reveal_seconds=min(each.reveal_seconds for each in demands),
        longest_grant_days=min(days, default=None),
    )


def worded(demands: Demands, name: str) -> str:
    """One demand in words."""
    number = getattr(demands, name)
    match name:
        case "step_up_minutes":
            return "no proof asked for" if number is None else f"a proof of the last {_counted(number, 'minute')}"
        case "approvals":
            return "no approval" if not number else f"approved by {_counted(number, 'other')}"
        case "reason_required":
            return "a reason" if number else "no reason asked for"
        case "reveal_seconds":
            return f"shown for {_counted(number, 'second')}"
        case "longest_grant_days":
            return "grants without a limit" if number is None else f"grants for at most {_counted(number, 'day')}"
    raise ValueError(f"there is no demand named {name}")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

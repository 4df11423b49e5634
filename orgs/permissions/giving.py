"""Whether somebody may give, change or take away authority: only what they hold themselves, there and that long.

What is compared is what both hold, not what each may open at this moment: where the policy of a class asks for
approvals, an unapproved grant opens no more for the one who gets it than for the one who gives it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from orgs.classification import Classification
from orgs.permissions.catalogue import Permission
from orgs.permissions.standing import Holding, Standing
from orgs.places import Scope


@dataclass(frozen=True, slots=True)
class Portion:
    """An amount of authority: these permissions in all of `scope`, for secrets up to `highest`, until a moment (None:
    without end), opening what asks for that many `approvals`."""

    permissions: frozenset[Permission]
    scope: Scope
    highest: Classification
    until: datetime | None
    approvals: int = 0


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What somebody lacks of a portion: the first permission, and from when on (None: from the start)."""

    permission: Permission
    since: datetime | None = None


def shortfall(standing: Standing, portion: Portion, now: datetime) -> Shortfall | None:
    """The first thing that is missing of `portion` at any moment from `now` until its end; None if it is all held.

    What somebody holds changes only where something begins or ends, so these moments stand for all others. A portion
    that is over by now is asked about as of now.
    """
    for moment in [now, *_edges(standing.holdings, now, portion.until)]:
        missing = _missing(standing, portion, moment)
        if missing is not None:
            return Shortfall(missing, None if moment == now else moment)
    return None


def _edges(holdings: Iterable[Holding], now: datetime, until: datetime | None) -> list[datetime]:
    edges = {edge for held in holdings for edge in (held.starts_at, held.ends_at) if edge is not None}
    return sorted(edge for edge in edges if now < edge and (until is None or edge < until))


def _missing(standing: Standing, portion: Portion, at: datetime) -> Permission | None:
    if standing.refusal:
        return min(portion.permissions, default=None)
    held = [each for each in standing.holdings if each.holds_at(at) and _reaches(each, portion)]
    missing = {permission for permission in portion.permissions if not _is_held(permission, held, portion.highest)}
    return min(missing, default=None)


def _reaches(held: Holding, portion: Portion) -> bool:
    return held.scope.includes(portion.scope) and held.approvals >= portion.approvals


def _is_held(permission: Permission, holdings: Collection[Holding], highest: Classification) -> bool:
    """Classes matter only to what is done with secrets, as in `orgs.permissions.standing.reaches`."""
    about_secrets = permission.startswith("secret:")
    return any(permission in held.permissions and (not about_secrets or held.highest >= highest) for held in holdings)

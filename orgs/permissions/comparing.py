"""What somebody would gain or lose between two standings: pure.

A part of what is reached is gained if it is not wholly in something that was reached before, for all of its time. So
the rights to what does not exist yet are counted as well: a whole project is more than all of its environments today.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from orgs.classification import Classification
from orgs.permissions.catalogue import NEEDS_APPROVAL, Permission
from orgs.permissions.standing import Holding, Reach, Standing, classes_reached, reaches
from orgs.places import Scope

Extent = tuple[Scope, frozenset[Classification]]

_MAIN = (Permission.SECRET_REVEAL, Permission.SECRET_LIST)
"""What the number of secrets is about, if a part has it."""


@dataclass(frozen=True, slots=True)
class Part:
    """Permissions that are gained or lost together: in one scope, for secrets of these classes, from a moment (None:
    now) until another (None: without end). `beside`: where the other standing reaches some of it."""

    permissions: frozenset[Permission]
    scope: Scope
    classes: frozenset[Classification]
    starts: datetime | None
    ends: datetime | None
    beside: frozenset[Extent] = frozenset()

    @property
    def about_secrets(self) -> bool:
        return any(permission.startswith("secret:") for permission in self.permissions)


@dataclass(frozen=True, slots=True)
class Span:
    """Where a holding gives one permission, and when."""

    scope: Scope
    classes: frozenset[Classification]
    starts: datetime | None
    ends: datetime | None

    def includes(self, other: "Span", classification: Classification) -> bool:
        """Whether all of `other` lies in it, as far as the class is concerned."""
        return (
            classification in self.classes
            and (self.starts is None or (other.starts is not None and self.starts <= other.starts))
            and (self.ends is None or (other.ends is not None and other.ends <= self.ends))
            and self.scope.includes(other.scope)
        )


def gained(before: Standing, after: Standing, at: datetime) -> tuple[Part, ...]:
    """What `after` has and `before` has not, at a moment or later. With the two exchanged: what is lost."""
    if before == after:
        return ()
    same = before.demands == after.demands and before.refusal == after.refusal
    known = frozenset(before.holdings)
    found: dict[tuple[Span, frozenset[Classification]], set[Permission]] = defaultdict(set)
    for holding in () if after.refusal else after.holdings:
        if same and holding in known:
            continue
        unchanged = holding in known and before.refusal == after.refusal  # only its classes may be different
        for permission in holding.permissions & NEEDS_APPROVAL if unchanged else holding.permissions:
            span = _span(after, permission, holding, at)
            if span is None:
                continue
            there = list(_spans(before, permission, at))
            missing = frozenset(each for each in span.classes if not any(other.includes(span, each) for other in there))
            if missing:
                found[span, missing].add(permission)
    return tuple(
        Part(
            frozenset(permissions), span.scope, missing, span.starts, span.ends, _beside(before, permissions, span, at)
        )
        for (span, missing), permissions in found.items()
    )


def _spans(standing: Standing, permission: Permission, at: datetime) -> Iterator[Span]:
    for holding in () if standing.refusal else standing.holdings:
        if permission in holding.permissions:
            span = _span(standing, permission, holding, at)
            if span is not None:
                yield span


def _span(standing: Standing, permission: Permission, holding: Holding, at: datetime) -> Span | None:
    """When and where from now on; None if that is over, or nothing."""
    classes = classes_reached(standing, permission, holding)
    if not classes or (holding.ends_at is not None and holding.ends_at <= at):
        return None
    starts = holding.starts_at if holding.starts_at is not None and holding.starts_at > at else None
    return Span(holding.scope, classes, starts, holding.ends_at)


def _beside(standing: Standing, permissions: Collection[Permission], span: Span, at: datetime) -> frozenset[Extent]:
    main = next((each for each in _MAIN if each in permissions), None)
    if main is None:
        return frozenset()
    near: list[Reach] = [each for each in reaches(standing, main, at) if each.touches(span.scope.place)]
    return frozenset((each.scope, each.classes) for each in near)

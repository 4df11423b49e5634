"""The decision itself: pure given what is known about one actor in one organization.

`reaches` says where a permission holds, and why. `judge` asks whether a place is among them, and the lists
(`orgs.permissions.querysets`) are built from the same reaches, so that neither can know of access the other does not.
Whatever is missing or unknown reaches nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from orgs.classification import ALL_CLASSES, Classification
from orgs.demands import Demands
from orgs.permissions.catalogue import NEEDS_APPROVAL, Permission
from orgs.places import Place, Scope


@dataclass(frozen=True, slots=True)
class Decision:
    """`because` names what decided, in words a person can read; `visible` says whether the actor may know that the
    resource exists at all. An allowed decision is always visible.

    `grant` is the grant that decided (in a denial: the one that does not reach so far, or no longer), if it was not a
    role in the organization, and `until` when that will end. `demands`: where a value may be opened, what the policy of
    its class asks for when it is. `outside`: refused for nothing but where the request comes from.
    """

    allowed: bool
    because: str
    visible: bool
    grant: UUID | None = None
    until: datetime | None = None
    demands: Demands | None = None
    outside: bool = False


NOTHING_THERE = Decision(allowed=False, because="there is no such object", visible=False)
"""What is decided about what does not exist: the same as about what is another organization's."""


@dataclass(frozen=True, slots=True)
class Holding:
    """Permissions in a scope, for a time, up to a class: what a membership or a grant gives.

    `because` names it as a sentence's subject; `grant` is its id unless it is the membership itself.
    """

    permissions: frozenset[Permission]
    scope: Scope
    because: str
    highest: Classification = Classification.CRITICAL
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    approvals: int = 0
    grant: UUID | None = None

    def holds_at(self, at: datetime) -> bool:
        """From its first moment to the one before its last."""
        return (self.starts_at is None or self.starts_at <= at) and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class Standing:
    """All that is known about one actor in one organization.

    `refusal` is why they have no place in it, and then nothing else counts; `outside`: that is only because of where
    the request comes from, so they may know of what they otherwise see, and reach nothing of it. `title` is the
    role to name in a denial.
    `demands` is what the policy of each class asks for; the values of a class that is not in it are reached by nobody.
    """

    organization: UUID
    refusal: str = ""
    outside: bool = False
    title: str = ""
    holdings: tuple[Holding, ...] = ()
    demands: Mapping[Classification, Demands] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reach:
    """One scope in which a permission holds, for secrets of these classes, and what gave it."""

    scope: Scope
    classes: frozenset[Classification]
    holding: Holding

    def covers(self, place: Place) -> bool:
        """Whether all of `place` is reached."""
        classes = ALL_CLASSES if place.classification is None else {place.classification}
        return self.scope.covers(place) and classes <= self.classes

    def touches(self, place: Place) -> bool:
        """Whether any of `place` may be reached."""
        return self.scope.touches(place) and (place.classification is None or place.classification in self.classes)


def reaches(standing: Standing, permission: Permission, at: datetime) -> Iterator[Reach]:
    """Where the actor holds `permission` at a moment. Classes matter only to what is done with secrets."""
    permission = Permission(permission)
    if standing.refusal:
        return
    for holding in standing.holdings:
        if permission in holding.permissions and holding.holds_at(at):
            classes = classes_reached(standing, permission, holding)
            if classes:
                yield Reach(holding.scope, classes, holding)


def classes_reached(standing: Standing, permission: Permission, holding: Holding) -> frozenset[Classification]:
    """The classes for which a holding gives a permission that it has, whenever it holds."""
    if not permission.startswith("secret:"):
        return ALL_CLASSES
    classes = Classification.up_to(holding.highest)
    if permission not in NEEDS_APPROVAL:
        return classes
    return frozenset(
        each for each in classes if each in standing.demands and holding.approvals >= standing.demands[each].approvals
    )


def ways(
    standing: Standing, permission: Permission, place: Place, *, at: datetime, partly: bool = False
) -> Iterator[Reach]:
    """Everything that allows `permission` on all of `place`, or with `partly` on a part of it: nothing, if denied."""
    for reach in reaches(standing, permission, at):
        if reach.touches(place) if partly else reach.covers(place):
            yield reach


def judge(standing: Standing, permission: Permission, place: Place, *, at: datetime, partly: bool = False) -> Decision:
    """Whether the actor may do `permission` to all of `place`; with `partly`, to any part of it.

    `partly` opens the page of a place of which only a part may be seen, and the form for something that will have a
    name; what is done then is judged for exactly that. Raises ValueError for a permission that is not about secrets.
    """
    permission = Permission(permission)
    if partly and not permission.startswith("secret:"):
        raise ValueError(f"{permission} is not held for a part of a place")
    if standing.refusal:
        visible = standing.outside and _visible(replace(standing, refusal="", outside=False), place, at)
        return Decision(allowed=False, because=standing.refusal, visible=visible, outside=standing.outside)
    for reach in ways(standing, permission, place, at=at, partly=partly):
        held = reach.holding
        opens = permission in NEEDS_APPROVAL and place.classification is not None
        return Decision(
            allowed=True,
            because=held.because,
            visible=True,
            grant=held.grant,
            until=held.ends_at,
            demands=standing.demands[place.classification] if opens and place.classification else None,
        )
    because, grant = _missing(standing, permission, place, at)
    return Decision(allowed=False, because=because, visible=_visible(standing, place, at), grant=grant)


def _visible(standing: Standing, place: Place, at: datetime) -> bool:
    """Every member knows the organization; of a project, an environment or a secret, who may see a name in it."""
    if place.project is None:
        return True
    return any(reach.touches(place) for reach in reaches(standing, Permission.SECRET_LIST, at))


def _missing(standing: Standing, permission: Permission, place: Place, at: datetime) -> tuple[str, UUID | None]:
    """What is missing, as closely as it can be told from what the actor holds here, and the grant that falls short."""
    here = [held for held in standing.holdings if held.scope.covers(place) and permission in held.permissions]
    if ended := next((held for held in here if held.ends_at is not None and held.ends_at <= at), None):
        return f"{ended.because} has ended", ended.grant
    if coming := next((held for held in here if held.starts_at is not None and held.starts_at > at), None):
        return f"{coming.because} has not begun", coming.grant
    if here and place.classification is not None:
        return _class_missing(standing, permission, place.classification, here), here[0].grant
    if any(held.grant is not None for held in standing.holdings):
        return f"no grant that includes {permission} reaches this", None
    return f"the role {standing.title} does not include {permission}", None


def _class_missing(
    standing: Standing, permission: Permission, classification: Classification, here: list[Holding]
) -> str:
    label = classification.label.lower()
    if not any(held.highest >= classification for held in here):
        return f"{here[0].because} does not reach what is {label}"
    if classification not in standing.demands:
        return (
            f"the organization's policy for what is {label} is missing, or not as this program wrote it; "
            "nothing of this class opens until an owner saves it again, under Access, Policies"
        )
    needed = standing.demands[classification].approvals
    return f"what is {label} needs an access that {needed} other{'' if needed == 1 else 's'} approved"

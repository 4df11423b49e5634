"""What would change, before it is saved: who gains and who loses what. Nothing is written."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import User
from orgs.classification import ALL_CLASSES, Classification
from orgs.models import Membership, Organization, Project
from orgs.permissions import Permission, Reach, Standing, standing_of
from orgs.permissions.authority import Authority, Subject
from orgs.permissions.changes import Change
from orgs.permissions.comparing import Part, gained
from orgs.permissions.loading import authority_in
from orgs.permissions.naming import UNSEEN, may_be_named, names_seen
from orgs.permissions.querysets import secrets_reached
from orgs.permissions.standing import Holding
from orgs.permissions.words import in_words
from orgs.places import Scope

LINES_SHOWN = 12
NAMES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Line:
    """What some people, and machines, gain or lose together.

    `names`: the first ones, in order; `others` are not named. `starts`: None for now. `secrets`: how many there are
    now of each class that the others did not reach or will not reach any more; None where that is not about secrets, or
    where whoever asks may not list them.
    """

    permissions: tuple[Permission, ...]
    where: str
    classes: frozenset[Classification]
    starts: datetime | None
    ends: datetime | None
    names: tuple[str, ...]
    others: int
    secrets: Mapping[Classification, int] | None

    @property
    def phrases(self) -> list[str]:
        """The permissions in words."""
        return in_words(self.permissions)

    @property
    def people(self) -> int:
        return len(self.names) + self.others

    @property
    def about_secrets(self) -> bool:
        return any(permission.startswith("secret:") for permission in self.permissions)

    @property
    def secrets_in_all(self) -> int | None:
        return None if self.secrets is None else sum(self.secrets.values())

    @property
    def narrower(self) -> bool:
        """Whether it is about some classes only."""
        return self.about_secrets and self.classes != ALL_CLASSES

    @property
    def class_labels(self) -> list[str]:
        return [each.label.lower() for each in sorted(self.classes)]

    @property
    def secrets_by_class(self) -> list[tuple[str, int]]:
        return [(each.label.lower(), number) for each, number in sorted((self.secrets or {}).items()) if number]


@dataclass(frozen=True, slots=True)
class Changes:
    """What would change. The first LINES_SHOWN lines each; `more_gains` and `more_losses` are counted only.

    `gaining` and `losing`: how many people and machines, each counted once. `digest` is the same as long as the same
    would change for the same people, whenever it is asked.
    """

    gains: tuple[Line, ...]
    losses: tuple[Line, ...]
    more_gains: int
    more_losses: int
    gaining: int
    losing: int
    digest: str

    @property
    def nothing(self) -> bool:
        return not self.gaining and not self.losing


def preview(actor: User, organization: Organization, change: Change) -> Changes:
    """What `change` would change in the organization now. At most fifteen queries.

    The caller has checked that the actor may make the change. Places in which they may not list a name are not named.
    """
    now = timezone.now()
    before = authority_in(organization.uid)
    after = change.applied_to(before)
    gains, losses = _compared(before, after, organization.uid, now)
    seeing = standing_of(actor, organization.uid, permissions=(Permission.SECRET_LIST,))
    seen = names_seen(seeing, now)
    label = _labels(before, after)
    shown = [*_largest(gains), *_largest(losses)]
    counts = _secrets([part for part, _ in shown if part.about_secrets and may_be_named(part.scope, seen)])
    lines = [
        _line(part, subjects, label(part.scope) if may_be_named(part.scope, seen) else UNSEEN, counts.get(part))
        for part, subjects in shown
    ]
    number = min(len(gains), LINES_SHOWN)
    return Changes(
        gains=tuple(lines[:number]),
        losses=tuple(lines[number:]),
        more_gains=max(0, len(gains) - LINES_SHOWN),
        more_losses=max(0, len(losses) - LINES_SHOWN),
        gaining=len({subject.uid for subjects in gains.values() for subject in subjects}),
        losing=len({subject.uid for subjects in losses.values() for subject in subjects}),
        digest=_digest(gains, losses),
    )


Found = Mapping[Part, Sequence[Subject]]


def _compared(before: Authority, after: Authority, organization: UUID, at: datetime) -> tuple[Found, Found]:
    """By part, who gains it, and who loses it. Those who hold the same before and after are compared once."""
    was = {subject.uid: (subject, standing) for subject, standing in before.standings()}
    will = {subject.uid: (subject, standing) for subject, standing in after.standings()}
    nobody = Standing(organization, refusal="not there")
    gains: dict[Part, list[Subject]] = defaultdict(list)
    losses: dict[Part, list[Subject]] = defaultdict(list)
    known: dict[tuple[int, int], tuple[tuple[Part, ...], tuple[Part, ...]]] = {}
    for uid in {**was, **will}:
        subject, first = was[uid] if uid in was else (will[uid][0], nobody)
        second = will[uid][1] if uid in will else nobody
        key = (id(first), id(second))
        if key not in known:
            known[key] = gained(first, second, at), gained(second, first, at)
        for parts, found in zip(known[key], (gains, losses), strict=True):
            for part in parts:
                found[part].append(subject)
    return gains, losses


def _largest(found: Found) -> list[tuple[Part, Sequence[Subject]]]:
    """The first lines to show: what concerns the most people, and of that the most permissions."""

    def weight(entry: tuple[Part, Sequence[Subject]]) -> tuple[int, int, str]:
        part, subjects = entry
        return -len(subjects), -len(part.permissions), repr(part.scope)

    return sorted(found.items(), key=weight)[:LINES_SHOWN]


def _line(part: Part, subjects: Sequence[Subject], where: str, secrets: Mapping[Classification, int] | None) -> Line:
    names = sorted(map(name_of, subjects), key=str.casefold)
    return Line(
        permissions=tuple(each for each in Permission if each in part.permissions),
        where=where,
        classes=part.classes,
        starts=part.starts,
        ends=part.ends,
        names=tuple(names[:NAMES_SHOWN]),
        others=max(0, len(names) - NAMES_SHOWN),
        secrets=secrets,
    )


def name_of(subject: Subject) -> str:
    """What people call a member (whose person is loaded) or a machine."""
    return subject.user.name if isinstance(subject, Membership) else subject.name


def _labels(*authorities: Authority) -> Callable[[Scope], str]:
    names: dict[UUID, str] = {}
    for authority in authorities:
        for grant in authority.grants:
            names.update({each.uid: str(each) for each in (grant.project, grant.environment) if each is not None})

    def label(scope: Scope) -> str:
        parts = [names.get(uid, "") for uid in (scope.project, scope.environment) if uid is not None]
        return " / ".join([*parts, *([f"{scope.path}/"] if scope.path else [])]) or "the whole organization"

    return label


def _secrets(parts: Sequence[Part]) -> Mapping[Part, Mapping[Classification, int]]:
    """How many secrets each part is about, without the trash and without what is reached besides. One query."""
    if not parts:
        return {}
    counts: dict[str, Count] = {}
    for place, part in enumerate(parts):
        for classification in part.classes:
            beside = [(scope, classes) for scope, classes in part.beside if classification in classes]
            for name, extents in (("all", [(part.scope, part.classes), *beside]), ("beside", beside)):
                inside = secrets_reached([_reach(scope, classification) for scope, _ in extents], prefix="secrets__")
                live = Q(secrets__trashed_at__isnull=True, secrets__isnull=False)
                counts[f"{name}_{place}_{classification}"] = Count("secrets", filter=inside & live)
    # Nothing multiplies here: a project has its secrets, and each of them its one environment.
    found = Project.objects.filter(organization_id=parts[0].scope.organization).aggregate(**counts)
    return {
        part: {each: found[f"all_{place}_{each}"] - found[f"beside_{place}_{each}"] for each in sorted(part.classes)}
        for place, part in enumerate(parts)
    }


def _reach(scope: Scope, classification: Classification) -> Reach:
    return Reach(scope, frozenset({classification}), Holding(frozenset(), scope, ""))


def _digest(gains: Found, losses: Found) -> str:
    """Without moments: a grant for eight hours ends later each time that somebody looks at it."""
    told = [
        (sign, sorted(part.permissions), repr(part.scope), sorted(part.classes), part.starts is None, part.ends is None,
         sorted(subject.uid.hex for subject in subjects))
        for sign, found in (("+", gains), ("-", losses))
        for part, subjects in found.items()
    ]  # fmt: skip
    return hashlib.sha256(repr(sorted(told)).encode()).hexdigest()

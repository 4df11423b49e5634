"""What an organization's keys protected, and who opened it: names and counts, never a value."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max

from audit.actions import Action, Outcome
from audit.groups import ACTIONS, ActionGroup
from audit.models import Event
from vault.secrets.models import Secret, SecretVersion


@dataclass(frozen=True, slots=True)
class Protected:
    """The secrets of one project, those in the trash included: `environment / name`, in order."""

    project: str
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Opener:
    """Somebody who opened values: how often in which way (the word of the action), and when last."""

    label: str
    times: int
    by_action: dict[str, int]
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Exposure:
    """What one organization's keys protected. `versions`: stored values, all versions counted. `purged`: the names of
    secrets that were destroyed for good since then, which older backups still have."""

    organization_id: UUID
    since: datetime
    protected: Sequence[Protected]
    versions: int
    purged: Sequence[str]
    openers: Sequence[Opener]

    @property
    def secrets(self) -> int:
        return sum(len(project.names) for project in self.protected)

    @property
    def openings(self) -> int:
        return sum(opener.times for opener in self.openers)


def exposure_of(organization_id: UUID, since: datetime) -> Exposure:
    """What is there now, and who revealed, copied, downloaded or compared it since then. Four queries."""
    projects: dict[str, list[str]] = {}
    secrets = Secret.objects.filter(organization_id=organization_id).order_by(
        "project__name_key", "project_id", "environment__position", "name_key", "uid"
    )
    for project, environment, name in secrets.values_list("project__name", "environment__name", "name"):
        projects.setdefault(project, []).append(f"{environment} / {name}")
    return Exposure(
        organization_id=organization_id,
        since=since,
        protected=[Protected(project, names) for project, names in projects.items()],
        versions=SecretVersion.objects.filter(organization_id=organization_id).count(),
        purged=_purged(organization_id, since),
        openers=_openers(organization_id, since),
    )


def _purged(organization_id: UUID, since: datetime) -> list[str]:
    purges = Event.objects.filter(
        organization_id=organization_id,
        occurred_at__gte=since,
        action=Action.SECRET_PURGED.value,
        outcome=Outcome.SUCCESS.value,
    )
    return list(purges.order_by("id").values_list("resource_label", flat=True))


def _openers(organization_id: UUID, since: datetime) -> list[Opener]:
    opened = [action.value for action in ACTIONS[ActionGroup.OPENED]]
    rows = (
        Event.objects.filter(
            organization_id=organization_id,
            occurred_at__gte=since,
            action__in=opened,
            outcome=Outcome.SUCCESS.value,
        )
        .order_by()
        .values_list("actor_id", "actor_label", "action")
        .annotate(times=Count("id"), last=Max("occurred_at"))
    )
    counts: dict[tuple[str, str], Counter[str]] = {}
    last: dict[tuple[str, str], datetime] = {}
    for actor_id, label, action, times, at in rows:
        who = (actor_id, label)
        counts.setdefault(who, Counter())[action] += times
        last[who] = max(last.get(who, at), at)
    openers = [
        Opener(who[1], sum(counts[who].values()), dict(sorted(counts[who].items())), last[who]) for who in counts
    ]
    return sorted(openers, key=lambda opener: (-opener.times, opener.label))

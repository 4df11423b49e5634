"""Everything that somebody reaches: what they hold, and project by project what that comes to."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone

from orgs.classification import ALL_CLASSES, Classification
from orgs.models import ClassPolicy, CustomRole, Environment, Grant, Project, Team
from orgs.permissions import Permission, Reach, Standing, reaches, ways
from orgs.permissions.authority import demands_of, holding_of
from orgs.permissions.loading import live_grants
from orgs.permissions.naming import may_be_named
from orgs.permissions.querysets import places_touched, secrets_reached
from orgs.permissions.standing import Holding
from orgs.permissions.words import GROUPS, in_words
from orgs.places import Place
from vault.paging import Order, Page, page_of
from vault.seals import genuine, with_seal
from vault.secrets.models import Secret

PROJECTS_SHOWN = 15
BY_NAME = Order(("name_key", "uid"), (str, UUID))
ABOUT_SECRETS = tuple(each for each in Permission if each.startswith("secret:"))
UNSEEN = "a grant on something that you cannot see"


class When(StrEnum):
    """Whether what somebody holds holds now."""

    NOW = "now"
    COMING = "coming"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Held:
    """What a membership or one grant gives, in words."""

    because: str
    permissions: tuple[Permission, ...]
    highest: Classification
    starts_at: datetime | None
    ends_at: datetime | None
    when: When

    @property
    def phrases(self) -> list[str]:
        """The permissions in words."""
        return in_words(self.permissions)

    @property
    def about_secrets(self) -> bool:
        return any(each in ABOUT_SECRETS for each in self.permissions)


@dataclass(frozen=True, slots=True)
class EnvironmentReach:
    """What somebody may do in an environment. `classes`: of which values may be opened. `until`: when the last way to
    that ends, None for no end. `opened` and `listed`: how many secrets that is now."""

    environment: Environment
    permissions: tuple[Permission, ...]
    classes: frozenset[Classification]
    whole: bool
    because: tuple[str, ...]
    until: datetime | None
    opened: int
    listed: int

    @property
    def phrases(self) -> list[str]:
        """The permissions in words; they are all about secrets."""
        return [explained.label for explained in GROUPS["Secrets"] if explained.permission in self.permissions]

    @property
    def class_labels(self) -> list[str]:
        """The classes, where they are not all."""
        return [] if self.classes == ALL_CLASSES else [each.label.lower() for each in sorted(self.classes)]


@dataclass(frozen=True, slots=True)
class ProjectReach:
    """A project, and the environments in it of which somebody reaches a part."""

    project: Project
    environments: Sequence[EnvironmentReach]


class Reached:
    """What one standing comes to, for somebody who may list names in `seen`."""

    def __init__(self, standing: Standing, seen: Collection[Reach]) -> None:
        self._standing = standing
        self._seen = seen
        self._now = timezone.now()
        # What only begins later is in `held`; by then it is here.
        self._reaches: Mapping[Permission, list[Reach]] = {
            each: list(reaches(standing, each, self._now)) for each in ABOUT_SECRETS
        }

    def held(self) -> list[Held]:
        """What is held, the membership first; what has ended last."""
        found = [self._held(each) for each in self._standing.holdings]
        return sorted(found, key=lambda held: held.when is When.ENDED)

    def hidden(self) -> int:
        """How many projects are reached that may not be named. One query."""
        return self._projects().count() - self._projects().filter(self._named()).count()

    def page(self, cursor: str) -> Page[ProjectReach]:
        """The projects of which a part is reached, by name. Three queries."""
        touched = places_touched(self._all(), project="project_id", environment="uid")
        named = places_touched(self._seen, project="project_id", environment="uid")
        environments = Prefetch("environments", Environment.objects.filter(touched & named), "reached")
        projects = self._projects().filter(self._named()).prefetch_related(environments)
        page = page_of(projects, BY_NAME, cursor, size=PROJECTS_SHOWN)
        counts = self._counts([project.uid for project in page.rows])
        rows = [
            ProjectReach(project, [self._environment(each, counts) for each in project.reached])
            for project in page.rows
        ]
        return Page(rows, page.previous, page.next)

    def _all(self) -> list[Reach]:
        return [reach for found in self._reaches.values() for reach in found]

    def _projects(self) -> QuerySet[Project]:
        mine = Project.objects.filter(organization_id=self._standing.organization)
        return mine.filter(places_touched(self._all(), project="uid"))

    def _named(self) -> Q:
        return places_touched(self._seen, project="uid")

    def _counts(self, projects: Collection[UUID]) -> Mapping[UUID, tuple[int, int]]:
        listed = secrets_reached(self._reaches[Permission.SECRET_LIST])
        opened = secrets_reached(self._reaches[Permission.SECRET_REVEAL])
        found = (
            Secret.objects.filter(project_id__in=projects, trashed_at__isnull=True)
            .order_by()
            .values_list("environment_id")
            .annotate(opened=Count("uid", filter=opened), listed=Count("uid", filter=listed))
        )
        return {environment: (number, names) for environment, number, names in found}

    def _environment(self, environment: Environment, counts: Mapping[UUID, tuple[int, int]]) -> EnvironmentReach:
        place = environment.place
        found = {each: self._ways(each, place) for each in ABOUT_SECRETS}
        main = found[Permission.SECRET_REVEAL] or next((each for each in found.values() if each), [])
        opened, listed = counts.get(environment.uid, (0, 0))
        return EnvironmentReach(
            environment=environment,
            permissions=tuple(each for each, reached in found.items() if reached),
            classes=frozenset(each for reach in found[Permission.SECRET_REVEAL] for each in reach.classes),
            whole=any(reach.scope.covers(place) for reach in main),
            because=tuple(dict.fromkeys(self._because(reach.holding) for reach in main)),
            until=_last(reach.holding.ends_at for reach in main),
            opened=opened,
            listed=listed,
        )

    def _ways(self, permission: Permission, place: Place) -> list[Reach]:
        return list(ways(self._standing, permission, place, at=self._now, partly=True))

    def _held(self, holding: Holding) -> Held:
        ended = holding.ends_at is not None and holding.ends_at <= self._now
        coming = holding.starts_at is not None and holding.starts_at > self._now
        return Held(
            because=self._because(holding),
            permissions=tuple(each for each in Permission if each in holding.permissions),
            highest=holding.highest,
            starts_at=holding.starts_at,
            ends_at=holding.ends_at,
            when=When.ENDED if ended else When.COMING if coming else When.NOW,
        )

    def _because(self, holding: Holding) -> str:
        return holding.because if may_be_named(holding.scope, self._seen) else UNSEEN


def standing_of_team(team: Team) -> Standing:
    """What the grants of a team, and of the one above it, give to a member of it. Three queries."""
    uids = {team.uid, *([team.parent_id] if team.parent_id else [])}
    grants = live_grants(Grant.objects.filter(team_id__in=uids, organization_id=team.organization_id))
    roles = genuine(with_seal(CustomRole.objects.filter(organization_id=team.organization_id)))
    policies = genuine(with_seal(ClassPolicy.objects.filter(organization_id=team.organization_id)))
    named = {role.uid: role for role in roles}
    held = (holding_of(grant, named, None) for grant in grants)
    return Standing(
        organization=team.organization_id,
        title="of this team",
        holdings=tuple(each for each in held if each is not None),
        demands={Classification(policy.classification): demands_of(policy) for policy in policies},
    )


def _last(ends: Iterable[datetime | None]) -> datetime | None:
    found = list(ends)
    return None if not found or None in found else max(each for each in found if each is not None)

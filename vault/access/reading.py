"""Who reaches this, and why? People, teams and machines, a page at a time.

Whom to show is found by the database, however many there are; why is what `orgs.permissions` says of each that is
shown, of rows whose seals hold. Nobody who reaches the place is left out: the database looks at the same rows.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID, uuid4

from django.db.models import CharField, Count, F, Max, Q, QuerySet, Value
from django.db.models.functions import Cast, Replace
from django.utils import timezone

from audit.actions import Action, Outcome, ResourceKind
from audit.models import Event
from orgs.classification import ALL_CLASSES, Classification
from orgs.models import ClassPolicy, CustomRole, Grant, Machine, Membership, Team, TeamMembership
from orgs.permissions import Permission, Reach, Standing, judge, ways
from orgs.permissions.authority import Authority, Subject, demands_of, holding_of, permissions_named
from orgs.permissions.loading import live_grants, standings_in, standings_of_subjects
from orgs.permissions.naming import may_be_named
from orgs.permissions.querysets import grants_giving
from orgs.places import Place
from orgs.roles import Role
from vault.names import fold_name
from vault.paging import PAGE_SIZE, Order, Page, page_of
from vault.seals import genuine, with_seal
from vault.secrets.models import Secret

MISSING_SHOWN = 5
"""How many of those who were looked for and reach nothing are explained."""

BY_NAME = Order(("shown_name", "uid"), (str, UUID))

_OPENED = (Action.SECRET_REVEALED, Action.SECRET_COPIED, Action.SECRET_DOWNLOADED, Action.SECRET_CODE_SHOWN)
DID: Mapping[Permission, tuple[Action, ...]] = {
    Permission.SECRET_REVEAL: _OPENED,
    Permission.SECRET_EXPORT: _OPENED,
    Permission.SECRET_WRITE: (Action.SECRET_CREATED, Action.SECRET_UPDATED, Action.SECRET_RESTORED),
    Permission.SECRET_DELETE: (Action.SECRET_TRASHED, Action.SECRET_UNTRASHED),
    Permission.SECRET_PURGE: (Action.SECRET_PURGED,),
}
"""The events that say that somebody used a permission; nothing is logged of the others."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: who may do `permission` to `place`, or to `secret`, whose place it is then, now.

    A place in which there are secrets is asked about in part: whoever reaches one of them reaches something of it.
    """

    permission: Permission
    place: Place
    at: datetime
    secret: UUID | None = None

    @property
    def partly(self) -> bool:
        return self.place.name is None and self.permission.startswith("secret:")

    def ways_of(self, standing: Standing) -> list[Reach]:
        """Everything by which somebody reaches it; nothing for somebody who does not."""
        return list(ways(standing, self.permission, self.place, at=self.at, partly=self.partly))


def asked(permission: Permission, place: Place, *, secret: UUID | None = None) -> Question:
    """The question as of now."""
    return Question(Permission(permission), place, timezone.now(), secret)


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which somebody reaches the place, in words. `whole`: all of it. `classes`: of its secrets."""

    because: str
    until: datetime | None
    whole: bool
    classes: frozenset[Classification]
    grant: UUID | None = None

    @property
    def class_labels(self) -> list[str]:
        """The classes, where they are not all."""
        return [] if self.classes == ALL_CLASSES else [each.label.lower() for each in sorted(self.classes)]


def _last(ways: Sequence[Way]) -> datetime | None:
    ends = [way.until for way in ways if way.until is not None]
    return max(ends) if len(ends) == len(ways) else None


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reaches the place. `until`: the last moment of the way that holds longest, None for no end.
    `last_at`: when they last did; None for never, and for what is not logged."""

    subject: Subject
    ways: tuple[Way, ...]
    last_at: datetime | None = None

    @property
    def until(self) -> datetime | None:
        return _last(self.ways)

    @property
    def whole(self) -> bool:
        return any(way.whole for way in self.ways)


@dataclass(frozen=True, slots=True)
class TeamReader:
    """A team whose grants reach the place."""

    team: Team
    ways: tuple[Way, ...]
    members: int

    @property
    def until(self) -> datetime | None:
        """As that of a reader."""
        return _last(self.ways)


@dataclass(frozen=True, slots=True)
class Unreached:
    """Somebody who does not reach the place, and what is missing."""

    membership: Membership
    because: str


Seen: TypeAlias = Collection[Reach]
"""Where whoever asks may list names: ways that lie elsewhere are told without theirs."""


class Readers:
    """Everybody who reaches a place: counts, and pages of them. Four queries to begin with, whatever there is."""

    def __init__(self, question: Question, seen: Seen) -> None:
        self.question = question
        self._seen = seen
        organization = question.place.organization
        mine = {"organization_id": organization}
        roles = genuine(with_seal(CustomRole.objects.filter(**mine)))
        policies = genuine(with_seal(ClassPolicy.objects.filter(**mine)))
        shared = Q(subject_kind__in=[Grant.SubjectKind.EVERYONE, Grant.SubjectKind.TEAM])
        giving = grants_giving(
            question.permission,
            question.place,
            at=question.at,
            custom_roles=[role.uid for role in roles if question.permission in permissions_named(role.permissions)],
            demands={Classification(policy.classification): demands_of(policy) for policy in policies},
            partly=question.partly,
        )
        grants = live_grants(Grant.objects.filter(giving & shared))
        authority = Authority(grants=tuple(grants), roles=tuple(roles), policies=tuple(policies))
        self._giving = Grant.objects.filter(giving)
        self._roles = _roles_reaching(authority, question)
        self._teams = _teams_reaching(authority, question)

    def people(self, q: str = "") -> QuerySet[Membership]:
        """The memberships that reach it, by what the database has."""
        places = TeamMembership.objects.filter(Q(team_id__in=self._teams) | Q(team__parent_id__in=self._teams))
        own = self._giving.filter(subject_kind=Grant.SubjectKind.MEMBER)
        reaching = Q(role__in=self._roles) | Q(pk__in=own.values("membership_id"))
        if self._teams:
            reaching |= Q(pk__in=places.values("membership_id"))
        return _members(self.question, q).filter(reaching)

    def machines(self, q: str = "") -> QuerySet[Machine]:
        """The machines that reach it, by what the database has."""
        own = self._giving.filter(subject_kind=Grant.SubjectKind.MACHINE)
        found: QuerySet[Machine] = Machine.objects.filter(
            organization_id=self.question.place.organization, disabled_at__isnull=True, pk__in=own.values("machine_id")
        )
        return found.filter(name_key__contains=fold_name(q)) if q else found

    def teams(self, q: str = "") -> QuerySet[Team]:
        """The teams whose grants reach it."""
        found: QuerySet[Team] = Team.objects.filter(pk__in=list(self._teams))
        return found.filter(name_key__contains=fold_name(q)) if q else found

    def page_of_people(self, q: str, cursor: str, *, size: int = PAGE_SIZE) -> Page[Reader]:
        """By name. Nine queries more. What the database found and the seals refute is not in it."""
        found = with_seal(self.people(q).select_related("user").annotate(shown_name=F("user__name")))
        return self._page(page_of(found, BY_NAME, cursor, size=size))

    def page_of_machines(self, q: str, cursor: str, *, size: int = PAGE_SIZE) -> Page[Reader]:
        """By name, as the people."""
        found = with_seal(self.machines(q).annotate(shown_name=F("name_key")))
        return self._page(page_of(found, BY_NAME, cursor, size=size))

    def page_of_teams(self, q: str, cursor: str, *, size: int = PAGE_SIZE) -> Page[TeamReader]:
        """By name, each with the number of active members in it and in the teams below it."""
        active = Membership.Status.ACTIVE
        found = with_seal(self.teams(q)).annotate(
            shown_name=F("name_key"),
            direct=Count("team_memberships", filter=Q(team_memberships__membership__status=active), distinct=True),
            below=Count(
                "subteams__team_memberships",
                filter=Q(subteams__team_memberships__membership__status=active),
                distinct=True,
            ),
        )
        page = page_of(found, BY_NAME, cursor, size=size)
        rows = [
            TeamReader(team, self._told(self._teams[team.uid]), team.direct + team.below) for team in genuine(page.rows)
        ]
        return Page(rows, page.previous, page.next)

    def unreached(self, q: str) -> list[Unreached]:
        """The first members that a search finds who do not reach it, with what is missing. Six queries."""
        others = _members(self.question, q).exclude(pk__in=self.people(q).values("pk")).select_related("user")
        found = genuine(with_seal(others.order_by("user__name", "uid")[:MISSING_SHOWN]))
        standings = self._standings(found)
        return [
            Unreached(
                each,
                judge(
                    standings[each.uid],
                    self.question.permission,
                    self.question.place,
                    at=self.question.at,
                    partly=self.question.partly,
                ).because,
            )
            for each in found
        ]

    def _page(self, page: Page[Subject]) -> Page[Reader]:
        subjects = genuine(page.rows)
        standings = self._standings(subjects)
        last = last_used(self.question, subjects)
        rows = []
        for subject in subjects:
            found = self.question.ways_of(standings[subject.uid])
            if found:
                rows.append(Reader(subject, self._told(found), last.get(subject.uid)))
        return Page(rows, page.previous, page.next)

    def _standings(self, subjects: Sequence[Subject]) -> Mapping[UUID, Standing]:
        question = self.question
        return standings_of_subjects(subjects, permissions=(question.permission,), place=question.place)

    def _told(self, found: Iterable[Reach]) -> tuple[Way, ...]:
        return told(found, self.question, self._seen)


def everybody(question: Question, seen: Seen) -> list[Reader]:
    """Everybody who reaches it at once, people first, by name: every seal checked. Eight queries."""
    found = [
        (subject, question.ways_of(standing))
        for subject, standing in standings_in(question.place.organization, place=question.place)
    ]
    found = [(subject, reached) for subject, reached in found if reached]
    last = last_used(question, [subject for subject, _ in found])
    readers = [Reader(subject, told(reached, question, seen), last.get(subject.uid)) for subject, reached in found]
    return sorted(readers, key=lambda reader: _sorting(reader.subject))


def told(found: Iterable[Reach], question: Question, seen: Seen) -> tuple[Way, ...]:
    """Reaches in words, for somebody who may list names in `seen`, and knows of the place that is asked about."""
    return tuple(
        Way(
            because=reach.holding.because
            if reach.scope.covers(question.place) or may_be_named(reach.scope, seen)
            else "a grant on a part that you cannot see",
            until=reach.holding.ends_at,
            whole=reach.scope.covers(question.place),
            classes=reach.classes,
            grant=reach.holding.grant,
        )
        for reach in found
    )


def last_used(question: Question, subjects: Iterable[Subject]) -> Mapping[UUID, datetime]:
    """By uid of the subject, when it last did what is asked about, here: one query of the log."""
    actions = DID.get(question.permission)
    actors = {_actor_id(subject): subject.uid for subject in subjects}
    if actions is None or not actors:
        return {}
    events = Event.objects.filter(
        organization_id=question.place.organization,
        actor_id__in=list(actors),
        action__in=[action.value for action in actions],
        outcome=Outcome.SUCCESS.value,
        resource_kind=ResourceKind.SECRET.value,
    )
    if question.secret is not None:
        events = events.filter(resource_id=str(question.secret))
    elif question.place.project is not None:
        # SQLite keeps a uid without the dashes that an event's text has.
        inside = Secret.objects.filter(_inside(question.place)).annotate(bare=_bare(Cast("uid", CharField())))
        events = events.annotate(bare=_bare(F("resource_id"))).filter(bare__in=inside.values("bare"))
    found = events.order_by().values_list("actor_id").annotate(last=Max("occurred_at"))
    return {actors[actor]: at for actor, at in found}


def _bare(text: F | Cast) -> Replace:
    return Replace(text, Value("-"), Value(""), output_field=CharField())


def _inside(place: Place) -> Q:
    inside = Q(organization_id=place.organization, project_id=place.project)
    return inside if place.environment is None else inside & Q(environment_id=place.environment)


def _actor_id(subject: Subject) -> str:
    return str(subject.user_id if isinstance(subject, Membership) else subject.uid)


def _sorting(subject: Subject) -> tuple[bool, str, str]:
    machine = isinstance(subject, Machine)
    return machine, (subject.name if isinstance(subject, Machine) else subject.user.name).casefold(), subject.uid.hex


def _members(question: Question, q: str) -> QuerySet[Membership]:
    found: QuerySet[Membership] = Membership.objects.filter(
        organization_id=question.place.organization, status=Membership.Status.ACTIVE, user__is_active=True
    )
    return found.filter(Q(user__name__icontains=q) | Q(user__email_key__contains=q.lower())) if q else found


def _roles_reaching(authority: Authority, question: Question) -> list[str]:
    """The built-in roles whose holders reach it by their membership alone, or because it is open to every member."""
    organization = question.place.organization
    members = tuple(Membership(uid=uuid4(), organization_id=organization, role=role) for role in Role)
    standings = authority.with_rows(memberships=members).standings()
    return [str(subject.role) for subject, standing in standings if question.ways_of(standing)]  # type: ignore[union-attr]  # these are memberships


def _teams_reaching(authority: Authority, question: Question) -> Mapping[UUID, list[Reach]]:
    """By team, the ways in which its grants reach it."""
    demands = {Classification(policy.classification): demands_of(policy) for policy in authority.policies}
    roles = {role.uid: role for role in authority.roles}
    found: dict[UUID, list[Reach]] = {}
    for grant in authority.grants:
        held = holding_of(grant, roles, None)
        if grant.team_id is None or held is None:
            continue
        standing = Standing(question.place.organization, holdings=(held,), demands=demands)
        reached = question.ways_of(standing)
        if reached:
            found.setdefault(grant.team_id, []).extend(reached)
    return found

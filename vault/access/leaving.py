"""What somebody who leaves an organization leaves behind: what then only owners and admins reach, or nobody, and what
was theirs to look after.

Found from the same standings that decide. Machines are no company: a value that only a program reads is one that no
person reaches any more.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from orgs.classification import Classification
from orgs.models import Environment, Grant, Invitation, Machine, Membership, Organization, Team
from orgs.permissions import Permission, Reach, Standing, reaches
from orgs.permissions.authority import BROAD, Authority
from orgs.permissions.loading import authority_in
from orgs.permissions.querysets import secrets_reached
from orgs.places import Scope, is_within
from orgs.roles import Role
from orgs.selectors import GRANT_ROWS, live_at
from vault.access.covering import covering_paths
from vault.access.models import AccessRequest, BreakGlassPerson, BreakGlassUse, Campaign
from vault.access.selectors.break_glass import people_in, uses_in
from vault.access.selectors.requests import open_requests
from vault.access.selectors.reviews import campaigns_in
from vault.seals import genuine, with_seal
from vault.secrets.models import Secret

PATHS_AT_MOST = 25
"""Beyond so many grants for one environment, the whole environment is handed over instead."""
LASTING = timedelta(days=7)
"""Access of others that is over by then, such as by break-glass, keeps nothing from being left behind."""


class Held(NamedTuple):
    """A secret that the one who leaves can open."""

    uid: UUID
    environment: UUID
    project: UUID
    name: str
    classification: Classification


@dataclass(frozen=True, slots=True)
class Place:
    """An environment in which something is left behind.

    `alone`: what nobody else reaches; `managed`: what only owners and admins reach then. `asking`: of both, what opens
    with approved access only, which nobody can hand over: whoever needs it asks. `scopes`: what a grant to somebody
    else has to reach, up to the class `highest`; empty where all of it is asking. `wider`: whether that gives more
    than what is left behind.
    """

    environment: Environment
    alone: tuple[str, ...]
    managed: tuple[str, ...]
    asking: int
    scopes: tuple[Scope, ...]
    highest: Classification
    wider: bool

    @property
    def number(self) -> int:
        return len(self.alone) + len(self.managed)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that somebody leaves behind. `digest` is the same as long as the same secrets are left behind."""

    membership: Membership
    places: Sequence[Place]
    grants: Sequence[Grant]
    namings: Sequence[BreakGlassPerson]
    requests: Sequence[AccessRequest]
    owed: Sequence[BreakGlassUse]
    campaigns: Sequence[Campaign]
    invitations: int
    teams: Sequence[Team]
    machines: Sequence[Machine]
    digest: str

    @property
    def number(self) -> int:
        """How many secrets are left behind."""
        return sum(place.number for place in self.places)


def plan_of(organization: Organization, membership: Membership) -> Plan:
    """What the member would leave behind now; as many queries for much as for little."""
    now = timezone.now()
    authority = authority_in(organization.pk)
    places = left_behind(authority, membership, now)
    mine = {"organization": organization}
    invitations = Invitation.objects.filter(
        **mine, invited_by=membership.user_id, accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now
    )
    given = Grant.objects.filter(live_at(now), **mine, granted_by=membership.user_id).exclude(membership=membership)
    machines = Machine.objects.filter(**mine, created_by=membership.user_id, disabled_at__isnull=True)
    return Plan(
        membership=membership,
        places=places,
        grants=genuine(with_seal(given.select_related(*GRANT_ROWS).order_by("-granted_at", "uid"))),
        namings=genuine(people_in(organization.pk).filter(membership=membership, ended_at__isnull=True)),
        requests=genuine(open_requests(organization.pk, now).filter(membership=membership)),
        owed=genuine(uses_in(organization.pk).filter(membership=membership, reviewed_at__isnull=True)),
        campaigns=genuine(
            campaigns_in(organization.pk).filter(
                closed_at__isnull=True,
                reviewers__membership=membership,
                reviewers__chosen_at__gte=membership.joined_at,
            )
        ),
        invitations=invitations.count(),
        teams=_emptied(authority, membership),
        machines=genuine(with_seal(machines.order_by("name_key"))),
        digest=_digest(places),
    )


def left_behind(authority: Authority, membership: Membership, at: datetime) -> list[Place]:
    """The environments in which the member opens something that, without them, nobody opens at that moment and for
    some time to come (`LASTING`), or owners and admins alone; by project and order. Three queries.

    What an owner or an admin opens by that role was for those alone before, so it is left behind only where nobody is.
    """
    own, others = _standings(authority, membership)
    if own is None:
        return []
    company = _Company(others, at)
    manages = Role(membership.role) in BROAD
    found: dict[UUID, tuple[list[Held], list[Held]]] = defaultdict(lambda: ([], []))
    for held in _held(own, at):
        if company.has(held, managing=False):
            continue
        if not company.has(held, managing=True):
            found[held.environment][0].append(held)
        elif not manages:
            found[held.environment][1].append(held)
    environments = Environment.objects.filter(pk__in=list(found)).select_related("project")
    names: dict[UUID, list[str]] = defaultdict(list)
    live = Secret.objects.filter(environment_id__in=list(found), trashed_at__isnull=True)
    for environment, name in live.values_list("environment_id", "name"):
        names[environment].append(name)
    return [
        _place(environment, *found[environment.pk], names[environment.pk], own)
        for environment in sorted(environments, key=lambda each: (each.project.name_key, each.position, each.name_key))
    ]


def listed_names(places: Iterable[Place], seen: Iterable[Reach]) -> Mapping[UUID, list[str]]:
    """By environment, the names of what is left behind there, what nobody else opens first: those alone that somebody
    who may list names in `seen` may list, of secrets of this class. One query."""
    found = {place.environment.pk: place for place in places}
    rows = Secret.objects.filter(secrets_reached(seen), environment_id__in=list(found), trashed_at__isnull=True)
    listed: dict[UUID, set[str]] = defaultdict(set)
    for environment, name in rows.values_list("environment_id", "name"):
        listed[environment].add(name)
    return {
        uid: [name for name in (*place.alone, *place.managed) if name in listed[uid]] for uid, place in found.items()
    }


def _standings(authority: Authority, membership: Membership) -> tuple[Standing | None, list[tuple[Role, Standing]]]:
    own, others = None, []
    for subject, standing in authority.standings():
        if isinstance(subject, Membership):
            if subject.pk == membership.pk:
                own = standing
            else:
                others.append((Role(subject.role), standing))
    return own, others


def _held(standing: Standing, at: datetime) -> Iterable[Held]:
    found = list(reaches(standing, Permission.SECRET_REVEAL, at))
    if not found:
        return
    rows = Secret.objects.filter(secrets_reached(found), trashed_at__isnull=True).values_list(
        "uid", "environment_id", "project_id", "name", "classification", "environment__classification"
    )
    for uid, environment, project, name, own, inherited in rows.iterator(chunk_size=2000):
        yield Held(uid, environment, project, name, Classification(inherited if own is None else own))


class _Company:
    """Where others open values: looked up by scope, so that many secrets and many grants are not multiplied."""

    def __init__(self, standings: Iterable[tuple[Role, Standing]], at: datetime) -> None:
        self._classes: dict[bool, dict[tuple[UUID | None, UUID | None, str], set[Classification]]] = {
            True: defaultdict(set),
            False: defaultdict(set),
        }
        met: set[int] = set()
        self._kept: list[Standing] = []  # so that no id is used twice
        for role, standing in standings:
            if id(standing) in met:
                continue
            met.add(id(standing))
            self._kept.append(standing)
            for reach in reaches(standing, Permission.SECRET_REVEAL, at):
                scope, ends_at = reach.scope, reach.holding.ends_at
                if ends_at is not None and ends_at <= at + LASTING:
                    continue
                key = (scope.project, scope.environment, scope.path)
                self._classes[role in BROAD][key] |= reach.classes

    def has(self, held: Held, *, managing: bool) -> bool:
        """Whether any of the others opens it: of the owners and admins (`managing`), or of the rest."""
        classes = self._classes[managing]
        parts = held.name.split("/")
        keys: list[tuple[UUID | None, UUID | None, str]] = [(None, None, ""), (held.project, None, "")]
        keys += [(held.project, held.environment, "/".join(parts[:end])) for end in range(len(parts) + 1)]
        return any(held.classification in classes.get(key, ()) for key in keys)


def _place(
    environment: Environment, alone: list[Held], managed: list[Held], names: list[str], standing: Standing
) -> Place:
    left = [*alone, *managed]
    handed = [held for held in left if not standing.demands[held.classification].approvals]
    wanted = {held.name for held in handed}
    paths = covering_paths(wanted, names) if handed else []
    if len(paths) > PATHS_AT_MOST:
        paths = [""]
    return Place(
        environment=environment,
        alone=tuple(sorted(held.name for held in alone)),
        managed=tuple(sorted(held.name for held in managed)),
        asking=len(left) - len(handed),
        scopes=tuple(
            Scope(environment.organization_id, environment.project_id, environment.pk, path) for path in paths
        ),
        highest=max((held.classification for held in handed), default=Classification.INTERNAL),
        wider=any(name not in wanted and any(is_within(path, name) for path in paths) for name in names),
    )


def _emptied(authority: Authority, membership: Membership) -> list[Team]:
    """The teams that nobody would be in any more, by name."""
    active = {each.pk for each in authority.memberships}
    people: Mapping[UUID, set[UUID]] = defaultdict(set)
    for row in authority.team_memberships:
        if row.membership_id in active:
            people[row.team_id].add(row.membership_id)
    empty = [team for team in authority.teams if people[team.pk] == {membership.pk}]
    return sorted(empty, key=lambda team: team.name_key)


def _digest(places: Iterable[Place]) -> str:
    told = [
        (place.environment.pk.hex, place.alone, place.managed, place.asking, [scope.path for scope in place.scopes])
        for place in places
    ]
    return hashlib.sha256(repr(sorted(told)).encode()).hexdigest()

"""Teams, roles, machines and grants: one of them for somebody who may, and what the pages list.

A row whose seal does not hold counts as absent here, too: it gives nothing, and nothing can be made of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet
from django.db.models.functions import Left
from django.db.models.lookups import Exact
from django.utils import timezone

from audit.actions import ResourceKind
from orgs.models import CustomRole, Environment, Grant, Machine, Membership, Organization, Project, Team, TeamMembership
from orgs.permissions import Actor, Permission, Reach, reaches, standing_of
from orgs.permissions.naming import may_be_named
from orgs.permissions.querysets import places_touched
from orgs.selectors.fetching import organization_for, reached_by, sealed_for
from vault.paging import Order, Page, page_of
from vault.seals import genuine, with_seal

GRANT_ROWS = (
    "membership__user",
    "team",
    "machine",
    "custom_role",
    "project",
    "environment",
    "granted_by",
    "revoked_by",
)
"""What a page, or an event, says about a grant."""
PLACES_OFFERED = 500


def team_for(actor: Actor, organization_uid: UUID, uid: UUID, permission: Permission) -> Team:
    """The team with its organization and the one above it; one of another organization is missing."""
    teams = Team.objects.select_related("organization", "parent").filter(organization_id=organization_uid)
    return sealed_for(actor, permission, teams, uid, kind=ResourceKind.TEAM)


def custom_role_for(actor: Actor, organization_uid: UUID, uid: UUID, permission: Permission) -> CustomRole:
    """The role with its organization; one of another organization is missing."""
    roles = CustomRole.objects.select_related("organization").filter(organization_id=organization_uid)
    return sealed_for(actor, permission, roles, uid, kind=ResourceKind.ROLE)


def machine_for(actor: Actor, organization_uid: UUID, uid: UUID, permission: Permission) -> Machine:
    """The machine with its organization; one of another organization is missing."""
    machines = Machine.objects.select_related("organization").filter(organization_id=organization_uid)
    return sealed_for(actor, permission, machines, uid, kind=ResourceKind.MACHINE)


def grant_for(actor: Actor, organization_uid: UUID, uid: UUID) -> Grant:
    """The grant with all that it names, for somebody who manages grants in all of its scope."""
    grants = Grant.objects.select_related("organization", *GRANT_ROWS).filter(organization_id=organization_uid)
    return sealed_for(actor, Permission.GRANT_MANAGE, grants, uid, kind=ResourceKind.GRANT)


def granting_in(actor: Actor, organization_uid: UUID) -> tuple[Organization, list[Reach]]:
    """The organization, and where in it `actor` manages grants. Raises `AccessDenied` if that is nowhere."""
    organization = organization_for(actor, organization_uid, Permission.ORG_VIEW)
    reached = reached_by(actor, Permission.GRANT_MANAGE, [organization.uid])
    if not reached:
        organization_for(actor, organization_uid, Permission.GRANT_MANAGE)
    return organization, reached


def places_named(actor: Actor, organization_id: UUID) -> list[Reach]:
    """Where `actor` may know of projects, environments and paths: where they list secrets, or manage grants."""
    known = (Permission.SECRET_LIST, Permission.GRANT_MANAGE)
    standing, now = standing_of(actor, organization_id, permissions=known), timezone.now()
    return [reach for permission in known for reach in reaches(standing, permission, now)]


@dataclass(frozen=True, slots=True)
class ToldGrant:
    """A grant as somebody is told of it; unless `named`, without where it holds."""

    grant: Grant
    named: bool


def told_grants(actor: Actor, organization_id: UUID, grants: Iterable[Grant]) -> list[ToldGrant]:
    """Grants for a page of `actor`'s, who need not know the places."""
    known = places_named(actor, organization_id)
    return [ToldGrant(grant, may_be_named(grant.scope, known)) for grant in grants]


def live_at(moment: datetime) -> Q:
    """Grants that hold at a moment, or will later on."""
    return Q(revoked_at__isnull=True) & (Q(ends_at__isnull=True) | Q(ends_at__gt=moment))


@dataclass(frozen=True, slots=True)
class GrantFilters:
    """What the list of grants is narrowed to; None and "" narrow nothing. `ended`: those that hold no more instead."""

    subject_kind: Grant.SubjectKind | None = None
    subject: UUID | None = None
    project: UUID | None = None
    role: str = ""
    ended: bool = False


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment has a time zone")
    return moment


BY_GIVING = Order(("granted_at", "uid"), (_moment, UUID), descending=True)


def grants_within(reached: Iterable[Reach], filters: GrantFilters) -> QuerySet[Grant]:
    """The grants whose whole scope is among what is reached, narrowed by `filters`; not ordered."""
    grants = Grant.objects.filter(reduce(or_, map(_inside, reached), Q(pk__in=[])))
    live = live_at(timezone.now())
    grants = grants.filter(~live if filters.ended else live)
    if filters.subject_kind:
        grants = grants.filter(subject_kind=filters.subject_kind)
    if filters.subject:
        one = Q(membership_id=filters.subject) | Q(team_id=filters.subject) | Q(machine_id=filters.subject)
        grants = grants.filter(one)
    if filters.project:
        grants = grants.filter(project_id=filters.project)
    if filters.role:
        grants = grants.filter(_has_role(filters.role))
    return grants


def _inside(reach: Reach) -> Q:
    """As `Scope.includes`, in the database."""
    scope = reach.scope
    part = Q(organization_id=scope.organization)
    if scope.project is not None:
        part &= Q(project_id=scope.project)
    if scope.environment is not None:
        part &= Q(environment_id=scope.environment)
    if scope.path:
        below = f"{scope.path}/"
        part &= Q(path=scope.path) | Q(Exact(Left("path", len(below)), below))  # LIKE folds cases on SQLite
    return part


def _has_role(role: str) -> Q:
    """By the name of a built-in role, or by the uid of one of the organization's own."""
    try:
        return Q(custom_role_id=UUID(role))
    except ValueError:
        return Q(role=role)


def page_of_grants(reached: Iterable[Reach], filters: GrantFilters, cursor: str) -> Page[Grant]:
    """One page of the list, each grant with all that it names; those that are not genuine are left out."""
    grants = with_seal(grants_within(reached, filters).prefetch_related(*GRANT_ROWS))
    page = page_of(grants, BY_GIVING, cursor)
    return Page(genuine(page.rows), page.previous, page.next)


@dataclass(frozen=True, slots=True)
class TeamEntry:
    """A team, those who are in it, and how many grants of it hold, or will."""

    team: Team
    members: tuple[Membership, ...]
    grant_count: int


def teams_of(organization: Organization) -> list[TeamEntry]:
    """The teams by name, those below others right behind them, with their members and the ones above them."""
    teams = Team.objects.filter(organization=organization).select_related("parent")
    counts = grant_counts(organization, "team_id")
    active = {each.pk: each for each in active_members(organization)}
    members: dict[UUID, list[Membership]] = defaultdict(list)
    for place in genuine(with_seal(TeamMembership.objects.filter(organization=organization))):
        if place.membership_id in active:
            members[place.team_id].append(active[place.membership_id])
    return [
        TeamEntry(team, tuple(sorted(members[team.pk], key=_name_of_member)), counts.get(team.pk, 0))
        for team in sorted(genuine(with_seal(teams)), key=_family)
    ]


def _name_of_member(member: Membership) -> tuple[str, str]:
    return member.user.name.casefold(), member.user.email_key


def _family(team: Team) -> tuple[str, bool, str]:
    return (team.parent.name_key if team.parent else team.name_key, team.parent is not None, team.name_key)


def members_in(team: Team) -> list[TeamMembership]:
    """The places in a team by the names of the people, each with the member and the person."""
    places = TeamMembership.objects.filter(team=team).select_related("membership__user")
    return genuine(with_seal(places.order_by("membership__user__name", "membership__user__email_key")))


def roles_of(organization: Organization) -> list[CustomRole]:
    """The organization's own roles by name."""
    return genuine(with_seal(CustomRole.objects.filter(organization=organization).order_by("name_key")))


def machines_of(organization: Organization) -> list[Machine]:
    """The machines by name."""
    return genuine(with_seal(Machine.objects.filter(organization=organization).order_by("name_key")))


def grant_counts(organization: Organization, column: str) -> Mapping[UUID, int]:
    """How many grants hold, or will, by what `column` names: ``team_id``, ``machine_id`` or ``custom_role_id``."""
    grants = Grant.objects.filter(live_at(timezone.now()), organization=organization, **{f"{column}__isnull": False})
    return dict(grants.values_list(column).annotate(Count("pk")).order_by())


def live_grants_of(
    *,
    members: Iterable[UUID] = (),
    teams: Iterable[UUID] = (),
    machines: Iterable[UUID] = (),
    roles: Iterable[UUID] = (),
) -> list[Grant]:
    """The genuine grants to any of these, or of any of these roles, that hold or will, with all that they name."""
    of = (
        Q(membership_id__in=list(members))
        | Q(team_id__in=list(teams))
        | Q(machine_id__in=list(machines))
        | Q(custom_role_id__in=list(roles))
    )
    grants = Grant.objects.filter(of, live_at(timezone.now())).select_related(*GRANT_ROWS)
    return genuine(with_seal(grants.order_by("granted_at", "uid")))


def opening_of(project: Project) -> Grant | None:
    """The grant that opens a project to every member; None for a restricted one."""
    grants = Grant.objects.filter(
        project=project, subject_kind=Grant.SubjectKind.EVERYONE, revoked_at__isnull=True
    ).select_related(*GRANT_ROWS)
    return next(iter(genuine(with_seal(grants))), None)


def places_within(reached: Iterable[Reach]) -> list[Project]:
    """The first PLACES_OFFERED projects by name in which grants are managed, each with such environments of it."""
    reached = list(reached)
    environments = Environment.objects.filter(places_touched(reached, project="project_id", environment="uid"))
    kept = Prefetch("environments", environments.order_by("position", "name_key"))
    found = Project.objects.filter(places_touched(reached, project="uid")).prefetch_related(kept)
    return list(found.order_by("name_key")[:PLACES_OFFERED])


def active_members(organization: Organization) -> list[Membership]:
    """The genuine active memberships with their people, by name."""
    memberships = Membership.objects.filter(organization=organization, status=Membership.Status.ACTIVE)
    return genuine(with_seal(memberships.select_related("user").order_by("user__name", "user__email_key")))

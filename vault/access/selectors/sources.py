"""What gives people something: grants, places in teams and roles, as a review freezes and looks at them.

The same function describes them when a campaign begins and when somebody decides, so that the two can be compared.
As many queries for many as for few. A row that is not genuine gives nothing, and is not there.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, Q
from django.db.models.fields.json import KT

from audit.actions import Outcome, ResourceKind
from audit.canonical import canonical_json, canonical_time
from audit.models import Event
from orgs.classification import Classification
from orgs.models import CustomRole, Grant, Membership, TeamMembership
from orgs.permissions.authority import scope_label
from orgs.roles import Role
from orgs.selectors.authority import GRANT_ROWS, live_at
from vault.access.models import ReviewLine
from vault.access.places import EVERYWHERE
from vault.seals import genuine, with_seal

BROAD = frozenset({Role.OWNER, Role.ADMIN})
Kind = ReviewLine.Kind


@dataclass(frozen=True, slots=True)
class Source:
    """One thing that somebody has. The fields are those of `ReviewLine`; `row` is what gives it.

    `team`: whose it is, where it is a team's; nobody decides about a grant of a team in which nobody else is.
    """

    kind: ReviewLine.Kind
    row: Grant | TeamMembership | Membership
    subject_kind: str
    about: UUID | None
    team: UUID | None
    subject_label: str
    role_label: str
    scope_label: str
    highest: Classification
    singly: bool
    starts_at: datetime | None
    ends_at: datetime | None
    granted_at: datetime | None
    granted_label: str
    state: str

    @property
    def uid(self) -> UUID:
        return self.row.uid

    @property
    def words(self) -> str:
        """As `ReviewLine.words`, with the end."""
        until = f" until {self.ends_at:%d %b %Y, %H:%M} UTC" if self.ends_at else ""
        what = f"{self.subject_label}: {self.role_label} on {self.scope_label}"
        return f"{what}, up to {self.highest.label.lower()}{until}"


class _Rows:
    """Rows that give something, read for all of an organization, or for some sources alone. Five queries."""

    def __init__(self, organization_id: UUID, at: datetime, only: Collection[UUID] | None) -> None:
        memberships = Membership.objects.filter(organization_id=organization_id, status=Membership.Status.ACTIVE)
        places = TeamMembership.objects.filter(organization_id=organization_id)
        grants = Grant.objects.filter(live_at(at), organization_id=organization_id)
        if only is not None:
            memberships = memberships.filter(pk__in=only)
            places = places.filter(pk__in=only)
        related = ("team__parent", "membership__user", "added_by")
        self.places = genuine(with_seal(places.select_related(*related).order_by("added_at", "uid")))
        if only is not None:
            above = {uid for place in self.places for uid in (place.team_id, place.team.parent_id) if uid}
            grants = grants.filter(Q(pk__in=only) | Q(team_id__in=above))
        self.memberships = genuine(with_seal(memberships.select_related("user").order_by("joined_at", "uid")))
        self.grants = genuine(with_seal(grants.select_related(*GRANT_ROWS).order_by("granted_at", "uid")))
        custom = {grant.custom_role_id for grant in self.grants if grant.custom_role_id}
        roles = CustomRole.objects.filter(organization_id=organization_id, pk__in=custom)
        self.roles = {role.uid: role for role in genuine(with_seal(roles))}
        self.of_team: dict[UUID, list[Grant]] = defaultdict(list)
        for grant in self.grants:
            if grant.team_id is not None:
                self.of_team[grant.team_id].append(grant)


def sources_in(organization_id: UUID, project_id: UUID | None, at: datetime) -> list[Source]:
    """Everything that anybody has in an organization; of a project, what reaches any of it.

    Owners and admins reach every project by their role, other roles none.
    """
    rows = _Rows(organization_id, at, None)
    alone = _alone_in_teams(organization_id)
    roles = [_of_role(each) for each in rows.memberships if project_id is None or each.role in BROAD]
    grants = [each for each in rows.grants if project_id is None or each.project_id in (None, project_id)]
    reaching = {grant.team_id for grant in grants if grant.team_id}
    places = [
        _of_place(each, rows)
        for each in rows.places
        if project_id is None or {each.team_id, each.team.parent_id} & reaching
    ]
    return [*roles, *places, *(_of_grant(each, rows, alone) for each in grants)]


def sources_of(organization_id: UUID, lines: Iterable[ReviewLine], at: datetime) -> Mapping[UUID, Source]:
    """By uid of the line, what its source is now; one that is gone is not in it."""
    lines = list(lines)
    if not lines:
        return {}
    wanted = {line.source for line in lines}
    rows = _Rows(organization_id, at, wanted)
    alone = _alone_in_teams(organization_id, {grant.team_id for grant in rows.grants if grant.team_id})
    found = {
        **{(Kind.ROLE, each.uid): _of_role(each) for each in rows.memberships},
        **{(Kind.PLACE, each.uid): _of_place(each, rows) for each in rows.places},
        **{(Kind.GRANT, each.uid): _of_grant(each, rows, alone) for each in rows.grants if each.uid in wanted},
    }
    return {line.uid: found[key] for line in lines if (key := (Kind(line.kind), line.source)) in found}


def _of_role(membership: Membership) -> Source:
    role = Role(membership.role)
    broad = role in BROAD
    return Source(
        kind=Kind.ROLE,
        row=membership,
        subject_kind="member",
        about=membership.uid,
        team=None,
        subject_label=person_label(membership),
        role_label=role.label,
        scope_label=EVERYWHERE,
        highest=Classification.CRITICAL if broad else Classification.INTERNAL,
        singly=broad,
        starts_at=None,
        ends_at=None,
        granted_at=membership.joined_at,
        granted_label="",
        state=_state("role", role.value),
    )


def _of_place(place: TeamMembership, rows: _Rows) -> Source:
    grants = [*rows.of_team.get(place.team_id, ()), *rows.of_team.get(place.team.parent_id or place.team_id, ())]
    given = {grant.uid: grant for grant in grants}
    return Source(
        kind=Kind.PLACE,
        row=place,
        subject_kind="member",
        about=place.membership_id,
        team=place.team_id,
        subject_label=person_label(place.membership),
        role_label="Member of the team",
        scope_label=place.team.name,
        highest=max((Classification(each.highest) for each in given.values()), default=Classification.INTERNAL),
        singly=any(_stands_alone(each) for each in given.values()),
        starts_at=None,
        ends_at=None,
        granted_at=place.added_at,
        granted_label=place.added_by.name if place.added_by else "",
        state=_state("place", *sorted(_grant_state(each, rows) for each in given.values())),
    )


def _of_grant(grant: Grant, rows: _Rows, alone: Mapping[UUID, UUID]) -> Source:
    member = grant.membership
    return Source(
        kind=Kind.GRANT,
        row=grant,
        subject_kind=grant.subject_kind,
        about=grant.membership_id or (alone.get(grant.team_id) if grant.team_id else None),
        team=grant.team_id,
        subject_label=str(grant.team or grant.machine or "Every member") if member is None else person_label(member),
        role_label=grant.role_label,
        scope_label=scope_label(grant),
        highest=Classification(grant.highest),
        singly=_stands_alone(grant),
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
        granted_at=grant.granted_at,
        granted_label=grant.granted_by.name if grant.granted_by else "",
        state=_grant_state(grant, rows),
    )


def _stands_alone(grant: Grant) -> bool:
    """Whether it is too much to be confirmed along with others: critical, a broad role, or the whole organization."""
    return grant.highest == Classification.CRITICAL or grant.role in BROAD or grant.project_id is None


def person_label(membership: Membership) -> str:
    """A person, so that two of the same name are told apart."""
    return f"{membership.user.name} ({membership.user.email})"


def _grant_state(grant: Grant, rows: _Rows) -> str:
    role = rows.roles.get(grant.custom_role_id) if grant.custom_role_id else None
    return _state(
        "grant",
        grant.subject_kind,
        str(grant.membership_id or grant.team_id or grant.machine_id),
        grant.role or ("" if role is None else str(role.uid)),
        *(() if role is None else sorted(role.permissions)),
        str(grant.project_id),
        str(grant.environment_id),
        grant.path,
        str(int(grant.highest)),
        canonical_time(grant.starts_at),
        canonical_time(grant.ends_at) if grant.ends_at else "",
        str(grant.approvals),
    )


def _state(*parts: str) -> str:
    return hashlib.sha256(canonical_json(list(parts), where="the state of a source")).hexdigest()


def _alone_in_teams(organization_id: UUID, teams: Collection[UUID] | None = None) -> Mapping[UUID, UUID]:
    """By team, the one active member whom its grants reach, where there is just one: in it, or in a team below it."""
    places = TeamMembership.objects.filter(
        organization_id=organization_id,
        membership__status=Membership.Status.ACTIVE,
        membership__user__is_active=True,
    )
    if teams is not None:
        places = places.filter(Q(team_id__in=teams) | Q(team__parent_id__in=teams))
    members: dict[UUID, set[UUID]] = defaultdict(set)
    for place in genuine(with_seal(places.select_related("team"))):
        for team in (place.team_id, place.team.parent_id):
            if team is not None:
                members[team].add(place.membership_id)
    return {team: next(iter(found)) for team, found in members.items() if len(found) == 1}


def last_uses(organization_id: UUID, sources: Iterable[Source]) -> Mapping[UUID, datetime]:
    """By uid of the source, when the log last saw it used, in two queries.

    A grant: when it last decided that something about a secret was allowed. A role or a place in a team: when the
    person last did anything in the organization.
    """
    done = Event.objects.filter(organization_id=organization_id, outcome=Outcome.SUCCESS.value).order_by()
    of_grants: dict[Any, datetime] = dict(
        done.filter(resource_kind=ResourceKind.SECRET.value, details__has_key="grant")
        .values_list(KT("details__grant"))
        .annotate(last=Max("occurred_at"))
    )
    of_people: dict[str, datetime] = dict(done.values_list("actor_id").annotate(last=Max("occurred_at")))
    found = {}
    for each in sources:
        row = each.row
        if isinstance(row, Grant):
            last = of_grants.get(str(row.uid))
        else:
            person = row.user_id if isinstance(row, Membership) else row.membership.user_id
            last = of_people.get(str(person))
        if last is not None:
            found[row.uid] = last
    return found

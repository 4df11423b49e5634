"""What the rows that grant authority give to whom: pure, of rows that are at hand.

One decision, the list of everybody who reaches a secret, and what would be if a row were different are all made here,
of a few rows, of all of an organization's, and of changed copies of them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils import formats, timezone

from orgs.classification import Classification
from orgs.demands import DEMANDS, Demands
from orgs.models import ClassPolicy, CustomRole, Grant, Machine, Membership, Team, TeamMembership
from orgs.permissions.catalogue import ROLE_PERMISSIONS, Permission
from orgs.permissions.standing import Holding, Standing
from orgs.places import Scope
from orgs.roles import Role

Subject = Membership | Machine

BROAD = frozenset({Role.OWNER, Role.ADMIN})
"""Roles that hold in the whole organization. The others say only that one belongs to it; grants give the rest."""

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Authority:
    """Rows that say who may do what, all of them genuine: active memberships, machines that are not disabled, and
    grants that are not revoked, with their projects, environments and teams loaded."""

    memberships: tuple[Membership, ...] = ()
    machines: tuple[Machine, ...] = ()
    team_memberships: tuple[TeamMembership, ...] = ()
    teams: tuple[Team, ...] = ()
    grants: tuple[Grant, ...] = ()
    roles: tuple[CustomRole, ...] = ()
    policies: tuple[ClassPolicy, ...] = ()

    def with_rows(self, **rows: Iterable[Any]) -> "Authority":
        """The same with other rows of some kinds."""
        return replace(self, **{kind: tuple(found) for kind, found in rows.items()})

    def standings(self) -> Iterator[tuple[Subject, Standing]]:
        """The standing of each member and each machine.

        Those to whom the same rows give the same share one and the same standing, so that what is worked out of it
        can be worked out once.
        """
        given = _Given(self)
        for membership in self.memberships:
            yield membership, given.to_member(membership)
        for machine in self.machines:
            yield machine, given.to_machine(machine)

    def teams_of(self) -> Mapping[UUID, frozenset[UUID]]:
        """By membership, the teams whose grants reach it: its own, and the ones right above those."""
        teams = {each.uid: each for each in self.teams}
        found: dict[UUID, set[UUID]] = defaultdict(set)
        for row in self.team_memberships:
            team = teams.get(row.team_id)
            if team is not None and team.organization_id == row.organization_id:
                found[row.membership_id].update({team.uid} if team.parent_id is None else {team.uid, team.parent_id})
        return {uid: frozenset(uids) for uid, uids in found.items()}


def own_holding(membership: Membership) -> Holding:
    """What the membership itself gives."""
    role = Role(membership.role)
    allowed = ROLE_PERMISSIONS[role] if role in BROAD else frozenset({Permission.ORG_VIEW})
    return Holding(allowed, Scope(membership.organization_id), f"the role {role.label}")


def demands_of(policy: ClassPolicy) -> Demands:
    """What the policy asks for."""
    return Demands(**{name: getattr(policy, name) for name in DEMANDS})


def scope_label(grant: Grant) -> str:
    """Where a grant holds, in words: for a grant whose project and environment are loaded."""
    parts = [str(each) for each in (grant.project, grant.environment) if each is not None]
    if grant.path:
        parts.append(f"{grant.path}/")
    return " / ".join(parts) if parts else "the whole organization"


class _Given:
    """What rows give, found by subject."""

    def __init__(self, authority: Authority) -> None:
        self._roles = {each.uid: each for each in authority.roles}
        self._teams = authority.teams_of()
        self._demands: dict[UUID, dict[Classification, Demands]] = defaultdict(dict)
        for policy in authority.policies:
            self._demands[policy.organization_id][Classification(policy.classification)] = demands_of(policy)
        # Of two that allow the same, the one that holds longer is the one to name.
        grants = sorted(authority.grants, key=_lasting, reverse=True)
        self._place = {grant.uid: place for place, grant in enumerate(grants)}
        self._everyone = _by(grants, Grant.SubjectKind.EVERYONE, lambda grant: grant.organization_id)
        self._member = _by(grants, Grant.SubjectKind.MEMBER, lambda grant: grant.membership_id)
        self._team = _by(grants, Grant.SubjectKind.TEAM, lambda grant: grant.team_id)
        self._machine = _by(grants, Grant.SubjectKind.MACHINE, lambda grant: grant.machine_id)
        self._held: dict[tuple[UUID, Role | None], Holding | None] = {}
        self._standings: dict[tuple[object, ...], Standing] = {}

    def to_member(self, membership: Membership) -> Standing:
        role, teams = Role(membership.role), self._teams.get(membership.uid, frozenset())
        own = self._member.get(membership.uid, ())
        shared = (membership.organization_id, role, teams)
        if not own and (found := self._standings.get(shared)) is not None:
            return found
        grants = [*self._everyone.get(membership.organization_id, ()), *own]
        grants += (grant for team in teams for grant in self._team.get(team, ()))
        standing = Standing(
            organization=membership.organization_id,
            title=role.label,
            holdings=(own_holding(membership), *self._holdings(grants, membership.organization_id, role)),
            demands=self._demands.get(membership.organization_id, {}),
        )
        if not own:
            self._standings[shared] = standing
        return standing

    def to_machine(self, machine: Machine) -> Standing:
        """A machine holds what it was granted, and nothing because a project is open."""
        return Standing(
            organization=machine.organization_id,
            title="of this machine",
            holdings=tuple(self._holdings(self._machine.get(machine.uid, ()), machine.organization_id, None)),
            demands=self._demands.get(machine.organization_id, {}),
        )

    def _holdings(self, grants: Iterable[Grant], organization: UUID, own: Role | None) -> Iterator[Holding]:
        for grant in sorted(grants, key=lambda grant: self._place[grant.uid]):
            key = (grant.uid, own if grant.subject_kind == Grant.SubjectKind.EVERYONE else None)
            if key not in self._held:
                self._held[key] = holding_of(grant, self._roles, own)
            held = self._held[key]
            if held is not None and grant.organization_id == organization:
                yield held


def _by(
    grants: Iterable[Grant], kind: Grant.SubjectKind, key: Callable[[Grant], UUID | None]
) -> Mapping[UUID | None, list[Grant]]:
    found: dict[UUID | None, list[Grant]] = defaultdict(list)
    for grant in grants:
        if grant.subject_kind == kind:
            found[key(grant)].append(grant)
    return found


def _lasting(grant: Grant) -> tuple[bool, datetime, int]:
    return grant.ends_at is None, grant.ends_at or _LONG_AGO, grant.uid.int


def holding_of(grant: Grant, roles: Mapping[UUID, CustomRole], own: Role | None) -> Holding | None:
    """What the grant gives to somebody whose own role is `own` (None: a machine). None if its role is not there."""
    if grant.custom_role_id is not None:
        role = roles.get(grant.custom_role_id)
        if role is None or role.organization_id != grant.organization_id:
            return None
        allowed, label = permissions_named(role.permissions), role.name
    else:
        allowed, label = ROLE_PERMISSIONS[Role(grant.role)], Role(grant.role).label
    if grant.subject_kind == Grant.SubjectKind.EVERYONE and own is Role.VIEWER:
        allowed &= ROLE_PERMISSIONS[Role.VIEWER]
    return Holding(
        permissions=allowed,
        scope=Scope(grant.organization_id, grant.project_id, grant.environment_id, grant.path),
        because=_because(grant, label),
        highest=Classification(grant.highest),
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
        approvals=grant.approvals,
        grant=grant.uid,
    )


def permissions_named(names: Iterable[str]) -> frozenset[Permission]:
    """The permissions of a role of an organization's own. A name that none has (any more) gives nothing."""
    return frozenset(Permission(name) for name in names if name in Permission.__members__.values())


def _because(grant: Grant, role: str) -> str:
    where = scope_label(grant)
    if grant.subject_kind == Grant.SubjectKind.EVERYONE:
        return f"{where} is open to every member as {role}"
    through = f" through the team {grant.team.name}" if grant.team is not None else ""
    until = ""
    if grant.ends_at is not None:
        until = f" until {formats.date_format(timezone.localtime(grant.ends_at), 'j M Y, H:i e')}"
    return f"the grant of {role} on {where}{through}{until}"

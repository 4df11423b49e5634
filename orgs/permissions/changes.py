"""Changes of authority that somebody thinks of, each as a function of all that is known: pure, and nothing is saved.

What a change would do is what `orgs.permissions.authority` makes of the rows as they would be then. A row that is not
there, or of another organization, changes nothing: services refuse it, in their own words.
"""

from collections.abc import Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from uuid import UUID

from django.db.models import Model

from orgs.classification import Classification
from orgs.models import Grant, TeamMembership
from orgs.permissions.authority import Authority
from orgs.permissions.catalogue import Permission
from orgs.roles import Role

M = TypeVar("M", bound=Model)


class Change(Protocol):
    """What would be different."""

    def applied_to(self, authority: Authority) -> Authority:
        """The authority as it would be."""


@dataclass(frozen=True, slots=True)
class GiveGrant:
    """A grant that is not stored yet, with its project, environment, team and role set as objects."""

    grant: Grant

    def applied_to(self, authority: Authority) -> Authority:
        role = self.grant.custom_role
        known = {each.uid for each in authority.roles}
        roles = authority.roles if role is None or role.uid in known else (*authority.roles, role)
        return authority.with_rows(grants=(*authority.grants, self.grant), roles=roles)


@dataclass(frozen=True, slots=True)
class ChangeGrant:
    """Other values of columns of a grant, such as `ends_at` or `highest`."""

    grant: UUID
    values: Mapping[str, Any]

    def applied_to(self, authority: Authority) -> Authority:
        return authority.with_rows(grants=_changed(authority.grants, {self.grant}, **self.values))


@dataclass(frozen=True, slots=True)
class RevokeGrant:
    """A grant, no more."""

    grant: UUID

    def applied_to(self, authority: Authority) -> Authority:
        return authority.with_rows(grants=_without(authority.grants, {self.grant}))


@dataclass(frozen=True, slots=True)
class OpenProject(GiveGrant):
    """A project for every member: the grant to everyone, which takes the place of the one before it."""

    def applied_to(self, authority: Authority) -> Authority:
        closed = RestrictProject(self.grant.project_id).applied_to(authority) if self.grant.project_id else authority
        return GiveGrant(self.grant).applied_to(closed)


@dataclass(frozen=True, slots=True)
class RestrictProject:
    """A project for those alone whom a grant of their own or of a team of theirs reaches."""

    project: UUID

    def applied_to(self, authority: Authority) -> Authority:
        open_ = (
            grant.subject_kind == Grant.SubjectKind.EVERYONE and grant.project_id == self.project
            for grant in authority.grants
        )
        kept = [grant for grant, goes in zip(authority.grants, open_, strict=True) if not goes]
        return authority.with_rows(grants=kept)


@dataclass(frozen=True, slots=True)
class EditRole:
    """Other permissions of a role of the organization's own."""

    role: UUID
    permissions: Collection[Permission]

    def applied_to(self, authority: Authority) -> Authority:
        names = sorted(self.permissions)
        return authority.with_rows(roles=_changed(authority.roles, {self.role}, permissions=names))


@dataclass(frozen=True, slots=True)
class JoinTeam:
    """Members who come into a team."""

    team: UUID
    memberships: Collection[UUID]

    def applied_to(self, authority: Authority) -> Authority:
        there = {(row.team_id, row.membership_id) for row in authority.team_memberships}
        organization = {each.uid: each.organization_id for each in authority.memberships}
        joined = [
            TeamMembership(organization_id=organization[uid], team_id=self.team, membership_id=uid)
            for uid in self.memberships
            if uid in organization and (self.team, uid) not in there
        ]
        return authority.with_rows(team_memberships=(*authority.team_memberships, *joined))


@dataclass(frozen=True, slots=True)
class LeaveTeam:
    """Members who go out of a team."""

    team: UUID
    memberships: Collection[UUID]

    def applied_to(self, authority: Authority) -> Authority:
        gone = set(self.memberships)
        kept = [row for row in authority.team_memberships if row.team_id != self.team or row.membership_id not in gone]
        return authority.with_rows(team_memberships=kept)


@dataclass(frozen=True, slots=True)
class NestTeam:
    """Another team above a team, or none."""

    team: UUID
    parent: UUID | None

    def applied_to(self, authority: Authority) -> Authority:
        return authority.with_rows(teams=_changed(authority.teams, {self.team}, parent_id=self.parent))


@dataclass(frozen=True, slots=True)
class DeleteTeam:
    """A team, its grants and the places in it, no more; teams below it stand alone."""

    team: UUID

    def applied_to(self, authority: Authority) -> Authority:
        below = {each.uid for each in authority.teams if each.parent_id == self.team}
        return authority.with_rows(
            teams=_without(_changed(authority.teams, below, parent_id=None), {self.team}),
            team_memberships=[row for row in authority.team_memberships if row.team_id != self.team],
            grants=[grant for grant in authority.grants if grant.team_id != self.team],
        )


@dataclass(frozen=True, slots=True)
class ChangeRole:
    """Another built-in role of a member."""

    membership: UUID
    role: Role

    def applied_to(self, authority: Authority) -> Authority:
        return authority.with_rows(memberships=_changed(authority.memberships, {self.membership}, role=self.role))


@dataclass(frozen=True, slots=True)
class RemoveMember:
    """A member, no more, with what was granted to that member and the places in teams."""

    membership: UUID

    def applied_to(self, authority: Authority) -> Authority:
        return authority.with_rows(
            memberships=_without(authority.memberships, {self.membership}),
            team_memberships=[row for row in authority.team_memberships if row.membership_id != self.membership],
            grants=[grant for grant in authority.grants if grant.membership_id != self.membership],
        )


@dataclass(frozen=True, slots=True)
class DisableMachine:
    """A machine that may do nothing any more."""

    machine: UUID

    def applied_to(self, authority: Authority) -> Authority:
        return authority.with_rows(machines=_without(authority.machines, {self.machine}))


@dataclass(frozen=True, slots=True)
class ChangePolicy:
    """Another number of approvals that the policy of a class asks for."""

    classification: Classification
    approvals: int

    def applied_to(self, authority: Authority) -> Authority:
        named = {each.uid for each in authority.policies if each.classification == self.classification}
        return authority.with_rows(policies=_changed(authority.policies, named, approvals=self.approvals))


@dataclass(frozen=True, slots=True)
class Together:
    """Several changes, one after the other."""

    changes: tuple[Change, ...]

    def applied_to(self, authority: Authority) -> Authority:
        for change in self.changes:
            authority = change.applied_to(authority)
        return authority


def _changed(rows: Iterable[M], uids: Collection[UUID], **values: Any) -> list[M]:
    """The rows, of which those named are copies with other values."""
    return [_with(row, values) if row.pk in uids else row for row in rows]


def _with(row: M, values: Mapping[str, Any]) -> M:
    changed = copy(row)
    for name, value in values.items():
        setattr(changed, name, value)
    return changed


def _without(rows: Iterable[M], uids: Collection[UUID]) -> list[M]:
    return [row for row in rows if row.pk not in uids]

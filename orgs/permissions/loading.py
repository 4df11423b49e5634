"""What is known about an actor in an organization, read from the rows that grant authority.

As many queries for many grants as for few. A row whose seal does not hold counts for nothing (`vault.seals`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import TypeAlias
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import formats, timezone

from accounts.models import User
from orgs.classification import Classification
from orgs.models import ClassPolicy, CustomRole, Grant, Machine, Membership, Team, TeamMembership
from orgs.permissions.catalogue import NEEDS_APPROVAL, ROLE_PERMISSIONS, Permission
from orgs.permissions.standing import Holding, Standing
from orgs.places import Place, Scope
from orgs.roles import Role
from vault.seals import genuine, with_seal

Actor: TypeAlias = User | Machine | AnonymousUser

STRANGER = "not a member of the organization"
NOBODY = "not signed in to an active account"

_BROAD = frozenset({Role.OWNER, Role.ADMIN})
"""Roles that hold in the whole organization. The others say only that one belongs to it; grants give the rest."""


def hold_authority(organization_id: UUID) -> None:
    """Let nobody's authority in the organization change before this transaction ends.

    Shared among those who only look; every change of authority wants the row for itself (`lock_organization`), and
    waits for them, or they for it. On SQLite the transaction itself is the lock.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM orgs_organization WHERE uid = %s FOR SHARE", [organization_id])


def standing_of(
    actor: Actor, organization_id: UUID, *, permissions: Collection[Permission], place: Place | None = None
) -> Standing:
    """The standing in one organization, as far as it matters to these permissions, and to `place` if one is given."""
    return standings_of(actor, [organization_id], permissions=permissions, place=place)[organization_id]


def standings_of(
    actor: Actor,
    organization_ids: Iterable[UUID] | None = None,
    *,
    permissions: Collection[Permission],
    place: Place | None = None,
) -> Mapping[UUID, Standing]:
    """The standing in each of these organizations; without them, in each that the actor belongs to.

    One query for memberships, and at most five more whatever there is: places in teams, teams, grants, roles of the
    organizations' own, policies. None is made that cannot matter.
    """
    named = None if organization_ids is None else list(organization_ids)
    if isinstance(actor, Machine):
        return (
            {actor.organization_id: _machine_standing(actor, permissions, place)}
            if (named is None or actor.organization_id in named) and actor.is_active
            else _refused(named, STRANGER)
        )
    if not isinstance(actor, User) or not actor.is_active:
        return _refused(named, NOBODY)
    memberships = Membership.objects.filter(user_id=actor.pk, status=Membership.Status.ACTIVE)
    if named is not None:
        memberships = memberships.filter(organization_id__in=named)
    by_organization = {each.organization_id: each for each in genuine(with_seal(memberships))}
    needs_policies = not NEEDS_APPROVAL.isdisjoint(permissions)
    granted = _holdings_of_members(list(by_organization.values()), permissions, place)
    approvals = _approvals(by_organization) if needs_policies else {}
    standings = _refused([uid for uid in named or () if uid not in by_organization], STRANGER)
    for uid, membership in by_organization.items():
        role = Role(membership.role)
        standings[uid] = Standing(
            organization=uid,
            title=role.label,
            holdings=(_own(membership), *granted[membership.uid]),
            approvals=approvals.get(uid, {}),
        )
    return standings


def _refused(organization_ids: Iterable[UUID] | None, why: str) -> dict[UUID, Standing]:
    return {uid: Standing(organization=uid, refusal=why) for uid in organization_ids or ()}


def _own(membership: Membership) -> Holding:
    """What the membership itself gives."""
    role = Role(membership.role)
    allowed = ROLE_PERMISSIONS[role] if role in _BROAD else frozenset({Permission.ORG_VIEW})
    return Holding(allowed, Scope(membership.organization_id), f"the role {role.label}")


def _holdings_of_members(
    memberships: list[Membership], permissions: Collection[Permission], place: Place | None
) -> Mapping[UUID, list[Holding]]:
    """By membership, what grants give: to the member, to a team of theirs or the one above it, or to everyone."""
    found: dict[UUID, list[Holding]] = defaultdict(list)
    waiting = [each for each in memberships if not _suffices(each, permissions)]
    if not waiting:
        return found
    teams = _teams(waiting)
    everyone = Q(
        subject_kind=Grant.SubjectKind.EVERYONE, organization_id__in=[each.organization_id for each in waiting]
    )
    mine = Q(membership_id__in=[each.uid for each in waiting])
    theirs = Q(team_id__in={uid for each in teams.values() for uid in each})
    grants = _live(Grant.objects.filter(everyone | mine | theirs), place)
    roles = _custom_roles(grants)
    for membership in waiting:
        for grant in grants:
            if grant.organization_id == membership.organization_id and _is_for(grant, membership, teams):
                holding = _holding(grant, roles, Role(membership.role))
                if holding is not None:
                    found[membership.uid].append(holding)
    return found


def _suffices(membership: Membership, permissions: Collection[Permission]) -> bool:
    """Whether grants could add nothing: the membership holds all that is asked for, and no approval is."""
    return _own(membership).permissions.issuperset(permissions) and NEEDS_APPROVAL.isdisjoint(permissions)


def _is_for(grant: Grant, membership: Membership, teams: Mapping[UUID, frozenset[UUID]]) -> bool:
    match Grant.SubjectKind(grant.subject_kind):
        case Grant.SubjectKind.EVERYONE:
            return True
        case Grant.SubjectKind.MEMBER:
            return grant.membership_id == membership.uid
        case Grant.SubjectKind.TEAM:
            return grant.team_id in teams.get(membership.uid, frozenset())
    return False


def _teams(memberships: Collection[Membership]) -> Mapping[UUID, frozenset[UUID]]:
    """By membership, the teams whose grants reach it: its own, and the ones right above those."""
    rows = genuine(with_seal(TeamMembership.objects.filter(membership_id__in=[each.uid for each in memberships])))
    uids = {row.team_id for row in rows}
    teams = {each.uid: each for each in genuine(with_seal(Team.objects.filter(pk__in=uids)))} if uids else {}
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for row in rows:
        team = teams.get(row.team_id)
        if team is not None and team.organization_id == row.organization_id:
            found[row.membership_id].update({team.uid} if team.parent_id is None else {team.uid, team.parent_id})
    return {uid: frozenset(teams) for uid, teams in found.items()}


def _live(grants: QuerySet[Grant], place: Place | None) -> list[Grant]:
    """The genuine ones that are not revoked. Their windows are judged later, at the moment that is asked about."""
    grants = grants.filter(revoked_at__isnull=True).select_related("project", "environment", "team")
    if place is not None and place.project is not None:
        grants = grants.filter(Q(project_id__isnull=True) | Q(project_id=place.project))
        if place.environment is not None:
            grants = grants.filter(Q(environment_id__isnull=True) | Q(environment_id=place.environment))
    return genuine(with_seal(grants))


def _custom_roles(grants: Iterable[Grant]) -> Mapping[UUID, CustomRole]:
    uids = {grant.custom_role_id for grant in grants if grant.custom_role_id is not None}
    if not uids:
        return {}
    return {role.uid: role for role in genuine(with_seal(CustomRole.objects.filter(pk__in=uids)))}


def _holding(grant: Grant, roles: Mapping[UUID, CustomRole], own: Role | None) -> Holding | None:
    """What the grant gives to somebody whose own role is `own` (None: a machine). None if its role is not there."""
    if grant.custom_role_id is not None:
        role = roles.get(grant.custom_role_id)
        if role is None or role.organization_id != grant.organization_id:
            return None
        allowed, label = _known(role.permissions), role.name
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


def _known(names: Iterable[str]) -> frozenset[Permission]:
    """A name that no permission has (any more) gives nothing."""
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


def scope_label(grant: Grant) -> str:
    """Where a grant holds, in words: for a grant whose project and environment are loaded."""
    parts = [str(each) for each in (grant.project, grant.environment) if each is not None]
    if grant.path:
        parts.append(f"{grant.path}/")
    return " / ".join(parts) if parts else "the whole organization"


def _approvals(organization_ids: Iterable[UUID]) -> Mapping[UUID, Mapping[Classification, int]]:
    policies = ClassPolicy.objects.filter(organization_id__in=list(organization_ids))
    found: dict[UUID, dict[Classification, int]] = defaultdict(dict)
    for policy in genuine(with_seal(policies)):
        found[policy.organization_id][Classification(policy.classification)] = policy.approvals
    return found


def _machine_standing(machine: Machine, permissions: Collection[Permission], place: Place | None) -> Standing:
    """A machine holds what it was granted, and nothing because a project is open."""
    grants = _live(Grant.objects.filter(machine_id=machine.uid, organization_id=machine.organization_id), place)
    roles = _custom_roles(grants)
    holdings = tuple(held for grant in grants if (held := _holding(grant, roles, None)) is not None)
    needs_policies = not NEEDS_APPROVAL.isdisjoint(permissions)
    return Standing(
        organization=machine.organization_id,
        title="of this machine",
        holdings=holdings,
        approvals=_approvals([machine.organization_id]).get(machine.organization_id, {}) if needs_policies else {},
    )

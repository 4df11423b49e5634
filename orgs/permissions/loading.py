"""What is known about actors in organizations, read from the rows that grant authority.

As many queries for many grants as for few. A row whose seal does not hold counts for nothing (`vault.seals`).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import product
from typing import TypeAlias
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import User
from orgs.classification import Classification
from orgs.models import ClassPolicy, CustomRole, Grant, Machine, Membership, Team, TeamMembership
from orgs.permissions.authority import Authority, Subject, own_holding
from orgs.permissions.catalogue import NEEDS_APPROVAL, Permission
from orgs.permissions.origins import barred
from orgs.permissions.standing import Standing
from orgs.places import Place
from vault.seals import Fault, genuine, is_genuine, with_seal
from vault.seals.reporting import Broken, report

Actor: TypeAlias = User | Machine | AnonymousUser

STRANGER = "not a member of the organization"
NOBODY = "not signed in to an active account"


def hold_authority(organization_id: UUID) -> None:
    """Let nobody's authority in the organization change before this transaction ends.

    Shared among those who only look; every change of authority wants the row for itself (`lock_organization`), and
    waits for them, or they for it. On SQLite the transaction itself is the lock.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM orgs_organization WHERE uid = %s FOR SHARE", [organization_id])


def standing_of(
    actor: Actor,
    organization_id: UUID,
    *,
    permissions: Collection[Permission],
    place: Place | None = None,
    here: bool = True,
) -> Standing:
    """The standing in one organization, as far as it matters to these permissions, and to `place` if one is given."""
    return standings_of(actor, [organization_id], permissions=permissions, place=place, here=here)[organization_id]


def standings_of(
    actor: Actor,
    organization_ids: Iterable[UUID] | None = None,
    *,
    permissions: Collection[Permission],
    place: Place | None = None,
    here: bool = True,
) -> Mapping[UUID, Standing]:
    """The standing in each of these organizations; without them, in each that the actor belongs to.

    One query for memberships, and at most seven more whatever there is: networks (two), places in teams, teams, grants,
    roles of the organizations' own, policies. None is made that cannot matter. `here`: the actor is who makes this
    request, and asks from where it comes; to be denied only in questions about somebody else.
    """
    named = None if organization_ids is None else list(organization_ids)
    subjects: list[Subject]
    if isinstance(actor, Machine):
        within = named is None or actor.organization_id in named
        subjects = [actor] if within and actor.is_active and is_genuine(actor) else []
    elif isinstance(actor, User) and actor.is_active:
        memberships = Membership.objects.filter(user_id=actor.pk, status=Membership.Status.ACTIVE)
        memberships = memberships.filter(user__is_active=True)  # as it is now: the actor was read when they came
        if named is not None:
            memberships = memberships.filter(organization_id__in=named)
        subjects = list(genuine(with_seal(memberships)))
    else:
        return {uid: Standing(organization=uid, refusal=NOBODY) for uid in named or ()}
    found = {each.organization_id: each.uid for each in subjects}
    standings = standings_of_subjects(subjects, permissions=permissions, place=place)
    outside = barred(subjects) if here else {}
    standings = {
        uid: replace(standing, refusal=outside[uid], outside=True) if uid in outside else standing
        for uid, standing in standings.items()
    }
    return {
        **{uid: Standing(organization=uid, refusal=STRANGER) for uid in named or () if uid not in found},
        **{organization: standings[uid] for organization, uid in found.items()},
    }


def standings_of_subjects(
    subjects: Iterable[Subject], *, permissions: Collection[Permission], place: Place | None = None
) -> Mapping[UUID, Standing]:
    """By uid, the standings of active members and machines whose rows are genuine: at most five queries, however many
    there are of them."""
    subjects = list(subjects)
    memberships = [each for each in subjects if isinstance(each, Membership)]
    machines = [each for each in subjects if isinstance(each, Machine)]
    authority = Authority(memberships=tuple(memberships), machines=tuple(machines))
    if not NEEDS_APPROVAL.isdisjoint(permissions):
        authority = authority.with_rows(policies=_policies({each.organization_id for each in subjects}))
    approving = _approving(authority, place)
    waiting = [each for each in memberships if not _suffices(each, permissions, approving)]
    if waiting or machines:
        authority = _given_to(authority, waiting, place)
    return {subject.uid: standing for subject, standing in authority.standings()}


def authority_in(organization_id: UUID, *, place: Place | None = None) -> Authority:
    """Everything that gives anybody anything in an organization, or in `place`. Seven queries.

    People whose accounts are deactivated, and machines that are disabled, are not among its subjects.
    """
    mine = {"organization_id": organization_id}
    members = Membership.objects.filter(**mine, status=Membership.Status.ACTIVE, user__is_active=True)
    return Authority(
        memberships=tuple(genuine(with_seal(members.select_related("user")))),
        machines=tuple(genuine(with_seal(Machine.objects.filter(**mine, disabled_at__isnull=True)))),
        team_memberships=tuple(genuine(with_seal(TeamMembership.objects.filter(**mine)))),
        teams=tuple(genuine(with_seal(Team.objects.filter(**mine)))),
        grants=tuple(live_grants(Grant.objects.filter(**mine), place)),
        roles=tuple(genuine(with_seal(CustomRole.objects.filter(**mine)))),
        policies=tuple(_policies({organization_id})),
    )


def standings_in(organization_id: UUID, *, place: Place | None = None) -> list[tuple[Subject, Standing]]:
    """The standing of every member and every machine, as far as it matters to `place` if one is given: seven queries.

    Each is what `standing_of` gives for that one. Those who hold the same share one standing.
    """
    return list(authority_in(organization_id, place=place).standings())


def live_grants(grants: QuerySet[Grant], place: Place | None = None) -> list[Grant]:
    """The genuine ones that are not revoked. Their windows are judged later, at the moment that is asked about."""
    return genuine(with_seal(_touching(grants, place).select_related("project", "environment", "team")))


def _touching(grants: QuerySet[Grant], place: Place | None) -> QuerySet[Grant]:
    """Those that are not revoked and may reach something of `place`."""
    grants = grants.filter(revoked_at__isnull=True)
    if place is not None and place.project is not None:
        grants = grants.filter(Q(project_id__isnull=True) | Q(project_id=place.project))
        if place.environment is not None:
            grants = grants.filter(Q(environment_id__isnull=True) | Q(environment_id=place.environment))
    return grants


def _policies(organization_ids: Collection[UUID]) -> list[ClassPolicy]:
    """The policies of organizations. Each has one for every class; one that is gone is reported, and opens nothing."""
    found = list(with_seal(ClassPolicy.objects.filter(organization_id__in=organization_ids)))
    there = {(each.organization_id, each.classification) for each in found}
    for uid, each in product(organization_ids, Classification):
        if (uid, each) not in there:
            fault = f"{Fault.GONE}: that of what is {each.word}"
            report(Broken(ClassPolicy.seal_kind(), uid.hex, fault, uid, ClassPolicy.SEAL_RESOURCE))
    return genuine(found)


def _approving(authority: Authority, place: Place | None) -> frozenset[UUID]:
    """The organizations in which a class that `place` may be of asks for approvals. A class without a policy asks for
    none: no grant opens it either."""
    known = None if place is None else place.classification
    return frozenset(
        each.organization_id for each in authority.policies if each.approvals and known in (None, each.classification)
    )


def _suffices(membership: Membership, permissions: Collection[Permission], approving: Collection[UUID]) -> bool:
    """Whether grants could add nothing: the membership holds all that is asked for, and no approval is asked for."""
    unapproved = membership.organization_id not in approving or NEEDS_APPROVAL.isdisjoint(permissions)
    return unapproved and own_holding(membership).permissions.issuperset(permissions)


def _given_to(authority: Authority, waiting: Collection[Membership], place: Place | None) -> Authority:
    """With the grants that reach the machines and the `waiting` members: their own, to a team of theirs or the one
    above it, or to everyone."""
    grants = Q(machine_id__in=[each.uid for each in authority.machines]) if authority.machines else Q(pk__in=[])
    if waiting:
        places = TeamMembership.objects.filter(membership_id__in=[each.uid for each in waiting])
        if place is not None and place.project is not None:
            # Of many teams, those that have nothing there need no look at their seals.
            given = Grant.objects.filter(organization_id=place.organization, team_id__isnull=False)
            there = _touching(given, place).values("team_id")
            places = places.filter(Q(team_id__in=there) | Q(team__parent_id__in=there))
        authority = authority.with_rows(team_memberships=genuine(with_seal(places)))
        uids = {row.team_id for row in authority.team_memberships}
        if uids:
            authority = authority.with_rows(teams=genuine(with_seal(Team.objects.filter(pk__in=uids))))
        grants |= Q(
            subject_kind=Grant.SubjectKind.EVERYONE, organization_id__in={each.organization_id for each in waiting}
        )
        grants |= Q(membership_id__in=[each.uid for each in waiting])
        grants |= Q(team_id__in={uid for each in authority.teams_of().values() for uid in each})
    found = live_grants(Grant.objects.filter(grants), place)
    roles = {grant.custom_role_id for grant in found if grant.custom_role_id is not None}
    return authority.with_rows(
        grants=found, roles=genuine(with_seal(CustomRole.objects.filter(pk__in=roles))) if roles else ()
    )

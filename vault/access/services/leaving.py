"""The end of a membership: what was theirs is handed over, or left on purpose, and all their access ends at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.sessions import end_sessions
from audit.actions import Action, ResourceKind
from audit.services import append
from orgs.errors import OrganizationError
from orgs.models import CustomRole, Grant, Membership, Organization, Team
from orgs.permissions import Permission
from orgs.roles import Role
from orgs.selectors import member_for, object_for, organizations_of, require, team_for
from orgs.services import leave_organization, remove_member
from orgs.services.authority import lock_organization
from orgs.services.grants import Terms, append_grant_event, drafted_grant, longest_days
from vault.access.errors import InvalidHandover, LeftBehind, PlanChanged
from vault.access.leaving import Place, Plan, plan_of
from vault.access.models import AccessRequest
from vault.access.seen import Seen, seen_by
from vault.access.services.asking import close
from vault.access.services.breaking import end_namings
from vault.access.services.granting import reader_role
from vault.seals import is_genuine, with_seal


@dataclass(frozen=True, slots=True)
class Handover:
    """Who gets what is left behind in an environment: a member or a team, by uid. `writes`: to change it as well as to
    read it."""

    environment: UUID
    member: UUID | None = None
    team: UUID | None = None
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """What came of it. `remaining`: how many secrets were left as they are; `sessions_ended`: how many sessions, to
    be told to nobody but the person."""

    membership: Membership
    grants: Sequence[Grant]
    remaining: int
    sessions_ended: int


@transaction.atomic
def end_membership(
    *,
    actor: User,
    membership: Membership,
    handovers: Sequence[Handover] = (),
    digest: str | None = None,
    confirmation: str = "",
) -> Left:
    """Hands over what the member leaves behind, and ends the membership with all that was granted to it: at once, also
    where a page is open. If it was the person's last one, every session of theirs ends as well.

    One's own takes no more than to be a member. `digest`: of the plan that was shown, None if none was. `confirmation`:
    the member's address, typed, where something is left as it is. Nobody hands over what they do not hold. Raises
    `AccessDenied`, `OrganizationError` as `remove_member` and `give_grant` do, `PlanChanged`, `LeftBehind`,
    `InvalidHandover`.
    """
    organization = lock_organization(membership.organization_id)
    own = membership.user_id == actor.pk
    permission = Permission.ORG_VIEW if own else Permission.MEMBER_MANAGE
    require(actor, permission, organization, kind=ResourceKind.ORGANIZATION)
    target = _active(membership)
    plan = plan_of(organization, target)
    if digest is not None and not constant_time_compare(digest, plan.digest):
        raise PlanChanged
    chosen = _chosen(plan, handovers)
    remaining = plan.number - sum(place.number - place.asking for place in chosen.values())
    if remaining and not constant_time_compare(confirmation.strip().lower(), target.user.email_key):
        raise LeftBehind(remaining, target.user.email)
    grants = [
        grant
        for handover in handovers
        for grant in _handed(actor, organization, target, chosen[handover.environment], handover)
    ]
    _close_requests(plan, by=actor)
    end_namings(target.pk, organization.pk, actor.audit_actor, by=actor)
    if own:
        leave_organization(actor=actor, organization=organization)
    else:
        remove_member(actor=actor, membership=target)
    ended = _end_sessions(target.user)
    append(
        actor=actor.audit_actor,
        action=Action.MEMBERSHIP_SETTLED,
        organization_id=organization.pk,
        resource=target.audit_resource,
        details={"grants": len(grants), "remaining": remaining, "left": own},
    )
    return Left(target, grants, remaining, ended)


@transaction.atomic
def export_seen(*, actor: User, membership: Membership) -> list[Seen]:
    """Every version that a member, or somebody who was one, knows: to be taken out, which is an event.

    Raises `AccessDenied` without `member:manage`.
    """
    memberships = Membership.objects.select_related("user").filter(organization_id=membership.organization_id)
    found = object_for(actor, Permission.MEMBER_MANAGE, memberships, membership.pk, kind=ResourceKind.MEMBERSHIP)
    rows = seen_by(found)
    append(
        actor=actor.audit_actor,
        action=Action.MEMBERSHIP_SEEN_EXPORTED,
        organization_id=found.organization_id,
        resource=found.audit_resource,
        details={"count": len(rows)},
    )
    return rows


def _active(membership: Membership) -> Membership:
    rows = Membership.objects.select_related("user").filter(pk=membership.pk, status=Membership.Status.ACTIVE)
    target = with_seal(rows).first()
    if target is None or not is_genuine(target):
        raise OrganizationError("This person is no longer a member. Reload the page.")
    return target


def _chosen(plan: Plan, handovers: Sequence[Handover]) -> Mapping[UUID, Place]:
    """The places that are handed over, by environment."""
    places = {place.environment.pk: place for place in plan.places if place.scopes}
    chosen: dict[UUID, Place] = {}
    for handover in handovers:
        place = places.get(handover.environment)
        if place is None or handover.environment in chosen or (handover.member is None) == (handover.team is None):
            raise InvalidHandover("There is nothing to hand over there, or not to that one. Reload the page.")
        chosen[handover.environment] = place
    return chosen


def _handed(
    actor: User, organization: Organization, leaver: Membership, place: Place, handover: Handover
) -> list[Grant]:
    """The grants for exactly this place. What the policy of its class allows no longer ends then."""
    subject = _subject(actor, organization, leaver, handover)
    role: Role | CustomRole = Role.MEMBER if handover.writes else reader_role(organization.pk, by=actor)
    limit = longest_days(organization.pk, place.highest)
    given = []
    for scope in place.scopes:
        terms = Terms(
            scope,
            ends_at=timezone.now() + timedelta(days=limit[0]) if limit else None,
            highest=place.highest,
            reason=f"Handed over from {leaver.user.name}",
        )
        grant = drafted_grant(actor=actor, organization=organization, subject=subject, role=role, terms=terms)
        grant.origin = Grant.Origin.HANDED_OVER
        grant.save()
        append_grant_event(actor, Action.GRANT_GIVEN, grant)
        given.append(grant)
    return given


def _subject(actor: User, organization: Organization, leaver: Membership, handover: Handover) -> Membership | Team:
    if handover.team is not None:
        return team_for(actor, organization.pk, handover.team, Permission.ORG_VIEW)
    if handover.member is None or handover.member == leaver.pk:
        raise InvalidHandover("Choose somebody who stays.")
    return member_for(actor, organization.pk, handover.member, Permission.ORG_VIEW)


def _close_requests(plan: Plan, *, by: User) -> None:
    for request in plan.requests:
        close(request, AccessRequest.Status.EXPIRED, by=by, action=Action.REQUEST_EXPIRED)


def _end_sessions(user: User) -> int:
    """Ends every session of somebody who belongs nowhere any more; how many, which the organization's log does not
    tell: it would say whether they belong to another one.

    Whoever leaves two organizations at once leaves the last one in one of them: the two queue at the person's row, so
    that the second sees what the first has done.
    """
    person = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    return 0 if organizations_of(person) else end_sessions(person)

"""Requests: whose they are, who may see them, and who may answer them."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet

from accounts.models import User
from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.classification import Classification
from orgs.demands import Demands, strictest
from orgs.models import ClassPolicy, CustomRole, Membership, Organization, Team, TeamMembership
from orgs.permissions import AccessDenied, Decision, Permission, decide, judge, reaches, standing_of, standings_in
from orgs.permissions.authority import demands_of
from orgs.selectors import membership_of, object_for
from vault.access.approving import Case, Verdict, may_answer, without_grants
from vault.access.errors import InvalidRequest
from vault.access.models import AccessRequest, RequestApproval
from vault.seals import genuine, is_genuine, with_seal

LONGEST_DAYS = 365
"""Where the policies of the classes name no longest grant: what was asked for is never without end."""
SHOWN = 200
"""The newest closed requests that a page lists."""

_RELATED = ("organization", "membership__user", "team", "custom_role", "project", "environment", "closed_by", "grant")


def requests_in(organization_id: UUID) -> "QuerySet[AccessRequest]":
    """All of the organization's, with what they name and with their seals."""
    return with_seal(AccessRequest.objects.filter(organization_id=organization_id).select_related(*_RELATED))


def open_requests(organization_id: UUID, at: datetime) -> "QuerySet[AccessRequest]":
    """Those that can still be answered at a moment."""
    return requests_in(organization_id).filter(status=AccessRequest.Status.OPEN, expires_at__gt=at)


def request_for(actor: User, organization: Organization, uid: UUID) -> AccessRequest:
    """The request, for whoever asked and for those who hold `request:approve` there.

    Raises `AccessDenied`: for one of another organization, or one whose row is not genuine, as for a missing one.
    """
    found = requests_in(organization.uid).filter(pk=uid).first()
    if found is not None and is_genuine(found) and is_asker(actor, found):
        return found
    requests = requests_in(organization.uid) if is_genuine(found) else AccessRequest.objects.none()
    return object_for(actor, Permission.REQUEST_APPROVE, requests, uid, kind=ResourceKind.REQUEST)


def is_asker(actor: User, request: AccessRequest) -> bool:
    """Whether it is the actor's own, and they are still an active member."""
    membership = membership_of(actor, request.organization) if actor.is_active else None
    return membership is not None and membership.pk == request.membership_id


def refused(actor: User, request: AccessRequest, because: str) -> AccessDenied:
    """The refusal of an act on a request, which whoever may know of the request learns the reason of."""
    decision = decide(actor, Permission.REQUEST_APPROVE, request)
    visible = decision.allowed or decision.visible or is_asker(actor, request)
    denied = Decision(allowed=False, because=because, visible=visible)
    return AccessDenied(
        denied,
        Permission.REQUEST_APPROVE,
        Resource(ResourceKind.REQUEST, str(request.pk), request.audit_resource.label),
        organization_id=request.organization_id,
    )


def case_of(request: AccessRequest) -> Case:
    """What the rules of approving need to know about it."""
    return Case(request, reached_by_grant(request), _grants_of_asker(request.organization_id, request.membership_id))


def reached_by_grant(request: AccessRequest) -> frozenset[UUID]:
    """The memberships that the access would reach. Rows that are not genuine count here: they can only forbid."""
    if request.team_id is None:
        return frozenset({request.membership_id})
    in_team = TeamMembership.objects.filter(organization_id=request.organization_id).filter(
        Q(team_id=request.team_id) | Q(team__parent_id=request.team_id)
    )
    return frozenset({request.membership_id, *in_team.values_list("membership_id", flat=True)})


def _grants_of_asker(organization_id: UUID, membership_id: UUID) -> frozenset[UUID]:
    """The grants that came from requests of the same member, of whatever time."""
    asked = AccessRequest.objects.filter(
        organization_id=organization_id, membership_id=membership_id, grant_id__isnull=False
    )
    return frozenset(asked.values_list("grant_id", flat=True))


def verdict_about(actor: User, case: Case, at: datetime, *, minutes: int | None = None) -> Verdict:
    """Whether `actor` may approve now."""
    request = case.request
    membership = membership_of(actor, request.organization)
    permissions = request.wanted | {Permission.REQUEST_APPROVE}
    standing = standing_of(actor, request.organization_id, permissions=permissions, place=request.place)
    if membership is None or standing.refusal:
        return Verdict(allowed=False, because=standing.refusal or "not a member of the organization")
    return case.verdict(membership.pk, standing, at, minutes=minutes)


def may_deny(actor: User, request: AccessRequest, at: datetime) -> bool:
    """Whether `actor` may deny it: who may answer, other than whoever asked. To say no takes less than to give."""
    if is_asker(actor, request):
        return False
    standing = standing_of(
        actor, request.organization_id, permissions=(Permission.REQUEST_APPROVE,), place=request.place
    )
    return may_answer(without_grants(standing, (), highest=request.highest), request, at)


def approvers_of(request: AccessRequest, at: datetime) -> list[Membership]:
    """Everybody who may approve it now, by name; in as many queries for many members as for few."""
    case = case_of(request)
    found = [
        subject
        for subject, standing in standings_in(request.organization_id, place=request.place)
        if isinstance(subject, Membership) and case.verdict(subject.pk, standing, at).allowed
    ]
    return sorted(found, key=lambda membership: (membership.user.name.casefold(), membership.user.email))


def approvals_of(request: AccessRequest) -> list[RequestApproval]:
    """The genuine approvals of genuine people, the first one first."""
    given = RequestApproval.objects.filter(organization_id=request.organization_id, request=request)
    given = given.select_related("membership__user").order_by("given_at", "uid")
    return genuine(with_seal(given, "membership__user"))  # an account that SQL has reactivated approves nothing


def valid_approvals(case: Case, at: datetime) -> list[RequestApproval]:
    """Those of people who could still approve it at this moment: one of each, whatever the table holds.

    What somebody approved who has left since and come back counts no more. A row that somebody has put there a second
    time, past the constraint, is as genuine as the first.
    """
    by_person = {each.membership_id: each for each in approvals_of(case.request) if each.is_of_a_member}
    return [
        each
        for each in by_person.values()
        if verdict_about(each.membership.user, case, at, minutes=each.minutes).allowed
    ]


def approved_by(user_id: UUID, organization_id: UUID) -> "QuerySet[RequestApproval]":
    """What somebody has approved in the membership as it is now. Without looking at seals: for what waits for them."""
    own = RequestApproval.objects.filter(organization_id=organization_id, membership__user_id=user_id)
    return own.filter(given_at__gte=F("membership__joined_at"))


def demands_up_to(organization_id: UUID, highest: Classification) -> Demands:
    """The strictest of what the policies ask for, of all classes up to `highest`.

    Raises `InvalidRequest` where one is missing: nothing of that class opens, whoever approves.
    """
    classes = Classification.up_to(highest)
    policies = ClassPolicy.objects.filter(organization_id=organization_id, classification__in=classes)
    found = {policy.classification: demands_of(policy) for policy in genuine(with_seal(policies))}
    if found.keys() != classes:
        missing = min(classes - found.keys())
        raise InvalidRequest(
            f"The organization's policy for what is {Classification(missing).label.lower()} is missing. An owner has "
            "to save it again, under Access, Policies.",
            field="highest",
        )
    return strictest(list(found.values()))


def approvals_needed(demands: Demands) -> int:
    """How many people have to approve: as many as the policies say, and one at least."""
    return max(1, demands.approvals)


def longest_minutes(demands: Demands) -> int:
    """How long a requested access may hold at the most."""
    days = LONGEST_DAYS if demands.longest_grant_days is None else min(LONGEST_DAYS, demands.longest_grant_days)
    return days * 24 * 60


def waiting_for(actor: User, organization: Organization, at: datetime) -> list[AccessRequest]:
    """The open requests that wait for `actor`: they may answer, and have not approved yet. The oldest first."""
    others = open_requests(organization.uid, at).exclude(membership__user_id=actor.pk)
    approved = approved_by(actor.pk, organization.uid)
    found = genuine(others.exclude(pk__in=approved.values("request_id")).order_by("asked_at", "uid"))
    if not found:
        return []
    return _answerable(actor, organization.uid, found, at)


def seen_by(actor: User, organization: Organization, at: datetime) -> list[AccessRequest]:
    """The newest requests of others that `actor` may see, open or closed."""
    standing = standing_of(actor, organization.uid, permissions=(Permission.REQUEST_APPROVE,))
    if not any(reaches(standing, Permission.REQUEST_APPROVE, at)):
        return []
    others = requests_in(organization.uid).exclude(membership__user_id=actor.pk).order_by("-asked_at", "uid")[:SHOWN]
    return [each for each in genuine(others) if judge(standing, Permission.REQUEST_APPROVE, each.place, at=at).allowed]


def own_requests(actor: User, organization: Organization) -> list[AccessRequest]:
    """The actor's own, the newest first."""
    own = requests_in(organization.uid).filter(membership__user_id=actor.pk)
    return genuine(own.order_by("-asked_at", "uid")[:SHOWN])


def _answerable(
    actor: User, organization_id: UUID, requests: Iterable[AccessRequest], at: datetime
) -> list[AccessRequest]:
    standing = standing_of(actor, organization_id, permissions=(Permission.REQUEST_APPROVE,))
    return [each for each in requests if may_answer(without_grants(standing, (), highest=each.highest), each, at)]


def roles_of(organization_id: UUID) -> list[CustomRole]:
    """The organization's own roles, by name."""
    return genuine(with_seal(CustomRole.objects.filter(organization_id=organization_id).order_by("name_key")))


def teams_of(membership: Membership) -> list[Team]:
    """The teams that the member is in directly, by name."""
    joined = TeamMembership.objects.filter(organization_id=membership.organization_id, membership=membership)
    uids = {row.team_id for row in genuine(with_seal(joined))}
    teams = Team.objects.filter(organization_id=membership.organization_id, pk__in=uids)
    return genuine(with_seal(teams.order_by("name_key")))

"""Answering requests: approving, which ends in the grant, and denying."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from audit.actions import Action
from audit.services import append
from orgs.models import CustomRole, Grant, Membership, TeamMembership
from orgs.permissions.authority import permissions_named
from orgs.roles import Role
from orgs.selectors import membership_of
from orgs.services.authority import lock_organization
from vault.access.approving import Case
from vault.access.errors import AlreadyApproved, InvalidRequest, RequestClosed
from vault.access.models import AccessRequest, RequestApproval, RequestedRole
from vault.access.selectors.requests import (
    approvals_needed,
    approvals_of,
    case_of,
    demands_up_to,
    longest_minutes,
    may_deny,
    refused,
    roles_of,
    valid_approvals,
    verdict_about,
)
from vault.access.services.asking import cleaned_reason, close, details_of, open_request
from vault.access.services.granting import give, reader_role, role_to_read
from vault.seals import is_genuine, with_seal
from vault.seals.whole import require_whole
from vault.secrets.models import Secret


@transaction.atomic
def approve_request(*, actor: User, request: AccessRequest, minutes: int | None = None) -> AccessRequest:
    """One person's approval, for `minutes` at the most (None: as long as was asked for); with the last that is needed
    comes the grant, which the returned request names.

    Everything is judged again at this moment, under the lock of the organization: that whoever asked is still a
    member, the place and the role are still there, and everybody who approved could still do so. An approval that
    could not be given now does not count. The access ends with the shortest time that was approved, and not after the
    approvers' own right.

    Raises `AccessDenied` for somebody who may not approve it (`vault.access.approving`), `AlreadyApproved`,
    `RequestClosed`, `InvalidRequest` for a longer time than was asked for, or than the policies allow; `SealBroken` if
    a request, or a place in a team, is not there any more, or not genuine: either could be why nobody may approve.
    """
    lock_organization(request.organization_id)
    now = timezone.now()
    locked = open_request(request, now)
    require_whole(locked.organization_id, AccessRequest, TeamMembership)  # what only forbids, in the verdict
    case = case_of(locked)
    verdict = verdict_about(actor, case, now, minutes=minutes)
    if not verdict.allowed:
        raise refused(actor, locked, verdict.because)
    asker = _still_possible(locked)
    longest = longest_minutes(demands_up_to(locked.organization_id, locked.highest_class))
    given = _within(locked, minutes, longest)
    membership = membership_of(actor, locked.organization)
    if membership is None:  # what the verdict says already
        raise refused(actor, locked, "not a member of the organization")
    _approval(locked, membership, given, now).save()
    valid = valid_approvals(case, now)
    demands = demands_up_to(locked.organization_id, locked.highest_class)
    complete = len(valid) >= approvals_needed(demands)
    if complete:
        locked.grant = _granted(locked, case, valid, asker, longest, now, by=actor)
        locked.status, locked.closed_at, locked.closed_by = AccessRequest.Status.APPROVED, now, actor
        locked.save(update_fields=["status", "closed_at", "closed_by", "grant"])
    append(
        actor=actor.audit_actor,
        action=Action.REQUEST_APPROVED,
        organization_id=locked.organization_id,
        resource=locked.audit_resource,
        details=details_of(locked)
        | {"minutes": given, "approvals": len(valid), "needed": approvals_needed(demands)}
        | ({"grant": str(locked.grant_id)} if complete else {}),
    )
    return locked


@transaction.atomic
def deny_request(*, actor: User, request: AccessRequest, reason: str) -> AccessRequest:
    """One person's no ends a request, however many have approved it.

    Raises `AccessDenied` without `request:approve` there, and for whoever asked, `RequestClosed`, `InvalidRequest`
    without a reason.
    """
    lock_organization(request.organization_id)
    now = timezone.now()
    locked = open_request(request, now)
    if not may_deny(actor, locked, now):
        raise refused(actor, locked, "request:approve is missing, or you asked for it yourself")
    answer = cleaned_reason(reason, field="answer", label="Reason")
    close(locked, AccessRequest.Status.DENIED, by=actor, action=Action.REQUEST_DENIED, answer=answer)
    return locked


def _approval(request: AccessRequest, membership: Membership, minutes: int, now: datetime) -> RequestApproval:
    """The member's approval, new; or anew, of somebody who gave one, left and came back."""
    approvals = with_seal(RequestApproval.objects.select_related("membership"))
    approval = approvals.filter(request=request, membership=membership).first()
    if approval is None:
        approval = RequestApproval(organization_id=request.organization_id, request=request, membership=membership)
    elif approval.is_of_a_member or not is_genuine(approval):
        raise AlreadyApproved("You have approved this request already. Another person has to.")
    approval.minutes, approval.given_at = minutes, now
    return approval


def _within(request: AccessRequest, minutes: int | None, longest: int) -> int:
    given = request.minutes if minutes is None else minutes
    if given < 1:
        raise InvalidRequest("The access has to last a minute at least.", field="minutes")
    if given > request.minutes:
        raise InvalidRequest("Approve the time that was asked for, or less, never more.", field="minutes")
    if given > longest:
        raise InvalidRequest(
            f"The policies allow {longest // (24 * 60)} days at the most by now. Approve a shorter time.",
            field="minutes",
        )
    return given


def _still_possible(request: AccessRequest) -> Membership:
    """The membership of whoever asked. Raises `RequestClosed` if they, the place, the team or the role are gone."""
    asker = membership_of(request.membership.user, request.organization)
    if asker is None or asker.pk != request.membership_id or not asker.user.is_active:
        raise RequestClosed("Whoever asked is no longer a member, so there is nobody to give this to. Deny it.")
    if asker.joined_at > request.asked_at:
        raise RequestClosed("Whoever asked has left since and come back. They have to ask anew.")
    if not _place_is_there(request):
        raise RequestClosed("What this request is about is no longer there. Deny it.")
    if request.team_id is not None and not (request.team is not None and is_genuine(request.team)):
        raise RequestClosed("The team that this request is for is no longer there. Deny it.")
    if request.requested == RequestedRole.CUSTOM:
        _own_role(request)
    return asker


def _place_is_there(request: AccessRequest) -> bool:
    """Whether project and environment are there, in this organization and in one another, and a secret on the path."""
    project, environment, organization = request.project, request.environment, request.organization_id
    if request.project_id is not None and (project is None or project.organization_id != organization):
        return False
    if request.environment_id is None:
        return True
    if environment is None or environment.project_id != request.project_id:
        return False
    if environment.organization_id != organization:
        return False
    there = Secret.objects.filter(environment=environment, trashed_at__isnull=True)
    path = request.path
    return not path or there.filter(Q(name=path) | Q(name__startswith=f"{path}/")).exists()


def _own_role(request: AccessRequest) -> CustomRole:
    """The organization's own role that was asked for, if it still holds no more than it did then."""
    role = next((each for each in roles_of(request.organization_id) if each.uid == request.custom_role_id), None)
    if role is None:
        raise RequestClosed("The role that was asked for is no longer there. Deny it.")
    if not permissions_named(role.permissions) <= request.wanted:
        raise RequestClosed("The role holds more by now than when it was asked for. Deny it: they have to ask anew.")
    return role


def _granted(
    request: AccessRequest,
    case: Case,
    approvals: list[RequestApproval],
    asker: Membership,
    longest: int,
    now: datetime,
    *,
    by: User,
) -> Grant:
    """The grant that the request ends in."""
    ends = [now + timedelta(minutes=min(longest, *(each.minutes for each in approvals)))]
    for each in approvals:
        until = verdict_about(each.membership.user, case, now, minutes=each.minutes).until
        ends += [until] if until is not None else []
    grant = _grant(request, asker, now, min(ends), len({each.membership_id for each in approvals}))
    grant.role, grant.custom_role = _roles(request, lambda: reader_role(request.organization_id, by=by))
    return give(grant, by=by)


def drafted_approval(request: AccessRequest, approvals: int) -> Grant:
    """The grant that the request ends in if it is approved now as it was asked for, by so many people: for a preview,
    stored nowhere. Raises `RequestClosed` where it can end in none any more."""
    asker, now = _still_possible(request), timezone.now()
    grant = _grant(request, asker, now, now + timedelta(minutes=request.minutes), approvals)
    grant.role, grant.custom_role = _roles(request, lambda: role_to_read(request.organization_id))
    return grant


def _grant(request: AccessRequest, asker: Membership, starts: datetime, ends: datetime, approvals: int) -> Grant:
    """The grant, but for its role."""
    team = request.team if request.team_id is not None else None
    return Grant(
        organization_id=request.organization_id,
        subject_kind=Grant.SubjectKind.MEMBER if team is None else Grant.SubjectKind.TEAM,
        membership=asker if team is None else None,
        team=team,
        project=request.project,
        environment=request.environment,
        path=request.path,
        highest=request.highest,
        starts_at=starts,
        ends_at=ends,
        approvals=approvals,
        origin=Grant.Origin.REQUESTED,
        reason=request.reason,
    )


def _roles(request: AccessRequest, reader: Callable[[], CustomRole]) -> tuple[str, CustomRole | None]:
    match RequestedRole(request.requested):
        case RequestedRole.VIEWER:
            return Role.VIEWER, None
        case RequestedRole.MEMBER:
            return Role.MEMBER, None
        case RequestedRole.REVEAL:
            return "", reader()
    return "", _own_role(request)


def approvals_so_far(request: AccessRequest, at: datetime) -> tuple[int, int]:
    """How many approvals count at this moment, and how many are needed."""
    given = len(valid_approvals(case_of(request), at)) if approvals_of(request) else 0
    return given, approvals_needed(demands_up_to(request.organization_id, request.highest_class))

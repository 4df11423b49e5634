"""Asking for access, and answering."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.gate import person
from accounts.models import User
from audit.actions import ResourceKind
from orgs.classification import Classification
from orgs.context import enter_organization
from orgs.models import Environment, Organization, Project
from orgs.permissions import Permission
from orgs.permissions.changes import GiveGrant
from orgs.permissions.words import in_words
from orgs.preview import Changes, preview
from orgs.selectors import membership_of, object_for, organization_for, projects_of
from vault.access.errors import AccessError, InvalidRequest, RequestClosed
from vault.access.forms import refuse
from vault.access.forms.requests import ApproveForm, AskForm, DenyForm, place_value
from vault.access.mails import mail_answer, mail_approvers
from vault.access.models import AccessRequest, RequestedRole
from vault.access.presentation import lasting
from vault.access.selectors.break_glass import own_namings
from vault.access.selectors.requests import (
    approvals_needed,
    approvals_of,
    approvers_of,
    case_of,
    demands_up_to,
    is_asker,
    longest_minutes,
    may_deny,
    own_requests,
    request_for,
    roles_of,
    seen_by,
    teams_of,
    verdict_about,
    waiting_for,
)
from vault.access.services import approve_request, ask_for_access, deny_request, withdraw_request
from vault.access.services.answering import drafted_approval
from vault.access.services.granting import READING
from vault.seals import with_seals_of
from vault.secrets.models import Secret

_ROLE_FOR = {
    Permission.SECRET_LIST.value: RequestedRole.VIEWER,
    Permission.SECRET_WRITE.value: RequestedRole.MEMBER,
    Permission.SECRET_DELETE.value: RequestedRole.MEMBER,
}
"""What somebody needs who was refused that permission; for any other, reading."""

TONES = {
    AccessRequest.Status.OPEN: "warning",
    AccessRequest.Status.APPROVED: "good",
    AccessRequest.Status.DENIED: "danger",
    AccessRequest.Status.WITHDRAWN: "quiet",
    AccessRequest.Status.EXPIRED: "quiet",
}


@require_GET
def requests(request: HttpRequest, organization: UUID) -> HttpResponse:
    """What waits for the person, what they asked for themselves, and what else they may see."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.ORG_VIEW))
    now = timezone.now()
    waiting = waiting_for(actor, found, now)
    known = {each.pk for each in waiting}
    context = {
        "waiting": [_row(each) for each in waiting],
        "own": [_row(each) for each in own_requests(actor, found)],
        "others": [_row(each) for each in seen_by(actor, found, now) if each.pk not in known],
        "namings": own_namings(actor, found),
        "nav": "access",
    }
    return render(request, "access/requests/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def request_new(request: HttpRequest, organization: UUID) -> HttpResponse:
    """The form, filled in from where somebody was refused: `project`, `environment` or `secret`, and `permission`."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.ORG_VIEW))
    membership = membership_of(actor, found)
    if membership is None:
        raise Http404
    form = AskForm(
        request.POST if request.method == "POST" else None,
        initial=_from_address(request, actor, found),
        organization_name=found.name,
        projects=list(projects_of(actor, found)),
        # One that reads and nothing else is the first choice already, by whatever name.
        roles=[each for each in roles_of(found.uid) if frozenset(each.permissions) != READING],
        teams=teams_of(membership),
    )
    if form.is_valid():
        try:
            asked = ask_for_access(actor=actor, organization=found, wish=form.wish)
        except AccessError as error:
            refuse(form, error)
        else:
            mail_approvers(asked)
            messages.success(request, "Asked. Those who can approve it are told.")
            return redirect("access:request", found.uid, asked.pk)
    return render(
        request, "access/requests/new.html", {"form": form, "nav": "access"}, status=422 if form.is_bound else 200
    )


@require_GET
def request_page(request: HttpRequest, organization: UUID, access_request: UUID) -> HttpResponse:
    """One request: what is asked for, who answered, and the forms for those who may."""
    actor, found = _fetched(request, organization, access_request)
    return _page(request, actor, found)


@require_POST
def request_approve(request: HttpRequest, organization: UUID, access_request: UUID) -> HttpResponse:
    """One person's yes."""
    actor, found = _fetched(request, organization, access_request)
    form = ApproveForm(request.POST, longest=_longest(found))
    if not form.is_valid():
        return _page(request, actor, found, approve=form, status=422)
    try:
        answered = approve_request(actor=actor, request=found, minutes=form.cleaned_data["minutes"])
    except AccessError as error:
        refuse(form, error)
        now = request_for(actor, found.organization, found.pk)
        return _page(request, actor, now, approve=form, status=error.status)
    if answered.grant_id is None:
        messages.success(request, "Approved. It takes another person to approve before access is given.")
    else:
        mail_answer(answered)
        messages.success(request, f"Approved. {answered.membership.user.name} has the access now.")
    return redirect("access:request", answered.organization_id, answered.pk)


@require_POST
def request_deny(request: HttpRequest, organization: UUID, access_request: UUID) -> HttpResponse:
    """One person's no, and why."""
    actor, found = _fetched(request, organization, access_request)
    form = DenyForm(request.POST)
    if not form.is_valid():
        return _page(request, actor, found, deny=form, status=422)
    try:
        answered = deny_request(actor=actor, request=found, reason=form.cleaned_data["answer"])
    except AccessError as error:
        refuse(form, error)
        now = request_for(actor, found.organization, found.pk)
        return _page(request, actor, now, deny=form, status=error.status)
    mail_answer(answered)
    messages.success(request, f"Denied. {answered.membership.user.name} is told why.")
    return redirect("access:request", answered.organization_id, answered.pk)


@require_POST
def request_withdraw(request: HttpRequest, organization: UUID, access_request: UUID) -> HttpResponse:
    """Whoever asked takes it back."""
    actor, found = _fetched(request, organization, access_request)
    try:
        withdraw_request(actor=actor, request=found)
    except AccessError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Withdrawn. Nobody has to answer it.")
    return redirect("access:request", found.organization_id, found.pk)


def _fetched(request: HttpRequest, organization: UUID, uid: UUID) -> tuple[User, AccessRequest]:
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.ORG_VIEW))
    return actor, request_for(actor, found, uid)


def _longest(found: AccessRequest) -> int:
    """For how long it can be approved. Where a policy is missing, the service says so."""
    try:
        return min(found.minutes, longest_minutes(demands_up_to(found.organization_id, found.highest_class)))
    except InvalidRequest:
        return found.minutes


def _page(
    request: HttpRequest,
    actor: User,
    found: AccessRequest,
    *,
    approve: forms.Form | None = None,
    deny: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    open_ = found.is_open(now)
    given = [each for each in approvals_of(found) if each.is_of_a_member or not open_]  # what was, where it is over
    case = case_of(found)
    approved = any(each.membership.user_id == actor.pk for each in given)
    own = is_asker(actor, found)
    verdict = verdict_about(actor, case, now) if open_ and not approved else None
    needed, problem = _needed(found)
    approvers = approvers_of(found, now) if open_ else []
    waiting_on = [each for each in approvers if each.pk not in {approval.membership_id for approval in given}]
    context = {
        **_row(found),
        "nav": "access",
        "own": own,
        "phrases": in_words(found.wanted),
        "open": open_,
        "approvals": given,
        "approved": approved,
        "needed": needed,
        "problem": problem,
        "approvers": waiting_on,
        "short": open_ and len(given) + len(waiting_on) < needed,
        "approve": (approve or ApproveForm(longest=_longest(found))) if verdict and verdict.allowed else None,
        "until": verdict.until if verdict else None,
        "changes": _changes(actor, found, max(needed, 1)) if verdict and verdict.allowed else None,
        "because": verdict.because if verdict and not verdict.allowed and not own else "",
        "deny": (deny or DenyForm()) if open_ and may_deny(actor, found, now) else None,
        "failed": approve if approve is not None and not (verdict and verdict.allowed) else None,
        "holds": found.grant is not None and found.grant.is_live(now),
    }
    return render(request, "access/requests/detail.html", context, status=status)


def _changes(actor: User, found: AccessRequest, approvals: int) -> Changes | None:
    """Who gains what once it is approved as it was asked for; None where it cannot be, which the service says."""
    try:
        grant = drafted_approval(found, approvals)
    except RequestClosed:
        return None
    return preview(actor, found.organization, GiveGrant(grant))


def _needed(found: AccessRequest) -> tuple[int, str]:
    try:
        return approvals_needed(demands_up_to(found.organization_id, found.highest_class)), ""
    except InvalidRequest as missing:
        return 1, str(missing)


def _row(found: AccessRequest) -> dict[str, object]:
    state = found.state_at(timezone.now())
    return {
        "wanted": found,
        "state": state.label if state is not AccessRequest.Status.OPEN else "Waiting",
        "tone": TONES[state],
        "lasting": lasting(found.minutes),
        "highest": found.highest_class.label,
    }


def _from_address(request: HttpRequest, actor: User, organization: Organization) -> dict[str, object]:
    """What the query of the address fills in. Raises `AccessDenied` for what the person may not know of."""
    initial: dict[str, object] = {
        "role": _ROLE_FOR.get(request.GET.get("permission", ""), RequestedRole.REVEAL).value,
        "highest": Classification.INTERNAL,
        "minutes": 60,
    }
    listed = Permission.SECRET_LIST
    if uid := _uid(request, "secret"):
        secrets = Secret.objects.filter(organization=organization).select_related("environment")
        secrets = with_seals_of(secrets, "environment")
        secret = object_for(actor, listed, secrets, uid, kind=ResourceKind.SECRET)
        return initial | {
            "where": place_value(environment=secret.environment_id),
            "path": secret.name,
            "highest": secret.effective_classification,
        }
    if uid := _uid(request, "environment"):
        environments = Environment.objects.filter(organization=organization)
        place = object_for(actor, listed, environments, uid, kind=ResourceKind.ENVIRONMENT, partly=True)
        return initial | {"where": place_value(environment=place.pk), "highest": place.classification}
    if uid := _uid(request, "project"):
        projects = Project.objects.filter(organization=organization)
        project = object_for(actor, listed, projects, uid, kind=ResourceKind.PROJECT, partly=True)
        return initial | {"where": place_value(project=project.pk)}
    return initial


def _uid(request: HttpRequest, name: str) -> UUID | None:
    """The uid in the query. What is none names nothing."""
    text = request.GET.get(name)
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None

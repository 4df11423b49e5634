"""Leaving an organization: what is left behind, who gets it, and what the one who left has seen."""

from collections.abc import Collection, Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.gate import person
from accounts.models import User
from audit.actions import ResourceKind
from orgs.context import enter_organization
from orgs.errors import OrganizationError
from orgs.models import Membership, Organization
from orgs.permissions import Permission, Reach, Standing, judge, permissions_of, standing_of
from orgs.permissions.authority import scope_label
from orgs.permissions.naming import UNSEEN, may_be_named, names_seen
from orgs.places import Scope
from orgs.selectors import active_members, member_for, membership_of, object_for, organization_for, reached_by, teams_of
from orgs.services.authority import subject_label
from vault.access.errors import AccessError
from vault.access.forms.leaving import LeavingForm
from vault.access.leaving import Place, Plan, listed_names, plan_of
from vault.access.models import AccessRequest, BreakGlassPerson
from vault.access.places import words_of_scope
from vault.access.seen import MOST_SHOWN, is_cut, page_of_seen, seen_by, still_in_use, told
from vault.access.services import end_membership, export_seen
from vault.access.spreadsheets import as_csv

PLACES_SHOWN = 30
GRANTS_SHOWN = 12
NAMES_SHOWN = 6
HEADING = ("Secret", "Where", "Version", "State", "Opened (times)", "Wrote it", "Last")


@require_http_methods(["GET", "POST"])
def leave_plan(request: HttpRequest, organization: UUID, membership: UUID) -> HttpResponse:
    """What a member would leave behind; and the end of the membership, by somebody who manages members."""
    actor = person(request)
    found = member_for(actor, organization, membership, Permission.MEMBER_MANAGE)
    enter_organization(request, found.organization)
    if found.user_id == actor.pk:
        return redirect("access:leave", organization)
    return _leaving(request, actor, found.organization, found)


@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest, organization: UUID) -> HttpResponse:
    """The same for oneself, which every member may."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.ORG_VIEW))
    own = membership_of(actor, found)
    if own is None:  # removed since
        return redirect("orgs:list")
    return _leaving(request, actor, found, own)


@require_GET
def seen(request: HttpRequest, organization: UUID, membership: UUID) -> HttpResponse:
    """Every version that somebody knows, the latest first: what to change after they have left."""
    actor = person(request)
    found = _known(actor, organization, membership)
    enter_organization(request, found.organization)
    rows = seen_by(found, most=MOST_SHOWN)
    page = page_of_seen(rows, request.GET.get("page", ""))
    reached, by_the_log = _naming(actor, found.organization)
    here = reverse("access:seen", args=[organization, membership])
    context = {
        "membership": found,
        "rows": told(page.rows, reached, by_the_log=by_the_log),
        "number": len(rows),
        "current": still_in_use(rows),
        "most": MOST_SHOWN if is_cut(rows, MOST_SHOWN) else None,
        "newer_url": f"{here}?page={page.previous}" if page.previous else "",
        "older_url": f"{here}?page={page.next}" if page.next else "",
        "left": found.status == Membership.Status.REMOVED,
        "nav": "members",
    }
    return render(request, "access/seen.html", context)


@require_POST
def seen_file(request: HttpRequest, organization: UUID, membership: UUID) -> HttpResponse:
    """The same list as a file for a spreadsheet program."""
    actor = person(request)
    found = _known(actor, organization, membership)
    reached, by_the_log = _naming(actor, found.organization)
    rows = told(export_seen(actor=actor, membership=found), reached, by_the_log=by_the_log)
    table = as_csv(
        HEADING,
        (
            (
                row.label or "a secret that you cannot see",
                row.where,
                row.version,
                row.state.value,
                row.opened,
                "yes" if row.wrote else "no",
                row.last_at.isoformat(timespec="seconds"),
            )
            for row in rows
        ),
    )
    response = HttpResponse(table, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="seen-{found.pk}.csv"'
    return response


def _known(actor: User, organization: UUID, membership: UUID) -> Membership:
    """The membership, also one that has ended, for somebody who manages members."""
    rows = Membership.objects.select_related("user", "organization").filter(organization_id=organization)
    return object_for(actor, Permission.MEMBER_MANAGE, rows, membership, kind=ResourceKind.MEMBERSHIP)


def _naming(actor: User, organization: Organization) -> tuple[list[Reach], bool]:
    """Where the actor may list names, and whether they may read the log, which has them all."""
    by_the_log = Permission.AUDIT_VIEW in permissions_of(actor, organization)
    return reached_by(actor, Permission.SECRET_LIST, [organization.pk]), by_the_log


def _leaving(request: HttpRequest, actor: User, organization: Organization, membership: Membership) -> HttpResponse:
    plan = plan_of(organization, membership)
    standing = standing_of(actor, organization.pk, permissions=(Permission.GRANT_MANAGE, Permission.SECRET_LIST))
    form = _form(request, organization, plan, standing)
    status = HTTPStatus.OK
    if form.is_bound:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                left = end_membership(
                    actor=actor,
                    membership=membership,
                    handovers=form.handovers,
                    digest=form.cleaned_data["digest"],
                    confirmation=form.cleaned_data.get("confirmation", ""),
                )
            except (AccessError, OrganizationError, ValidationError) as error:
                status = _refuse(form, error)
            else:
                return _gone(request, actor, organization, left.membership, left.sessions_ended)
    return _page(request, organization, plan, form, names_seen(standing, timezone.now()), status)


def _refuse(form: LeavingForm, error: AccessError | OrganizationError | ValidationError) -> HTTPStatus:
    if isinstance(error, ValidationError):
        form.add_error(None, error.messages)
        return HTTPStatus.UNPROCESSABLE_ENTITY
    form.add_error(error.field if error.field in form.fields else None, str(error))
    return error.status if isinstance(error, AccessError) else HTTPStatus.CONFLICT


def _gone(
    request: HttpRequest, actor: User, organization: Organization, membership: Membership, sessions: int
) -> HttpResponse:
    if membership.user_id != actor.pk:
        messages.success(request, f"{membership.user.name} is no longer a member. Change what they have seen.")
        return redirect("access:seen", organization.pk, membership.pk)
    if sessions:
        logout(request)
        return redirect("accounts:sign_in")
    messages.success(request, f"You have left {organization.name}.")
    return redirect("orgs:list")


def _form(request: HttpRequest, organization: Organization, plan: Plan, standing: Standing) -> LeavingForm:
    return LeavingForm(
        request.POST if request.method == "POST" else None,
        places=[place for place in plan.places[:PLACES_SHOWN] if _may_hand_over(standing, place)],
        members=[each for each in active_members(organization) if each.pk != plan.membership.pk],
        teams=[entry.team for entry in teams_of(organization)],
        typed=plan.membership.user.email if plan.number else "",
    )


def _may_hand_over(standing: Standing, place: Place) -> bool:
    """Whether whoever asks manages grants in all of it; what else it takes, the service says."""
    now = timezone.now()
    return bool(place.scopes) and all(
        judge(standing, Permission.GRANT_MANAGE, scope.place, at=now).allowed for scope in place.scopes
    )


def _page(
    request: HttpRequest,
    organization: Organization,
    plan: Plan,
    form: LeavingForm,
    seen: Collection[Reach],
    status: HTTPStatus,
) -> HttpResponse:
    offered = {place.environment.pk for place in form.places}
    own = plan.membership.user_id == person(request).pk
    shown = plan.places[:PLACES_SHOWN]
    listed = listed_names(shown, seen)
    context = {
        "plan": plan,
        "membership": plan.membership,
        "own": own,
        "places": [_row(place, form, seen, listed[place.environment.pk], offered) for place in shown],
        "more_places": max(0, len(plan.places) - PLACES_SHOWN),
        "alone": sum(len(place.alone) for place in plan.places),
        "managed": sum(len(place.managed) for place in plan.places),
        "grants": [
            {
                "grant": grant,
                "subject": subject_label(grant),
                "where": scope_label(grant) if may_be_named(grant.scope, seen) else UNSEEN,
            }
            for grant in plan.grants[:GRANTS_SHOWN]
        ],
        "more_grants": max(0, len(plan.grants) - GRANTS_SHOWN),
        "namings": _labels(plan.namings, seen, own=own),
        "requests": list(zip(plan.requests, _labels(plan.requests, seen, own=own), strict=True)),
        "form": form,
        "nav": "members",
    }
    return render(request, "access/leave.html", context, status=status)


def _labels(rows: Sequence[BreakGlassPerson | AccessRequest], seen: Collection[Reach], *, own: bool) -> list[str]:
    """Where each is about; what is one's own is named."""
    return [each.scope_label if own or may_be_named(each.scope, seen) else UNSEEN for each in rows]


def _row(
    place: Place, form: LeavingForm, seen: Collection[Reach], names: Sequence[str], offered: Collection[UUID]
) -> dict[str, Any]:
    """A place as the page shows it. `names`: of what is left behind there, those that whoever looks may list."""
    environment = place.environment
    scope = Scope(environment.organization_id, environment.project_id, environment.pk)
    return {
        "place": place,
        "label": words_of_scope(environment.project, environment) if may_be_named(scope, seen) else UNSEEN,
        "names": names[:NAMES_SHOWN],
        "others": place.number - len(names[:NAMES_SHOWN]),
        "field": form[LeavingForm.name_of(place)] if environment.pk in offered else None,
    }

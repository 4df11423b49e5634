"""Grants: the list, giving, another window, revoking."""

from copy import copy
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.gate import person
from orgs.classification import Classification
from orgs.context import enter_organization
from orgs.errors import OrganizationError
from orgs.forms import refuse
from orgs.forms.authority import GrantFilterForm, GrantForm, ScopeChoices, WindowForm
from orgs.models import Grant, Organization
from orgs.permissions import Reach
from orgs.permissions.changes import ChangeGrant, GiveGrant, RevokeGrant, Together
from orgs.selectors import (
    GrantFilters,
    active_members,
    grant_for,
    granting_in,
    machines_of,
    page_of_grants,
    places_within,
    roles_of,
    teams_of,
)
from orgs.services import change_grant, give_grant, revoke_grants
from orgs.services.authority import subject_label
from orgs.services.grants import drafted_grant, redated_grant
from orgs.views.reviewing import review

_UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY


@require_GET
def grants(request: HttpRequest, organization: UUID) -> HttpResponse:
    """The grants that the person manages; those that hold no more apart."""
    found, reached = granting_in(person(request), organization)
    return list_page(request, found, reached)


def list_page(
    request: HttpRequest, organization: Organization, reached: list[Reach], status: int = HTTPStatus.OK
) -> HttpResponse:
    """The page itself, which the actions on it also answer with when they are refused."""
    enter_organization(request, organization)
    query = request.GET
    form = GrantFilterForm(query, roles=roles_of(organization), projects=places_within(reached))
    form.is_valid()
    cleaned = form.cleaned_data
    filters = GrantFilters(
        subject_kind=Grant.SubjectKind(cleaned["kind"]) if cleaned.get("kind") else None,
        project=UUID(cleaned["project"]) if cleaned.get("project") else None,
        role=cleaned.get("role", ""),
        ended=query.get("ended") == "1",
    )
    page = page_of_grants(reached, filters, query.get("cursor", ""))
    kept = {name: str(query[name]) for name in ("kind", "role", "project", "ended") if query.get(name)}
    now = timezone.now()
    context = {
        "rows": [
            {"grant": grant, "begun": grant.starts_at <= now, "label": subject_label(grant)} for grant in page.rows
        ],
        "form": form,
        "ended": filters.ended,
        "narrow": bool(filters.subject_kind or filters.project or filters.role),
        "live_query": urlencode({name: text for name, text in kept.items() if name != "ended"}),
        "ended_query": urlencode({**kept, "ended": "1"}),
        "newer_url": f"?{urlencode({**kept, 'cursor': page.previous})}" if page.previous else "",
        "older_url": f"?{urlencode({**kept, 'cursor': page.next})}" if page.next else "",
        "manages_grants": True,
        "nav": "access",
    }
    return render(request, "access/grants.html", context, status=status)


@require_http_methods(["GET", "POST"])
def grant_create(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Gives a grant; who gains what by it is shown first."""
    actor = person(request)
    found, reached = granting_in(actor, organization)
    enter_organization(request, found)
    form = _grant_form(request, found, reached)
    if form.is_valid():
        subject, role, terms = form.wanted
        try:
            drafted = drafted_grant(actor=actor, organization=found, subject=subject, role=role, terms=terms)
            page = review(
                request,
                found,
                GiveGrant(drafted),
                title=f"Grant {drafted.role_label} to {subject_label(drafted)}?",
                submit="Grant",
                cancel_url=reverse("orgs:grants", args=[found.uid]),
            )
            if page is not None:
                return page
            grant = give_grant(actor=actor, subject=subject, role=role, terms=terms)
        except (OrganizationError, ValidationError) as error:
            refuse(form, error)
        else:
            messages.success(request, f"{subject_label(grant)} has the role {grant.role_label}.")
            return redirect("orgs:grants", found.uid)
    context = {"form": form, "manages_grants": True, "nav": "access"}
    return render(request, "access/grant_form.html", context, status=_UNPROCESSABLE if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def grant(request: HttpRequest, organization: UUID, grant: UUID) -> HttpResponse:
    """All about a grant, and another window for it; what that changes is shown first."""
    actor = person(request)
    found = grant_for(actor, organization, grant)
    enter_organization(request, found.organization)
    now = timezone.now()
    live = found.is_live(now) and found.subject_kind != Grant.SubjectKind.EVERYONE
    initial = {"starts_at": found.starts_at, "ends_at": found.ends_at}
    posted = request.POST if request.method == "POST" else None
    form = WindowForm(posted, initial=initial, begun=found.starts_at <= now)
    if form.is_valid():
        window = {
            "starts_at": _to_the_second(form.cleaned_data.get("starts_at") or now, found.starts_at)
            if found.starts_at > now
            else None,
            "ends_at": _to_the_second(form.cleaned_data["ends_at"], found.ends_at),
        }
        try:
            page = _window_review(request, found, window)
            if page is not None:
                return page
            change_grant(actor=actor, grant=found, **window)
        except OrganizationError as error:
            refuse(form, error)
        else:
            messages.success(request, "The grant is saved.")
            return redirect("orgs:grant", organization, found.uid)
    context = {
        "grant": found,
        "label": subject_label(found),
        "highest": Classification(found.highest),
        "begun": found.starts_at <= now,
        "live": live,
        "form": form,
        "manages_grants": True,
        "nav": "access",
    }
    return render(request, "access/grant.html", context, status=_UNPROCESSABLE if form.is_bound else 200)


@require_POST
def grants_revoke(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Revokes the grants that were chosen, all of them or none; who loses what is shown first."""
    actor = person(request)
    found, reached = granting_in(actor, organization)
    try:
        chosen = [grant_for(actor, found.uid, UUID(text)) for text in dict.fromkeys(request.POST.getlist("grant"))]
    except ValueError:
        chosen = []
    if chosen:
        one = f"Revoke {chosen[0].role_label} of {subject_label(chosen[0])}?"
        page = review(
            request,
            found,
            Together(tuple(RevokeGrant(each.pk) for each in chosen)),
            title=one if len(chosen) == 1 else f"Revoke {len(chosen)} grants?",
            submit="Revoke",
            cancel_url=reverse("orgs:grants", args=[found.uid]),
            danger=True,
        )
        if page is not None:
            return page
    try:
        ended = revoke_grants(actor=actor, grants=chosen)
    except OrganizationError as error:
        messages.error(request, str(error))
        return list_page(request, found, reached, HTTPStatus.CONFLICT if chosen else _UNPROCESSABLE)
    messages.success(request, f"{len(ended)} {'grant is' if len(ended) == 1 else 'grants are'} revoked.")
    return redirect("orgs:grants", found.uid)


def _grant_form(request: HttpRequest, organization: Organization, reached: list[Reach]) -> GrantForm:
    return GrantForm(
        request.POST if request.method == "POST" else None,
        subjects={
            "Teams": [entry.team for entry in teams_of(organization)],
            "Members": active_members(organization),
            "Machines": machines_of(organization),
        },
        roles=roles_of(organization),
        places=ScopeChoices(organization.uid, reached, places_within(reached)),
        initial={
            "highest": str(Classification.INTERNAL.value),
            "subject": request.GET.get("subject", ""),
            "scope": request.GET.get("scope", ""),
        },
    )


def _window_review(request: HttpRequest, grant: Grant, window: dict[str, Any]) -> HttpResponse | None:
    """The page that shows what another window changes; None once that was confirmed, or if it is the one it has."""
    other = copy(grant)
    redated_grant(actor=person(request), grant=other, **window)
    values = {"starts_at": other.starts_at, "ends_at": other.ends_at}
    if values == {"starts_at": grant.starts_at, "ends_at": grant.ends_at}:
        return None
    return review(
        request,
        grant.organization,
        ChangeGrant(grant.pk, values),
        title="Change how long this grant holds?",
        submit="Save",
        cancel_url=reverse("orgs:grant", args=[grant.organization_id, grant.pk]),
    )


def _to_the_second(entered: datetime | None, stored: datetime | None) -> datetime | None:
    """What is stored, if the same minute was entered: the field shows no seconds, and nobody who leaves it alone means
    to change it."""
    if entered is not None and stored is not None and entered == stored.replace(second=0, microsecond=0):
        return stored
    return entered

"""Break-glass: who may, breaking it, giving back, and reviewing."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.errors import AccountError
from accounts.gate import person
from accounts.models import User
from accounts.services import step_up
from audit.actions import ResourceKind
from orgs.context import enter_organization
from orgs.models import Organization
from orgs.permissions import Permission, permissions_of
from orgs.permissions.naming import UNSEEN, may_be_named
from orgs.selectors import members_of, membership_of, organization_for, places_named, projects_of, require
from vault.access.errors import AccessError
from vault.access.forms import refuse
from vault.access.forms.break_glass import BreakForm, NameForm, ReviewForm
from vault.access.mails import mail_break_glass, mail_review
from vault.access.models import BreakGlassUse
from vault.access.selectors.break_glass import (
    named_in,
    naming_for,
    own_namings,
    person_for,
    refused_review,
    reviewers_of,
    seen_uses,
    use_for,
    uses_in,
    why_not_review,
)
from vault.access.services import (
    break_glass,
    end_break_glass,
    name_for_break_glass,
    review_break_glass,
    unname_for_break_glass,
)
from vault.access.services.breaking import MINUTES, MOST_OWED
from vault.seals import genuine


@require_GET
def break_glass_page(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Where the person may break the glass, who else may, and what was done with it."""
    actor = person(request)
    found = _entered(request, actor, organization)
    now = timezone.now()
    may_name = Permission.ORG_DELETE in permissions_of(actor, found)
    known = places_named(actor, found.uid)
    context = {
        "namings": own_namings(actor, found),
        "people": [
            {
                "named": each,
                "where": each.scope_label
                if each.membership.user_id == actor.pk or may_be_named(each.scope, known)
                else UNSEEN.capitalize(),
            }
            for each in named_in(found.uid)
        ],
        "uses": [_row(each, now) for each in seen_uses(actor, found, now)],
        "may_name": may_name,
        "minutes": MINUTES,
        "nav": "access",
    }
    return render(request, "access/requests/break_glass.html", context)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def break_glass_name(request: HttpRequest, organization: UUID) -> HttpResponse:
    """An owner names somebody, with a proof."""
    actor = person(request)
    found = _entered(request, actor, organization)
    require(actor, Permission.ORG_DELETE, found, kind=ResourceKind.ORGANIZATION)
    form = NameForm(
        request.POST if request.method == "POST" else None,
        person=actor,
        members=[each for each in members_of(found) if each.user.is_active],
        projects=list(projects_of(actor, found)),
        whole=found.name,
    )
    if form.is_valid():
        try:
            step_up(actor=actor, **form.proof)
            named = name_for_break_glass(actor=actor, organization=found, **form.named)  # type: ignore[arg-type]  # a uid, or None for the project
        except (AccountError, AccessError) as error:
            refuse(form, error)
        else:
            messages.success(request, f"{named.membership.user.name} may break the glass from now on.")
            return redirect("access:break_glass", found.uid)
    context = {"form": form, "minutes": MINUTES, "nav": "access"}
    return render(request, "access/requests/break_glass_name.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def break_glass_unname(request: HttpRequest, organization: UUID, named: UUID) -> HttpResponse:
    """An owner takes somebody off the list, after one more question."""
    actor = person(request)
    found = _entered(request, actor, organization)
    wanted = naming_for(actor, found, named)
    if request.method == "POST":
        unname_for_break_glass(actor=actor, person=wanted)
        messages.success(request, f"{wanted.membership.user.name} may not break the glass there any more.")
        return redirect("access:break_glass", found.uid)
    return render(request, "access/requests/break_glass_unname.html", {"named": wanted, "nav": "access"})


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def break_glass_break(request: HttpRequest, organization: UUID, named: UUID) -> HttpResponse:
    """The glass itself: why, a proof, and access at once."""
    actor = person(request)
    found = _entered(request, actor, organization)
    wanted = person_for(actor, found, named)
    if wanted not in own_namings(actor, found):
        messages.info(request, f"{wanted.membership.user.name} is named there, not you. Name yourself first.")
        return redirect("access:break_glass", found.uid)
    owed = _owed(actor, found)
    form = BreakForm(request.POST if request.method == "POST" else None, person=actor, owed=owed > 0)
    if form.is_valid():
        try:
            step_up(actor=actor, **form.proof)
            again = form.cleaned_data.get("again", False)
            used = break_glass(actor=actor, person=wanted, reason=form.cleaned_data["reason"], again=again)
        except (AccountError, AccessError) as error:
            refuse(form, error)
        else:
            mail_break_glass(used)
            messages.warning(request, "The glass is broken. Every owner is told.")
            return redirect("access:break_glass_use", found.uid, used.pk)
    context = {"form": form, "named": wanted, "minutes": MINUTES, "owed": owed, "most": MOST_OWED}
    return render(
        request,
        "access/requests/break_glass_break.html",
        context | {"nav": "access"},
        status=422 if form.is_bound else 200,
    )


@require_GET
def break_glass_use(request: HttpRequest, organization: UUID, use: UUID) -> HttpResponse:
    """One time that somebody broke the glass, and its review."""
    actor, found = _fetched(request, organization, use)
    return _page(request, actor, found)


@require_POST
def break_glass_review(request: HttpRequest, organization: UUID, use: UUID) -> HttpResponse:
    """Confirms that it was needed, or calls it abuse."""
    actor, found = _fetched(request, organization, use)
    form = ReviewForm(request.POST)
    if because := why_not_review(actor, found, timezone.now()):
        raise refused_review(actor, found, because)
    if not form.is_valid():
        return _page(request, actor, found, form=form, status=422)
    try:
        reviewed = review_break_glass(
            actor=actor, use=found, verdict=form.cleaned_data["verdict"], words=form.cleaned_data["review"]
        )
    except AccessError as error:
        refuse(form, error)
        return _page(request, actor, use_for(actor, found.organization, found.pk), form=form, status=error.status)
    mail_review(reviewed)
    messages.success(request, "Reviewed. The owners and the person it is about are told.")
    return redirect("access:break_glass_use", reviewed.organization_id, reviewed.pk)


@require_POST
def break_glass_end(request: HttpRequest, organization: UUID, use: UUID) -> HttpResponse:
    """Gives the access back before its time."""
    actor, found = _fetched(request, organization, use)
    end_break_glass(actor=actor, use=found)
    messages.success(request, "The access is ended. The review is owed all the same.")
    return redirect("access:break_glass_use", found.organization_id, found.pk)


def _entered(request: HttpRequest, actor: User, organization: UUID) -> Organization:
    return enter_organization(request, organization_for(actor, organization, Permission.ORG_VIEW))


def _fetched(request: HttpRequest, organization: UUID, uid: UUID) -> tuple[User, BreakGlassUse]:
    actor = person(request)
    return actor, use_for(actor, _entered(request, actor, organization), uid)


def _owed(actor: User, organization: Organization) -> int:
    """How many reviews are owed to the actor."""
    membership = membership_of(actor, organization)
    return len(genuine(uses_in(organization.uid).filter(membership=membership, reviewed_at__isnull=True)))


def _row(found: BreakGlassUse, now: datetime) -> dict[str, object]:
    return {"use": found, "running": found.is_running(now), "overdue": found.is_overdue(now)}


def _page(
    request: HttpRequest, actor: User, found: BreakGlassUse, *, form: ReviewForm | None = None, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    why = why_not_review(actor, found, now) if found.is_owed else ""
    context = {
        **_row(found, now),
        "nav": "access",
        "own": found.membership.user_id == actor.pk,
        "form": (form or ReviewForm()) if found.is_owed and not why else None,
        "because": why,
        "reviewers": reviewers_of(found, now) if found.is_owed else [],
    }
    return render(request, "access/requests/break_glass_use.html", context, status=status)

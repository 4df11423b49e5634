"""Reviews: the list, beginning one, its lines, deciding, closing, and taking the result out."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.gate import person
from accounts.models import User
from audit.actions import ResourceKind
from orgs.context import enter_organization
from orgs.errors import OrganizationError
from orgs.models import Organization
from orgs.permissions import Permission
from orgs.places import Place
from orgs.selectors import organization_for, require
from vault.access.errors import AccessError, CampaignClosed, InvalidReview
from vault.access.forms import refuse
from vault.access.forms.reviews import BeginForm, ConfirmForm, DecisionForm, ReviewerForm
from vault.access.models import Campaign, ReviewDecision, ReviewLine
from vault.access.selectors.reviews import (
    NO_REVIEWER,
    Result,
    Row,
    able_reviewers,
    campaign_for,
    counts_of,
    line_for,
    lines_in,
    may_choose,
    page_of_rows,
    refused_decision,
    reviewable,
    reviewer_of,
    reviewers_in,
    rows_of,
    seen_campaigns,
    why_not_decide,
    why_not_revoke,
)
from vault.access.selectors.sources import BROAD
from vault.access.services import (
    add_reviewer,
    begin_review,
    close_review,
    confirm_lines,
    decide_line,
    export_review,
)
from vault.access.spreadsheets import as_csv

_UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY
_HEADING = (
    "Line", "Who", "What", "Where", "Up to", "From", "Until", "Granted", "Granted by", "Last used",
    "Decision", "Decided by", "Decided", "Note", "Decided about",
)  # fmt: skip


@require_GET
def reviews(request: HttpRequest, organization: UUID) -> HttpResponse:
    """The campaigns that the person may see, the open ones first."""
    actor = person(request)
    found = _entered(request, actor, organization)
    campaigns = seen_campaigns(actor, found)
    counts, now = counts_of(campaigns), timezone.now()
    rows = [{"campaign": each, "counts": counts[each.pk], "overdue": each.is_overdue(now)} for each in campaigns]
    manages = may_choose(actor, found)
    context = {"rows": rows, "manages": manages, "may_begin": bool(reviewable(actor, found)), "nav": "access"}
    return render(request, "access/reviews/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def review_new(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Begins a campaign."""
    actor = person(request)
    found = _entered(request, actor, organization)
    require(actor, Permission.MEMBER_MANAGE, found, kind=ResourceKind.ORGANIZATION)
    about = reviewable(actor, found)
    if not about:
        require(actor, Permission.SECRET_LIST, found, kind=ResourceKind.ORGANIZATION)
    form = BeginForm(
        request.POST if request.method == "POST" else None,
        members=able_reviewers(found.uid, Place(found.uid)),
        projects=about.projects,
        whole=found.name if about.whole else "",
    )
    if form.is_valid():
        try:
            campaign = begin_review(actor=actor, organization=found, **form.wanted)
        except AccessError as error:
            refuse(form, error)
        else:
            messages.success(request, f"The review has begun, with {campaign.line_count:,} lines.")
            return redirect("access:review", found.uid, campaign.pk)
    status = _UNPROCESSABLE if form.is_bound else HTTPStatus.OK
    return render(request, "access/reviews/new.html", {"form": form, "nav": "access"}, status=status)


@require_GET
def review(request: HttpRequest, organization: UUID, campaign: UUID) -> HttpResponse:
    """One campaign: how far it has come, and its lines."""
    actor, found = _fetched(request, organization, campaign)
    return _page(request, actor, found)


@require_http_methods(["GET", "HEAD", "POST"])
def review_line(request: HttpRequest, organization: UUID, campaign: UUID, line: UUID) -> HttpResponse:
    """One line as it was and as it is, and the decision about it."""
    actor, found = _fetched(request, organization, campaign)
    wanted = line_for(actor, found, line)
    row = _row(found, wanted)
    reviewer = reviewer_of(actor, found)
    because = why_not_decide(reviewer, row)
    if request.method == "POST" and because:
        raise refused_decision(actor, found, because)
    posted = request.POST if request.method == "POST" else None
    unable = "" if because else why_not_revoke(actor, found, row)
    form = _decision_form(row, posted, unable)
    status = _UNPROCESSABLE if form.is_bound else HTTPStatus.OK
    if form.is_valid():
        try:
            decision = decide_line(actor=actor, line=wanted, **form.cleaned_data)
        except (AccessError, OrganizationError) as error:
            status = error.status if isinstance(error, AccessError) else HTTPStatus.CONFLICT
            row = _row(found, wanted)
            # What is shown now is what the next attempt is about.
            again = {**request.POST.dict(), "seen": row.source.state if row.source else ""}
            form = _decision_form(row, again, unable)
            form.is_valid()
            refuse_decision(form, error)
        else:
            messages.success(request, f"Line {wanted.number}: {decision.get_verdict_display().lower()}.")
            return redirect("access:review", found.organization_id, found.pk)
    context = {
        "campaign": found,
        "line": wanted,
        "row": row,
        "because": because,
        "unable": unable,
        "form": form if found.is_open and row.decision is None and not because else None,
        "overdue": found.is_overdue(timezone.now()),
        "nav": "access",
    }
    return render(request, "access/reviews/line.html", context, status=status)


@require_POST
def review_confirm(request: HttpRequest, organization: UUID, campaign: UUID) -> HttpResponse:
    """Confirms several lines at once, after their number was typed."""
    actor, found = _fetched(request, organization, campaign)
    if reviewer_of(actor, found) is None:
        raise refused_decision(actor, found, NO_REVIEWER)
    uids = _uids(request.POST.getlist("line"))
    if not uids:
        return _page(request, actor, found, error="Choose the lines to confirm.", status=_UNPROCESSABLE)
    form = ConfirmForm(request.POST if "count" in request.POST else None)
    status = HTTPStatus.OK
    if form.is_bound:
        status = _UNPROCESSABLE
        if form.is_valid():
            data = form.cleaned_data
            try:
                made = confirm_lines(actor=actor, campaign=found, lines=uids, typed=data["count"], note=data["note"])
            except InvalidReview as error:
                refuse(form, error)
            except AccessError as error:
                return _page(request, actor, found, error=str(error), status=error.status)
            else:
                messages.success(request, f"{len(made)} line{'' if len(made) == 1 else 's'} confirmed.")
                return redirect("access:review", found.organization_id, found.pk)
    lines = rows_of(found, lines_in(found).filter(pk__in=uids).order_by("number"), timezone.now())
    context = {"campaign": found, "rows": lines, "form": form, "nav": "access"}
    return render(request, "access/reviews/confirm.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def review_close(request: HttpRequest, organization: UUID, campaign: UUID) -> HttpResponse:
    """Closes a campaign of which every line is decided, after one more question."""
    actor, found = _fetched(request, organization, campaign)
    if reviewer_of(actor, found) is None:
        require(actor, Permission.MEMBER_MANAGE, found.organization, kind=ResourceKind.ORGANIZATION)
    if request.method == "POST":
        try:
            close_review(actor=actor, campaign=found)
        except CampaignClosed as error:
            return _page(request, actor, found, error=str(error), status=error.status)
        messages.success(request, "The review is closed. Its result stays as it is.")
        return redirect("access:review", found.organization_id, found.pk)
    counts = counts_of([found])[found.pk]
    return render(request, "access/reviews/close.html", {"campaign": found, "counts": counts, "nav": "access"})


@require_POST
def review_reviewer(request: HttpRequest, organization: UUID, campaign: UUID) -> HttpResponse:
    """Chooses another reviewer."""
    actor, found = _fetched(request, organization, campaign)
    require(actor, Permission.MEMBER_MANAGE, found.organization, kind=ResourceKind.ORGANIZATION)
    form = ReviewerForm(request.POST, members=able_reviewers(found.organization_id, found.about))
    if form.is_valid():
        try:
            add_reviewer(actor=actor, campaign=found, membership=UUID(form.cleaned_data["membership"]))
        except AccessError as error:
            refuse(form, error)
        else:
            messages.success(request, "They can decide from now on.")
            return redirect("access:review", found.organization_id, found.pk)
    return _page(request, actor, found, reviewer_form=form, status=_UNPROCESSABLE)


@require_POST
def review_export(request: HttpRequest, organization: UUID, campaign: UUID) -> HttpResponseBase:
    """The result as a file for a spreadsheet, or as a page for the printer. The log says who took it out."""
    actor, found = _fetched(request, organization, campaign)
    form = "csv" if request.POST.get("form") == "csv" else "print"
    try:
        result = export_review(actor=actor, campaign=found, form=form)
    except CampaignClosed as error:
        return _page(request, actor, found, error=str(error), status=error.status)
    if form == "print":
        context = {"campaign": found, "result": result, "at": timezone.now(), "nav": "access"}
        return render(request, "access/reviews/print.html", context)
    response = HttpResponse(as_csv(_HEADING, _cells(result)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="review-{slugify(found.name)[:60] or found.pk}.csv"'
    return response


def _cells(result: Result) -> list[list[object]]:
    return [
        [
            line.number,
            line.subject_label,
            line.role_label,
            line.scope_label,
            line.get_highest_display(),
            *(each.isoformat() if each else "" for each in (line.starts_at, line.ends_at, line.granted_at)),
            line.granted_label,
            line.last_used_at.isoformat() if line.last_used_at else "",
            *_decided(decision),
        ]
        for line, decision in result.rows
    ]


def _decided(decision: ReviewDecision | None) -> list[object]:
    if decision is None:
        return ["Not decided", "", "", "", ""]
    about = decision.decided_about if decision.changed else ""
    return [
        decision.get_verdict_display(),
        decision.reviewer_label,
        decision.decided_at.isoformat(),
        decision.note,
        about,
    ]


def refuse_decision(form: DecisionForm, error: AccessError | OrganizationError) -> None:
    """Puts what a service refused at its field, else above the form."""
    form.add_error(error.field if error.field in form.fields else None, str(error))


def _decision_form(row: Row, posted: Any, unable: str) -> DecisionForm:
    state = row.source.state if row.source is not None else ""
    revoke = "" if unable else _revoking(row)
    return DecisionForm(posted, gone=row.is_gone, revoke=revoke, initial={"seen": state})


def _revoking(row: Row) -> str:
    """What revoking does, before it is chosen."""
    match row.line.kind:
        case ReviewLine.Kind.PLACE:
            return "Revoke: take them out of the team"
        case ReviewLine.Kind.ROLE:
            broad = row.source is not None and getattr(row.source.row, "role", "") in BROAD
            return "Revoke: make them a member" if broad else "Revoke: remove them from the organization"
    everyone = row.line.subject_kind == "everyone"
    return "Revoke: restrict the project to those with a grant" if everyone else "Revoke: end it now"


def _row(campaign: Campaign, line: ReviewLine) -> Row:
    (row,) = rows_of(campaign, [line], timezone.now())
    return row


def _uids(texts: list[str]) -> list[UUID]:
    """Those that are uids, each once; what is none is no line."""
    found = []
    for text in dict.fromkeys(texts):
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _entered(request: HttpRequest, actor: User, organization: UUID) -> Organization:
    return enter_organization(request, organization_for(actor, organization, Permission.ORG_VIEW))


def _fetched(request: HttpRequest, organization: UUID, uid: UUID) -> tuple[User, Campaign]:
    actor = person(request)
    return actor, campaign_for(actor, _entered(request, actor, organization), uid)


def _page(
    request: HttpRequest,
    actor: User,
    campaign: Campaign,
    *,
    error: str = "",
    reviewer_form: ReviewerForm | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    now = timezone.now()
    shown = request.GET.get("show", "open" if campaign.is_open else "all")
    page = page_of_rows(campaign, now, shown=shown, cursor=request.GET.get("cursor", ""))
    reviewer = reviewer_of(actor, campaign)
    chosen = reviewers_in(campaign)
    manages = campaign.is_open and may_choose(actor, campaign.organization)
    if manages and reviewer_form is None:
        ids = {each.pk for each in chosen}
        others = [each for each in able_reviewers(campaign.organization_id, campaign.about) if each.pk not in ids]
        reviewer_form = ReviewerForm(members=others) if others else None
    rows = [
        {"row": row, "mine": not why_not_decide(reviewer, row) and row.decision is None and campaign.is_open}
        for row in page.rows
    ]
    context = {
        "campaign": campaign,
        "counts": counts_of([campaign])[campaign.pk],
        "overdue": campaign.is_overdue(now),
        "rows": rows,
        "shown": shown,
        "reviewers": chosen,
        "reviewing": reviewer is not None,
        "may_close": campaign.is_open and (reviewer is not None or manages),
        "reviewer_form": reviewer_form if manages else None,
        "error": error,
        "newer_url": f"?{urlencode({'show': shown, 'cursor': page.previous})}" if page.previous else "",
        "older_url": f"?{urlencode({'show': shown, 'cursor': page.next})}" if page.next else "",
        "nav": "access",
    }
    return render(request, "access/reviews/detail.html", context, status=status)

"""The keys of the whole instance, for its administrators. Of organizations they see names and keys, nothing else."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import AccountError
from accounts.services import step_up
from vault.custody import organization_keys, selectors
from vault.custody.access import administrator, whole_instance
from vault.custody.errors import CustodyError
from vault.custody.escrow import escrow_shown
from vault.custody.forms import ConfirmForm, refuse
from vault.custody.notices import instance_notices, left_behind
from vault.custody.presentation import KeyRow
from vault.custody.root_keys import root_keys_shown
from vault.custody.services import rotate_key, start_verification
from vault.custody.views.operations import move_values, shown_verification
from vault.custody.views.reports import shown_reports
from vault.keys.purposes import SYSTEM_PURPOSES, SYSTEM_SCOPE, KeyState, Purpose


@require_safe
@whole_instance
def keys(request: HttpRequest) -> HttpResponse:
    """Root keys, the instance's own keys, what is due anywhere, escrow, verification, reports."""
    administrator(request)
    rows = [KeyRow(line) for line in selectors.inventory(SYSTEM_SCOPE)]
    due = organization_keys.due_rows()
    roots = root_keys_shown()
    context = {
        "nav": "account",
        "tab": "keys",
        "notices": instance_notices(rows, roots),
        "left_behind": left_behind(rows, SYSTEM_SCOPE, Purpose.TOTP, reverse("custody:instance_move")),
        "roots": roots,
        "rows": sorted((row for row in rows if row.active), key=lambda row: row.line.due_at or row.line.created_at),
        "old_rows": [row for row in rows if not row.active],
        "summary": organization_keys.summary(),
        "due_rows": due,
        "escrow": None if roots.problem else escrow_shown(),
        "verification": shown_verification(selectors.last_verification(None), None),
        "verify_url": reverse("custody:instance_verify"),
        "reports": shown_reports(selectors.reports_of(None), organization=None),
    }
    return render(request, "custody/instance.html", context)


@require_safe
@whole_instance
def organizations(request: HttpRequest) -> HttpResponse:
    """The active key of every organization, the one that is due first at the head."""
    administrator(request)
    query = request.GET.get("q", "").strip()
    page, rows = organization_keys.page_of(query, request.GET.get("page", ""))
    context = {
        "nav": "account",
        "tab": "keys",
        "q": query,
        "page": page,
        "rows": rows,
        "newer_url": _page_url(query, page.number - 1) if page.has_previous() else "",
        "older_url": _page_url(query, page.number + 1) if page.has_next() else "",
        "note": f"{page.start_index():,} to {page.end_index():,}" if page.has_other_pages() else "",
    }
    return render(request, "custody/instance_organizations.html", context)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
@whole_instance
def rotate(request: HttpRequest, purpose: str) -> HttpResponse:
    """Says what happens, asks for proof, and makes the new key of one of the instance's own purposes."""
    actor, wanted = administrator(request), _purpose(purpose)
    lines = [line for line in selectors.inventory(SYSTEM_SCOPE) if line.purpose is wanted]  # the newest first
    active = next((line for line in lines if line.state is KeyState.ACTIVE), None)
    if active is None:
        raise Http404
    row = KeyRow(active)
    form = ConfirmForm(request.POST if request.method == "POST" else None, person=actor)
    if form.is_valid():
        try:
            step_up(actor=actor, **form.proof)
            made = rotate_key(actor=actor, scope=SYSTEM_SCOPE, purpose=wanted)
            operation = move_values(actor=actor, scope=SYSTEM_SCOPE, purpose=wanted) if active.movable else None
        except (AccountError, CustodyError) as error:
            refuse(form, error)
        else:
            if operation is not None:
                return redirect("custody:instance_operation", operation.uid)
            messages.success(request, f"{row.purpose_label}: version {made.version} is active. {_AFTERWARDS}")
            return redirect("custody:instance")
    context = {
        "form": form,
        "nav": "account",
        "tab": "keys",
        "title": f"Rotate the key: {row.purpose_label}",
        "lede": row.purpose_hint,
        "row": row,
        "next_version": lines[0].version + (lines[0].state is not KeyState.PENDING),
        "back_url": reverse("custody:instance"),
    }
    return render(request, "custody/rotate.html", context, status=422 if form.is_bound else 200)


@require_POST
@whole_instance
def move(request: HttpRequest) -> HttpResponse:
    """Begins to move the second factors that lie under older keys: the only values of the instance's own."""
    try:
        operation = move_values(actor=administrator(request), scope=SYSTEM_SCOPE, purpose=Purpose.TOTP)
    except CustodyError as error:
        messages.error(request, str(error))
        return redirect("custody:instance")
    return redirect("custody:instance_operation", operation.uid)


@require_POST
@whole_instance
def verify(request: HttpRequest) -> HttpResponse:
    """Begins to open every value of the instance, without showing any."""
    try:
        operation = start_verification(actor=administrator(request))
    except CustodyError as error:
        messages.error(request, str(error))
        return redirect("custody:instance")
    return redirect("custody:instance_operation", operation.uid)


def _page_url(query: str, number: int) -> str:
    return "?" + urlencode({**({"q": query} if query else {}), "page": number})


_AFTERWARDS = "The one before stays for as long as something names it."


def _purpose(word: str) -> Purpose:
    """One of the instance's own purposes by its word. Raises `Http404`."""
    if word not in [purpose.value for purpose in SYSTEM_PURPOSES]:
        raise Http404
    return Purpose(word)

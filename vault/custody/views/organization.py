"""The keys of one organization: what there is, what is due, rotating, and proving that everything opens."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import AccountError
from accounts.gate import person
from accounts.services import step_up
from orgs.permissions import Permission, permissions_of
from orgs.roles import Role
from orgs.selectors import members_of
from vault.custody import selectors
from vault.custody.access import organization_of
from vault.custody.errors import CustodyError
from vault.custody.forms import ConfirmForm, refuse
from vault.custody.notices import left_behind, organization_notices
from vault.custody.presentation import KeyRow
from vault.custody.services import rotate_key, start_verification
from vault.custody.views.operations import move_values, shown_verification
from vault.custody.views.reports import shown_reports
from vault.keys.purposes import KeyState, Purpose

_OLD = (KeyState.RETIRED, KeyState.DESTROYED)


@require_safe
def keys(request: HttpRequest, organization: UUID) -> HttpResponse:
    """The inventory, what is due, work under way, the last verification, reports, and the end of it all."""
    found = organization_of(request, organization)
    may_shred = Permission.ORG_DELETE in permissions_of(person(request), found)
    lines = selectors.inventory(found.key_scope)
    rows = [KeyRow(line) for line in lines]
    destroyed = selectors.shredded_at(found.uid) is not None
    shredding = selectors.open_shred_request(found)
    context = {
        "nav": "keys",
        "destroyed": destroyed,
        "rows": [row for row in rows if destroyed or row.line.state not in _OLD],
        "old_rows": [row for row in rows if not destroyed and row.line.state in _OLD],
        "period_days": lines[0].period_days if lines else 0,
        "notices": organization_notices(found, rows),
        "left_behind": left_behind(rows, found.key_scope, Purpose.DATA, reverse("custody:move", args=[found.uid])),
        "verification": shown_verification(selectors.last_verification(found.key_scope), found),
        "verify_url": reverse("custody:verify", args=[found.uid]),
        "reports": shown_reports(selectors.reports_of(found.uid), organization=found),
        "shredding": shredding,
        "may_shred": may_shred and not destroyed,
        "owners": sum(each.role == Role.OWNER and each.user.is_active for each in members_of(found)),
    }
    return render(request, "custody/keys.html", context)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def rotate(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Says what happens, asks for proof, makes the new key, and leads to the moving of the values."""
    actor, found = person(request), organization_of(request, organization)
    lines = selectors.inventory(found.key_scope)  # the newest first
    active = next((line for line in lines if line.state is KeyState.ACTIVE), None)
    if active is None:
        return redirect("custody:keys", found.uid)  # destroyed, as the page there says
    form = ConfirmForm(request.POST if request.method == "POST" else None, person=actor)
    if form.is_valid():
        try:
            step_up(actor=actor, **form.proof)
            rotate_key(actor=actor, scope=found.key_scope, purpose=Purpose.DATA)
            operation = move_values(actor=actor, scope=found.key_scope, purpose=Purpose.DATA)
        except (AccountError, CustodyError) as error:
            refuse(form, error)
        else:
            return redirect("custody:operation", found.uid, operation.uid)
    context = {
        "form": form,
        "nav": "keys",
        "title": "Rotate the data key",
        "lede": f"A new key for everything that {found.name} stores.",
        "row": KeyRow(active),
        "next_version": lines[0].version + (lines[0].state is not KeyState.PENDING),
        "back_url": reverse("custody:keys", args=[found.uid]),
    }
    return render(request, "custody/rotate.html", context, status=422 if form.is_bound else 200)


@require_POST
def move(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Begins to move the values that lie under older keys; the active one stays."""
    found = organization_of(request, organization)
    try:
        operation = move_values(actor=person(request), scope=found.key_scope, purpose=Purpose.DATA)
    except CustodyError as error:
        messages.error(request, str(error))
        return redirect("custody:keys", found.uid)
    return redirect("custody:operation", found.uid, operation.uid)


@require_POST
def verify(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Begins to open every value of the organization, without showing any."""
    found = organization_of(request, organization)
    try:
        operation = start_verification(actor=person(request), scope=found.key_scope)
    except CustodyError as error:
        messages.error(request, str(error))
        return redirect("custody:keys", found.uid)
    return redirect("custody:operation", found.uid, operation.uid)

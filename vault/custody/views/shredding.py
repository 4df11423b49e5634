"""The end of an organization's values: one owner asks, another agrees, and the keys are gone."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.errors import AccountError
from accounts.gate import person
from accounts.services import step_up
from orgs.permissions import Permission
from vault.custody import selectors
from vault.custody.access import organization_of, shredding_of
from vault.custody.errors import CustodyError
from vault.custody.forms import AgreeForm, TypedConfirmForm, refuse
from vault.custody.services import approve_shred, cancel_shred, request_shred


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def shred(request: HttpRequest, organization: UUID) -> HttpResponse:
    """An owner asks: with the organization's name typed, and a proof."""
    actor, found = person(request), organization_of(request, organization, Permission.ORG_DELETE)
    if selectors.open_shred_request(found) or selectors.shredded_at(found.uid):
        return redirect("custody:keys", found.uid)  # which says so
    form = TypedConfirmForm(request.POST if request.method == "POST" else None, person=actor, typed=found.name)
    if form.is_valid():
        try:
            step_up(actor=actor, **form.proof)
            request_shred(actor=actor, organization=found, confirmation=form.cleaned_data["confirmation"])
        except (AccountError, CustodyError) as error:
            refuse(form, error)
        else:
            messages.warning(request, "The other owners can now agree to it, for a day.")
            return redirect("custody:keys", found.uid)
    context = {
        "form": form,
        "nav": "keys",
        "title": "Ask to destroy the keys",
        "lede": f"The first of two steps to the end of everything that {found.name} stores.",
        "agreeing": False,
    }
    return render(request, "custody/shred.html", context, status=422 if form.is_bound else 200)


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def shred_approve(request: HttpRequest, organization: UUID, shredding: UUID) -> HttpResponse:
    """Another owner agrees, with a proof: the keys are destroyed before the answer, or left to the operator."""
    actor, found = person(request), organization_of(request, organization, Permission.ORG_DELETE)
    wanted = shredding_of(found, shredding)
    if selectors.open_shred_request(found) != wanted or wanted.requested_by_id == actor.pk:
        return redirect("custody:keys", found.uid)  # which says who can agree, if it is still open
    agreed_before = wanted.approved_at is not None
    data, pressed = request.POST if request.method == "POST" else None, request.POST.getlist("when")
    form = AgreeForm(data, person=actor, typed=found.name, pressed=pressed)
    if form.is_valid():
        try:
            step_up(actor=actor, **form.proof)
            agreed = approve_shred(actor=actor, request=wanted, execute=form.now)
        except (AccountError, CustodyError) as error:
            refuse(form, error)
        else:
            done = (
                "are destroyed"
                if agreed.executed_at
                else "can now be destroyed by the operator, until the request ends"
            )
            messages.warning(request, f"The keys of {found.name} {done}.")
            return redirect("custody:keys", found.uid)
    context = {
        "form": form,
        "nav": "keys",
        "title": "Destroy the keys" if agreed_before else "Agree to destroy the keys",
        "lede": f"{wanted.requested_by.name} asks for it. You decide when it happens.",
        "agreeing": True,
        "agreed": agreed_before,
        "expires_at": wanted.expires_at,
    }
    return render(request, "custody/shred.html", context, status=422 if form.is_bound else 200)


@require_POST
def shred_cancel(request: HttpRequest, organization: UUID, shredding: UUID) -> HttpResponse:
    """Any owner withdraws what was asked for."""
    found = organization_of(request, organization, Permission.ORG_DELETE)
    try:
        ended = cancel_shred(actor=person(request), request=shredding_of(found, shredding))
    except CustodyError as error:
        messages.error(request, str(error))
    else:
        if ended.executed_at is not None:
            messages.error(request, "It is too late to withdraw: another owner agreed, and the keys are destroyed.")
        elif ended.cancelled_at is None:
            messages.info(request, "The request had expired already. Nothing was destroyed.")
        else:
            messages.success(request, "Withdrawn. Nothing was destroyed.")
    return redirect("custody:keys", found.uid)

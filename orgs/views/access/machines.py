"""Machines: the programs with access of their own."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.gate import person
from orgs.context import enter_organization
from orgs.errors import OrganizationError
from orgs.forms import refuse
from orgs.forms.authority import MachineForm
from orgs.models import Machine
from orgs.permissions import Permission, permissions_of
from orgs.permissions.changes import DisableMachine
from orgs.selectors import grant_counts, live_grants_of, machine_for, machines_of, organization_for, told_grants
from orgs.services import create_machine, disable_machine, enable_machine, update_machine
from orgs.views.reviewing import review


@require_GET
def machines(request: HttpRequest, organization: UUID) -> HttpResponse:
    """The machines with how much they were granted."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.MACHINE_MANAGE))
    counts = grant_counts(found, "machine_id")
    context = {
        "machines": [{"machine": each, "grants": counts.get(each.pk, 0)} for each in machines_of(found)],
        "nav": "access",
    }
    return render(request, "access/machines.html", context)


@require_http_methods(["GET", "POST"])
def machine_create(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Makes a machine."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.MACHINE_MANAGE))
    form = MachineForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            machine = create_machine(actor=actor, organization=found, **form.cleaned_data)
        except (OrganizationError, ValidationError) as error:
            refuse(form, error)
        else:
            messages.success(request, f"{machine.name} may do nothing yet. Grant it what it needs.")
            return redirect("orgs:machine", found.uid, machine.uid)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "access/machine_form.html", {"form": form, "nav": "access"}, status=status)


@require_http_methods(["GET", "POST"])
def machine(request: HttpRequest, organization: UUID, machine: UUID) -> HttpResponse:
    """What a machine was granted, its name, and whether it is enabled."""
    actor = person(request)
    found = machine_for(actor, organization, machine, Permission.MACHINE_MANAGE)
    form = MachineForm(
        request.POST if request.method == "POST" else None,
        initial={"name": found.name, "description": found.description},
    )
    if form.is_valid():
        try:
            update_machine(actor=actor, machine=found, **form.cleaned_data)
        except (OrganizationError, ValidationError) as error:
            refuse(form, error)
        else:
            messages.success(request, "The machine is saved.")
            return redirect("orgs:machine", organization, found.uid)
    return _page(request, found, form, HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK)


@require_POST
def machine_disable(request: HttpRequest, organization: UUID, machine: UUID) -> HttpResponse:
    """Stops a machine; what it loses is shown first."""
    actor = person(request)
    found = machine_for(actor, organization, machine, Permission.MACHINE_MANAGE)
    back = reverse("orgs:machine", args=[organization, found.uid])
    change, title = DisableMachine(found.pk), f"Disable {found.name}?"
    page = review(request, found.organization, change, title=title, submit="Disable", cancel_url=back, danger=True)
    if page is not None:
        return page
    disable_machine(actor=actor, machine=found)
    messages.success(request, f"{found.name} is disabled.")
    return redirect(back)


@require_POST
def machine_enable(request: HttpRequest, organization: UUID, machine: UUID) -> HttpResponse:
    """Gives a machine back what it was granted."""
    actor = person(request)
    found = machine_for(actor, organization, machine, Permission.MACHINE_MANAGE)
    try:
        enable_machine(actor=actor, machine=found)
    except OrganizationError as error:
        messages.error(request, str(error))
        form = MachineForm(initial={"name": found.name, "description": found.description})
        return _page(request, found, form, HTTPStatus.CONFLICT)
    messages.success(request, f"{found.name} is enabled.")
    return redirect("orgs:machine", organization, found.uid)


def _page(request: HttpRequest, machine: Machine, form: MachineForm, status: int) -> HttpResponse:
    actor, organization = person(request), enter_organization(request, machine.organization)
    context = {
        "machine": machine,
        "form": form,
        "grants": told_grants(actor, machine.organization_id, live_grants_of(machines=[machine.pk])),
        "may_grant": Permission.GRANT_MANAGE in permissions_of(actor, organization),
        "grants_url": f"{reverse('orgs:grant_create', args=[organization.uid])}?subject={machine.pk}",
        "nav": "access",
    }
    return render(request, "access/machine.html", context, status=status)

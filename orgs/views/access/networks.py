"""From which networks an organization, and each of its machines, may be used."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts.gate import person
from accounts.services import Proof
from orgs.context import enter_organization
from orgs.errors import OrganizationError
from orgs.forms import refuse
from orgs.forms.networks import NetworkConfirmForm, NetworkForm
from orgs.models import Machine, NetworkRule, Organization
from orgs.networks import is_inside
from orgs.permissions import Permission
from orgs.selectors import machines_of, organization_for
from orgs.selectors.networks import VISITOR_DAYS, rule_for, rules_listed, visitors_outside
from orgs.services import add_network, remove_network
from orgs.views.lowering import CONFIRMED, carried, fresh_proof, prove
from vault.context import current

Act = Callable[[Proof | None, str], object]


@require_GET
def networks(request: HttpRequest, organization: UUID) -> HttpResponse:
    """The networks of the organization and of its machines, and whether the person's own address is in them."""
    found = enter_organization(request, organization_for(person(request), organization, Permission.ORG_CONFIGURE))
    rules = rules_listed(found)
    machines: dict[Machine, list[NetworkRule]] = {}
    for rule in rules:
        if rule.machine is not None:
            machines.setdefault(rule.machine, []).append(rule)
    context = {
        "rules": [rule for rule in rules if rule.machine_id is None],
        "machines": machines.items(),
        "address": current().ip,
        "nav": "access",
    }
    return render(request, "access/networks.html", context)


@sensitive_post_parameters("code", "password")
@require_http_methods(["GET", "POST"])
def network_add(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Puts a network on the list; who would be outside is shown first."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.ORG_CONFIGURE))
    initial = {"machine": request.GET.get("machine", "")}
    form = NetworkForm(request.POST if request.method == "POST" else None, machines=machines_of(found), initial=initial)
    if not form.is_valid():
        return _form_page(request, form)
    machine, cidr = form.machine_chosen, form.cleaned_data["cidr"]
    shared = [*_shared(rules_listed(found)), *([cidr] if machine is None else [])]

    def act(proof: Proof | None, confirmation: str) -> None:
        add_network(
            actor=actor,
            organization=found,
            cidr=cidr,
            note=form.cleaned_data["note"],
            machine=machine.pk if machine else None,
            proof=proof,
            confirmation=confirmation,
        )

    title = f"Let {machine.name if machine else found.name} be used from {cidr}?"
    try:
        page = _confirmed(
            request,
            found,
            act,
            title=title,
            machine=machine,
            shared=shared,
            submit="Put on the list",
            first=machine is None and len(shared) == 1,
        )
    except (OrganizationError, ValidationError) as error:
        refuse(form, error)
        return _form_page(request, form)
    if page is None:
        messages.success(request, f"{cidr} is on the list.")
    return page or redirect("orgs:networks", found.uid)


@sensitive_post_parameters("code", "password")
@require_http_methods(["GET", "POST"])
def network_remove(request: HttpRequest, organization: UUID, network: UUID) -> HttpResponse:
    """Takes a network off the list; who would be outside is shown first."""
    actor = person(request)
    rule = rule_for(actor, organization, network)
    found = enter_organization(request, rule.organization)
    shared = _shared(each for each in rules_listed(found) if each.pk != rule.pk)

    def act(proof: Proof | None, confirmation: str) -> None:
        remove_network(actor=actor, rule=rule, proof=proof, confirmation=confirmation)

    title = f"Take {rule.cidr} off the list?"
    try:
        page = _confirmed(
            request, found, act, title=title, machine=rule.machine, shared=shared, submit="Take off the list"
        )
    except OrganizationError as error:
        messages.error(request, str(error))
        return redirect("orgs:networks", found.uid)
    if page is None:
        messages.success(request, f"{rule.cidr} is off the list.")
    return page or redirect("orgs:networks", found.uid)


def _confirmed(
    request: HttpRequest,
    organization: Organization,
    act: Act,
    *,
    title: str,
    machine: Machine | None,
    shared: list[str],
    submit: str,
    first: bool = False,
) -> HttpResponse | None:
    """The page that asks whether a change is meant; None once it was made. `shared`: the organization's networks as
    they would be then."""
    actor, address = person(request), current().ip
    outside = machine is None and bool(shared) and not is_inside(address, shared)
    proof = fresh_proof(request)
    asked = request.method == "POST" and request.POST.get(CONFIRMED) == "yes"
    form = NetworkConfirmForm(
        request.POST if asked else None,
        person=actor,
        proven=proof is not None,
        typed=organization.name if outside else "",
    )
    if asked and form.is_valid():
        proof = proof or prove(request, form)
        if proof is not None:
            try:
                act(proof, form.typed)
            except OrganizationError as error:
                if error.field not in form.fields:
                    raise
                refuse(form, error)
            else:
                return None
    context: dict[str, Any] = {
        "title": title,
        "submit": submit,
        "machine": machine,
        "shared": shared,
        "address": address,
        "outside": outside,
        "first": first,
        "visitors": visitors_outside(organization, shared) if machine is None else None,
        "days": VISITOR_DAYS,
        "form": form,
        "fields": [(name, value) for name, value in carried(request) if name != "confirmation"],
        "nav": "access",
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "access/network_confirm.html", context, status=status)


def _shared(rules: Iterable[NetworkRule]) -> list[str]:
    return [rule.cidr for rule in rules if rule.machine_id is None]


def _form_page(request: HttpRequest, form: NetworkForm) -> HttpResponse:
    context = {"form": form, "address": current().ip, "nav": "access"}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "access/network_form.html", context, status=status)

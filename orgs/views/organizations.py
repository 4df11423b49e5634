"""Where a person's organizations are: the way in, the list, founding, settings."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from accounts.gate import person
from orgs.context import enter_organization
from orgs.errors import OrganizationError
from orgs.forms import OrganizationForm, refuse
from orgs.permissions import Permission, permissions_of
from orgs.selectors import membership_of, memberships_of, organization_for, organizations_where
from orgs.selectors.networks import organizations_outside
from orgs.services import create_organization, rename_organization
from vault.context import current


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To the secrets of the only organization; with several, or none, to the list of them."""
    organizations = list(organizations_where(person(request), Permission.SECRET_LIST)[:2])
    if len(organizations) == 1:
        return redirect("secrets:list", organizations[0].uid)
    return redirect("orgs:list")


@require_GET
def list_(request: HttpRequest) -> HttpResponse:
    """The organizations that the person belongs to, with their role in each."""
    actor = person(request)
    context = {
        "memberships": memberships_of(actor),
        "outside": organizations_outside(actor),
        "address": current().ip,
        "nav": "organizations",
    }
    return render(request, "orgs/list.html", context)


@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Founds an organization."""
    form = OrganizationForm(request.POST or None)
    if form.is_valid():
        try:
            organization = create_organization(actor=person(request), name=form.cleaned_data["name"])
        except (OrganizationError, ValidationError) as error:
            refuse(form, error)
        else:
            messages.success(request, f"{organization.name} is set up. Add a project, then invite people.")
            return redirect("orgs:projects", organization.uid)
    return render(
        request, "orgs/create.html", {"form": form, "nav": "organizations"}, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest, organization: UUID) -> HttpResponse:
    """The name, for those who may change it, and the way out."""
    actor = person(request)
    wanted = Permission.ORG_CONFIGURE if request.method == "POST" else Permission.ORG_VIEW
    found = enter_organization(request, organization_for(actor, organization, wanted))
    form = OrganizationForm(request.POST if request.method == "POST" else None, initial={"name": found.name})
    if form.is_valid():
        try:
            rename_organization(actor=actor, organization=found, name=form.cleaned_data["name"])
        except (OrganizationError, ValidationError) as error:
            refuse(form, error)
        else:
            messages.success(request, "The name is saved.")
            return redirect("orgs:settings", found.uid)
    context = {
        "form": form,
        "membership": membership_of(actor, found),
        "may_configure": Permission.ORG_CONFIGURE in permissions_of(actor, found),
        "nav": "settings",
    }
    return render(request, "orgs/settings.html", context, status=422 if form.is_bound else 200)

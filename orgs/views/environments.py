"""The environments of a project, changed from the project's settings."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.gate import person
from orgs.context import enter_organization
from orgs.errors import OrganizationError
from orgs.forms import EnvironmentForm, refuse
from orgs.permissions import Permission
from orgs.selectors import environment_for, project_for
from orgs.services import create_environment, delete_environment, move_environment, rename_environment
from orgs.views.projects import settings_page


@require_POST
def environment_create(request: HttpRequest, project: UUID) -> HttpResponse:
    """Adds an environment to a project."""
    actor = person(request)
    found = project_for(actor, project, Permission.PROJECT_CONFIGURE)
    form = EnvironmentForm(request.POST)
    if form.is_valid():
        try:
            environment = create_environment(actor=actor, project=found, name=form.cleaned_data["name"])
        except (OrganizationError, ValidationError) as error:
            refuse(form, error)
        else:
            messages.success(request, f"{environment.name} is added.")
            return redirect("orgs:project_settings", found.uid)
    return settings_page(request, found, environment_form=form, status=422)


@require_http_methods(["GET", "POST"])
def environment_rename(request: HttpRequest, environment: UUID) -> HttpResponse:
    """Gives an environment another name."""
    actor = person(request)
    found = environment_for(actor, environment, Permission.PROJECT_CONFIGURE)
    enter_organization(request, found.organization)
    form = EnvironmentForm(request.POST if request.method == "POST" else None, initial={"name": found.name})
    if form.is_valid():
        try:
            rename_environment(actor=actor, environment=found, name=form.cleaned_data["name"])
        except (OrganizationError, ValidationError) as error:
            refuse(form, error)
        else:
            messages.success(request, "The name is saved.")
            return redirect("orgs:project_settings", found.project_id)
    context = {"environment": found, "form": form, "nav": "projects"}
    return render(request, "orgs/environment_rename.html", context, status=422 if form.is_bound else 200)


@require_POST
def environment_move(request: HttpRequest, environment: UUID) -> HttpResponse:
    """Moves an environment one place up or down: `direction` is `up` or `down`."""
    actor = person(request)
    found = environment_for(actor, environment, Permission.PROJECT_CONFIGURE)
    direction = request.POST.get("direction")
    if direction not in {"up", "down"}:
        messages.error(request, "An environment can be moved up or down.")
        return settings_page(request, found.project, status=422)
    try:
        move_environment(actor=actor, environment=found, up=direction == "up")
    except OrganizationError as error:
        messages.error(request, str(error))
        return settings_page(request, found.project, status=409)
    return redirect("orgs:project_settings", found.project_id)


@require_http_methods(["GET", "POST"])
def environment_delete(request: HttpRequest, environment: UUID) -> HttpResponse:
    """Asks once more, then deletes an environment that holds nothing."""
    actor = person(request)
    found = environment_for(actor, environment, Permission.PROJECT_CONFIGURE)
    enter_organization(request, found.organization)
    status = 200
    if request.method == "POST":
        try:
            delete_environment(actor=actor, environment=found)
        except OrganizationError as error:
            messages.error(request, str(error))
            status = 409
        else:
            messages.success(request, f"{found.name} is deleted.")
            return redirect("orgs:project_settings", found.project_id)
    return render(request, "orgs/environment_delete.html", {"environment": found, "nav": "projects"}, status=status)

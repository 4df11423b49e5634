"""Projects: the list, founding, settings, deletion."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.gate import person
from orgs.context import enter_organization
from orgs.errors import OrganizationError
from orgs.forms import EnvironmentForm, NewProjectForm, ProjectForm, refuse
from orgs.models import Project
from orgs.permissions import Permission, permissions_of
from orgs.roles import Role
from orgs.selectors import environments_of, opening_of, organization_for, project_for, projects_of
from orgs.services import create_project, delete_project, update_project


@require_GET
def projects(request: HttpRequest, organization: UUID) -> HttpResponse:
    """The organization's projects with what is in them."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.ORG_VIEW))
    context = {
        "projects": list(projects_of(actor, found)),
        "may_create": Permission.PROJECT_CREATE in permissions_of(actor, found),
        "nav": "projects",
    }
    return render(request, "orgs/projects.html", context)


@require_http_methods(["GET", "POST"])
def project_create(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Makes a project."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.PROJECT_CREATE))
    form = NewProjectForm(
        request.POST if request.method == "POST" else None,
        initial={"kind": Project.Kind.PASSWORDS, "openness": Role.MEMBER.value},
    )
    if form.is_valid():
        try:
            project = create_project(
                actor=actor,
                organization=found,
                kind=form.cleaned_data["kind"],
                name=form.cleaned_data["name"],
                description=form.cleaned_data["description"],
                environments=form.cleaned_data["environments"],
                open_as=form.role,
            )
        except (OrganizationError, ValidationError) as error:
            refuse(form, error)
        else:
            messages.success(request, f"{project.name} is ready for its first secret.")
            return redirect("secrets:project", project.uid)
    return render(
        request, "orgs/project_create.html", {"form": form, "nav": "projects"}, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "POST"])
def project_settings(request: HttpRequest, project: UUID) -> HttpResponse:
    """The name, the description, the environments."""
    actor = person(request)
    found = project_for(actor, project, Permission.PROJECT_CONFIGURE)
    form = ProjectForm(
        request.POST if request.method == "POST" else None,
        initial={"name": found.name, "description": found.description},
    )
    if form.is_valid():
        try:
            update_project(actor=actor, project=found, **form.cleaned_data)
        except (OrganizationError, ValidationError) as error:
            refuse(form, error)
        else:
            messages.success(request, "The project is saved.")
            return redirect("orgs:project_settings", found.uid)
    return settings_page(request, found, form=form, status=422 if form.is_bound else 200)


def settings_page(
    request: HttpRequest,
    project: Project,
    *,
    form: ProjectForm | None = None,
    environment_form: EnvironmentForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page itself, which the actions on it also answer with when they are refused."""
    enter_organization(request, project.organization)
    permitted = permissions_of(person(request), project)
    context = {
        "project": project,
        "form": form or ProjectForm(initial={"name": project.name, "description": project.description}),
        "environments": list(environments_of(project)) if project.kind == Project.Kind.APPLICATION else [],
        "only": project.environments.get() if project.kind == Project.Kind.PASSWORDS else None,
        "environment_form": environment_form or EnvironmentForm(),
        "may_delete": Permission.PROJECT_DELETE in permitted,
        "opening": opening_of(project),
        "may_grant": Permission.GRANT_MANAGE in permitted,
        "may_explain": not permitted.isdisjoint({Permission.GRANT_MANAGE, Permission.AUDIT_VIEW}),
        "nav": "projects",
    }
    return render(request, "orgs/project_settings.html", context, status=status)


@require_http_methods(["GET", "POST"])
def project_delete(request: HttpRequest, project: UUID) -> HttpResponse:
    """Asks once more, then deletes a project that holds nothing."""
    actor = person(request)
    found = project_for(actor, project, Permission.PROJECT_DELETE)
    enter_organization(request, found.organization)
    status = 200
    if request.method == "POST":
        try:
            delete_project(actor=actor, project=found)
        except OrganizationError as error:
            messages.error(request, str(error))
            status = 409
        else:
            messages.success(request, f"{found.name} is deleted.")
            return redirect("orgs:projects", found.organization_id)
    return render(request, "orgs/project_delete.html", {"project": found, "nav": "projects"}, status=status)

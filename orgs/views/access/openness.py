"""Whether a project is open to every member."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.gate import person
from orgs.context import enter_organization
from orgs.errors import OrganizationError
from orgs.forms import refuse
from orgs.forms.openness import OpennessForm
from orgs.models import Grant, Project
from orgs.permissions import Permission
from orgs.permissions.changes import Change, OpenProject, RestrictProject
from orgs.roles import Role
from orgs.selectors import opening_of, project_for
from orgs.services import change_open_role, restrict_project
from orgs.services.openness import RESTRICTED
from orgs.views.reviewing import review


@require_http_methods(["GET", "POST"])
def project_openness(request: HttpRequest, project: UUID) -> HttpResponse:
    """Opens or restricts a project; who gains and who loses by it is shown first."""
    actor = person(request)
    found = project_for(actor, project, Permission.GRANT_MANAGE)
    enter_organization(request, found.organization)
    opening = opening_of(found)
    before = opening.role if opening else RESTRICTED
    form = OpennessForm(request.POST if request.method == "POST" else None, initial={"openness": before})
    if form.is_valid():
        role, back = form.role, reverse("orgs:project_openness", args=[found.uid])
        if form.cleaned_data["openness"] != before:
            title = f"Open {found.name} to every member?" if role else f"Restrict {found.name}?"
            submit = "Open the project" if role else "Restrict the project"
            change, danger = _change(found, role), role is None
            page = review(
                request, found.organization, change, title=title, submit=submit, cancel_url=back, danger=danger,
                nav="projects",
            )  # fmt: skip
            if page is not None:
                return page
        try:
            if role is None:
                restrict_project(actor=actor, project=found)
            else:
                change_open_role(actor=actor, project=found, role=role)
        except OrganizationError as error:
            refuse(form, error)
        else:
            messages.success(
                request,
                f"{found.name} is open: every member is {role.label}." if role else f"{found.name} is restricted.",
            )
            return redirect("orgs:project_openness", found.uid)
    context = {"project": found, "form": form, "nav": "projects"}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "access/openness.html", context, status=status)


def _change(project: Project, role: Role | None) -> Change:
    if role is None:
        return RestrictProject(project.pk)
    grant = Grant(
        organization_id=project.organization_id,
        subject_kind=Grant.SubjectKind.EVERYONE,
        role=role,
        project=project,
        origin=Grant.Origin.OPENED,
    )
    return OpenProject(grant)

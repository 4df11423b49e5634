"""A project: a matrix of names and environments, or the list of its shared passwords."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.gate import person
from orgs.classification import Classification
from orgs.context import enter_organization
from orgs.models import Project
from orgs.permissions import Permission, judge, permitted, standing_of
from orgs.selectors import environments_where, project_for
from vault.secrets.forms.lists import filters_from
from vault.secrets.kinds import Kind
from vault.secrets.matrix import matrix_of
from vault.secrets.selectors import count_of_secrets, page_of_secrets
from vault.secrets.views.listing import count_words, neighbours

EXPLAINING = (Permission.GRANT_MANAGE, Permission.AUDIT_VIEW)
"""Either of them shows who reaches something, and why."""


@require_GET
def project(request: HttpRequest, project: UUID) -> HttpResponse:
    """Application configuration shows what is set where; shared passwords have one environment and are a list."""
    actor = person(request)
    found = project_for(actor, project, Permission.SECRET_LIST, partly=True)
    enter_organization(request, found.organization)
    standing = standing_of(actor, found.organization_id, permissions=tuple(Permission), place=found.place)
    now = timezone.now()
    held = permitted(standing, found.place)
    filters = filters_from(request.GET, organization=found.organization_id, project=found.uid)
    environments = list(environments_where(actor, Permission.SECRET_LIST, found))
    context = {
        "project": found,
        "environments": environments,
        "filters": filters,
        "kinds": Kind.choices,
        "classes": Classification,
        "count": count_words(count_of_secrets(actor, filters)),
        "explained": {
            each.uid
            for each in environments
            if any(judge(standing, asked, each.place, at=now).allowed for asked in EXPLAINING)
        },
        "permitted": held,
        "may_write": Permission.SECRET_WRITE in held,
        "may_configure": Permission.PROJECT_CONFIGURE in held,
        "nav": "projects",
    }
    cursor = request.GET.get("page", "")
    if found.kind == Project.Kind.APPLICATION:
        lines = matrix_of(actor, found, environments, filters, cursor)
        context |= {"page": lines, **neighbours(request.GET, lines)}
        return render(request, "secrets/matrix.html", context)
    page = page_of_secrets(actor, filters, cursor)
    context |= {"page": page, **neighbours(request.GET, page)}
    return render(request, "secrets/passwords.html", context)

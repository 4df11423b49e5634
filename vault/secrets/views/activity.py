"""What happened to one secret."""

from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.gate import person
from audit.actions import ResourceKind
from audit.activity import activity_page
from audit.selectors import events_of_resource
from orgs.context import enter_organization
from orgs.permissions import Permission
from vault.secrets.selectors import permitted_on, secret_for


@require_GET
def activity(request: HttpRequest, secret: UUID) -> HttpResponse:
    """The secret's events, the newest first, for those who may reveal it: they could cause most of them themselves."""
    found = secret_for(person(request), secret, Permission.SECRET_REVEAL)
    enter_organization(request, found.organization)
    events = partial(events_of_resource, found.organization_id, ResourceKind.SECRET, str(found.pk))
    context = {
        **activity_page(request.GET, events, link=False),
        "secret": found,
        "permitted": permitted_on(found),
        "nav": "trash" if found.trashed_at else "secrets",
    }
    return render(request, "secrets/activity.html", context)

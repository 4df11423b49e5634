"""What happened in an organization."""

from functools import partial
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.gate import person
from audit.activity import activity_page
from audit.selectors import events_of_organization
from orgs.context import enter_organization
from orgs.permissions import Permission
from orgs.selectors import organization_for


@require_GET
def activity(request: HttpRequest, organization: UUID) -> HttpResponse:
    """The organization's events, the newest first, for those who may see them."""
    found = enter_organization(request, organization_for(person(request), organization, Permission.AUDIT_VIEW))
    context = activity_page(request.GET, partial(events_of_organization, found.uid))
    return render(request, "orgs/activity.html", {**context, "nav": "activity"})

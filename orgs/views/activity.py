"""What happened in an organization."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.gate import person
from orgs.context import enter_organization
from orgs.permissions import Permission
from orgs.selectors import organization_for


@require_GET
def activity(request: HttpRequest, organization: UUID) -> HttpResponse:
    """The organization's events, the newest first."""
    enter_organization(request, organization_for(person(request), organization, Permission.AUDIT_VIEW))
    return render(request, "orgs/activity.html", {"nav": "activity"})

"""The first page below “Access”: what the person has here, and where the rest is."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.gate import person
from orgs.context import enter_organization
from orgs.permissions import Permission, standing_of
from orgs.selectors import organization_for


@require_GET
def overview(request: HttpRequest, organization: UUID) -> HttpResponse:
    """What the person holds in the organization, through what, and until when."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.ORG_VIEW))
    now = timezone.now()
    holdings = standing_of(actor, found.uid, permissions=tuple(Permission)).holdings
    held = [each for each in holdings if each.ends_at is None or each.ends_at > now]
    context = {
        "holdings": [{"holding": each, "begun": each.holds_at(now)} for each in held],
        "manages_grants": any(Permission.GRANT_MANAGE in each.permissions and each.holds_at(now) for each in held),
        "nav": "access",
    }
    return render(request, "access/overview.html", context)

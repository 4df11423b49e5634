"""What every page shows about organizations: those the person belongs to, the current one, what may be done in it."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from orgs.models import Organization
from orgs.permissions import Permission, permissions_of
from orgs.selectors import organizations_where


def enter_organization(request: HttpRequest, organization: Organization) -> Organization:
    """Makes `organization` the current one of the request's pages; views call it with what they fetched."""
    request.organization = organization  # type: ignore[attr-defined]  # HttpRequest has no field of ours
    return organization


def template_context(request: HttpRequest) -> dict[str, Any]:
    """Template context processor: `organizations`, `organization` (or None) and `permitted`, a set of permissions.

    Both queries wait until a template asks, so pages outside of the shell pay for none.
    """
    user = getattr(request, "user", None)
    organization: Organization | None = getattr(request, "organization", None)
    if not isinstance(user, User):
        return {"organization": None}
    context: dict[str, Any] = {
        "organization": organization,
        "organizations": SimpleLazyObject(
            lambda: list(organizations_where(user, Permission.ORG_VIEW).order_by("name", "uid"))
        ),
    }
    if organization is not None:
        context["permitted"] = SimpleLazyObject(lambda: permissions_of(user, organization))
    return context

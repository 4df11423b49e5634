"""The page between a form and its saving: what would change, and for whom."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import constant_time_compare

from accounts.gate import person
from orgs.context import enter_organization
from orgs.models import Organization
from orgs.permissions.changes import Change
from orgs.preview import preview

REVIEWED = "reviewed"
_NEVER_AGAIN = frozenset({"csrfmiddlewaretoken", REVIEWED, "password", "code"})
"""Fields that the page does not send again: its own, and what proves who somebody is, which no page may hold."""


def review(
    request: HttpRequest,
    organization: Organization,
    change: Change,
    *,
    title: str,
    submit: str,
    cancel_url: str,
    danger: bool = False,
    nav: str = "access",
) -> HttpResponse | None:
    """The page "Review what changes" for a POST with a valid form; None once it was confirmed as it is now.

    The page posts the same fields to the same address again. If something else would change by then, it is shown anew.
    """
    changes = preview(person(request), organization, change)
    told = request.POST.get(REVIEWED, "")
    if constant_time_compare(told, changes.digest):
        return None
    enter_organization(request, organization)
    fields = [(name, value) for name, values in request.POST.lists() if name not in _NEVER_AGAIN for value in values]
    context = {
        "title": title,
        "submit": submit,
        "danger": danger,
        "cancel_url": cancel_url,
        "changes": changes,
        "anew": bool(told),
        "fields": fields,
        "nav": nav,
    }
    return render(request, "access/review.html", context)

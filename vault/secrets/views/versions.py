"""The versions of a secret: the list, and bringing one back."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts.gate import person
from orgs.context import enter_organization
from orgs.permissions import Permission
from vault.errors import error_response
from vault.secrets.errors import SecretError
from vault.secrets.kinds import Kind, label_of
from vault.secrets.selectors import permitted_on, secret_for, version_for_display, versions_of
from vault.secrets.services import restore_version

VERSIONS_SHOWN = 50


@require_GET
def versions(request: HttpRequest, secret: UUID) -> HttpResponse:
    """Who changed which fields when, the newest first; `?before=` goes on from a number."""
    found = secret_for(person(request), secret, Permission.SECRET_LIST)
    enter_organization(request, found.organization)
    kind = Kind(found.kind)
    before = request.GET.get("before", "")
    wanted = versions_of(found)
    if before.isascii() and before.isdigit() and len(before) <= 9:
        wanted = wanted.filter(number__lt=int(before))
    rows = list(wanted[: VERSIONS_SHOWN + 1])
    older = f"?before={rows[VERSIONS_SHOWN - 1].number}" if len(rows) > VERSIONS_SHOWN else ""
    permitted = permitted_on(found)
    context = {
        "secret": found,
        "kind": kind,
        "versions": [
            (version, [label_of(kind, name) for name in version.changed_fields]) for version in rows[:VERSIONS_SHOWN]
        ],
        "older_url": older,
        "permitted": permitted,
        "may_write": Permission.SECRET_WRITE in permitted and found.trashed_at is None,
        "nav": "trash" if found.trashed_at else "secrets",
    }
    return render(request, "secrets/versions.html", context)


@require_http_methods(["GET", "POST"])
def version_restore(request: HttpRequest, secret: UUID, number: int) -> HttpResponse:
    """Asks once more, then makes a new version with the values of an earlier one."""
    actor = person(request)
    found = secret_for(actor, secret, Permission.SECRET_WRITE)
    enter_organization(request, found.organization)
    if request.method == "POST":
        try:
            restored = restore_version(actor=actor, secret=found, number=number)
        except SecretError as error:
            return error_response(request, error.status, str(error))
        if restored.version == found.version:
            messages.info(request, f"Version {number} holds what is current already, so no version was made.")
        else:
            messages.success(request, f"The values of version {number} are back, as version {restored.version}.")
        return redirect("secrets:detail", found.pk)
    version = version_for_display(found, number)
    if version is None:
        raise Http404
    return render(request, "secrets/restore.html", {"secret": found, "version": version, "nav": "secrets"})

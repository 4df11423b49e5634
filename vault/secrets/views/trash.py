"""The trash: what is in it, for how long, the way back and the way out."""

import math
from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from accounts.gate import person
from orgs.context import enter_organization
from orgs.permissions import Permission, permissions_of
from orgs.selectors import organization_for
from vault.errors import error_response
from vault.secrets.errors import ConfirmationMismatch, NameTaken, SecretError
from vault.secrets.forms.editing import UntrashForm
from vault.secrets.forms.lists import filters_from
from vault.secrets.models import Secret
from vault.secrets.selectors import BY_TRASHING, count_of_secrets, page_of_secrets, permitted_on, secret_for
from vault.secrets.services import purge_secret, trash_secret, untrash_secret
from vault.secrets.views.listing import count_words, neighbours


@require_GET
def trash(request: HttpRequest, organization: UUID) -> HttpResponse:
    """What was moved to the trash, the latest first, with the days that are left."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.ORG_VIEW))
    permitted = permissions_of(actor, found)
    filters = filters_from(request.GET, organization=found.uid, trashed=True)
    page = page_of_secrets(actor, filters, request.GET.get("page", ""), order=BY_TRASHING)
    context = {
        "filters": filters,
        "page": page,
        "rows": [(secret, days_left(secret)) for secret in page.rows],
        **neighbours(request.GET, page),
        "count": count_words(count_of_secrets(actor, filters)),
        "trash_days": settings.TRASH_DAYS,
        "permitted": permitted,
        "may_restore": Permission.SECRET_DELETE in permitted,
        "may_purge": Permission.SECRET_PURGE in permitted,
        "nav": "trash",
    }
    return render(request, "secrets/trash.html", context)


@require_http_methods(["GET", "POST"])
def trash_one(request: HttpRequest, secret: UUID) -> HttpResponse:
    """Asks once more, then moves the secret to the trash."""
    actor = person(request)
    found = secret_for(actor, secret, Permission.SECRET_DELETE)
    enter_organization(request, found.organization)
    if request.method == "POST":
        try:
            trash_secret(actor=actor, secret=found)
        except SecretError as error:
            return error_response(request, error.status, str(error))
        messages.success(request, f"{found.name} is in the trash for {settings.TRASH_DAYS} days.")
        return redirect("secrets:project", found.project_id)
    context = {"secret": found, "trash_days": settings.TRASH_DAYS, "nav": "secrets"}
    return render(request, "secrets/trash_one.html", context)


@require_http_methods(["GET", "POST"])
def untrash(request: HttpRequest, secret: UUID) -> HttpResponse:
    """Brings the secret back; when its name is taken by now, asks for another one."""
    actor = person(request)
    found = secret_for(actor, secret, Permission.SECRET_DELETE)
    enter_organization(request, found.organization)
    renaming = "name" in request.POST
    form = UntrashForm(request.POST if renaming else None, initial={"name": found.name})
    status = HTTPStatus.OK
    if request.method == "POST" and (not renaming or form.is_valid()):
        try:
            restored = untrash_secret(actor=actor, secret=found, name=form.cleaned_data["name"] if renaming else None)
        except NameTaken as taken:
            status = HTTPStatus.CONFLICT
            form = UntrashForm({"name": taken.name})
            form.add_error("name", str(taken))
        except ValidationError as error:
            form.add_error("name", error)
        except SecretError as error:
            return error_response(request, error.status, str(error))
        else:
            messages.success(request, f"{restored.name} is back in {found.project.name}.")
            return redirect("secrets:detail", found.pk)
    if form.errors and status == HTTPStatus.OK:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    context = {"secret": found, "form": form, "taken": status == HTTPStatus.CONFLICT, "nav": "trash"}
    return render(request, "secrets/untrash.html", context, status=status)


@require_http_methods(["GET", "POST"])
def purge(request: HttpRequest, secret: UUID) -> HttpResponse:
    """Destroys a secret in the trash, once its name is typed."""
    actor = person(request)
    found = secret_for(actor, secret, Permission.SECRET_PURGE)
    enter_organization(request, found.organization)
    problem = ""
    if request.method == "POST":
        try:
            purge_secret(actor=actor, secret=found, confirmation=request.POST.get("confirmation", ""))
        except ConfirmationMismatch as error:
            problem = str(error)
        except SecretError as error:
            return error_response(request, error.status, str(error))
        else:
            messages.success(request, f"{found.name} and all its versions are destroyed.")
            return redirect("secrets:trash", found.organization_id)
    context = {"secret": found, "problem": problem, "permitted": permitted_on(found), "nav": "trash"}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return render(request, "secrets/purge.html", context, status=status)


def days_left(secret: Secret) -> int:
    """Days until the trash is emptied of the secret, the day that has begun included; at least 0."""
    if secret.trashed_at is None:
        return settings.TRASH_DAYS
    left = secret.trashed_at + timedelta(days=settings.TRASH_DAYS) - timezone.now()
    return max(math.ceil(left / timedelta(days=1)), 0)

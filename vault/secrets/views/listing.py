"""Lists of secrets: of an organization, of all of them, and what the palette finds."""

from collections.abc import Mapping
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.gate import person
from orgs.classification import Classification
from orgs.context import enter_organization
from orgs.permissions import Permission, permissions_of
from orgs.selectors import organization_for
from vault.paging import Page
from vault.secrets.forms.lists import SEARCH_LENGTH, filters_from
from vault.secrets.kinds import ICONS, Kind
from vault.secrets.models import Secret
from vault.secrets.selectors import (
    COUNT_LIMIT,
    count_of_secrets,
    first_found,
    first_projects,
    names_of_projects,
    page_of_secrets,
    projects_to_choose_from,
    tags_in_use,
)

PALETTE_SECRETS = 14
PALETTE_PROJECTS = 6


@require_GET
def list_(request: HttpRequest, organization: UUID) -> HttpResponse:
    """The organization's secrets by name, filtered and in pages. Nothing is decrypted."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.ORG_VIEW))
    permitted = permissions_of(actor, found)
    filters = filters_from(request.GET, organization=found.uid)
    page = page_of_secrets(actor, filters, request.GET.get("page", ""))
    context = {
        "filters": filters,
        "page": page,
        **neighbours(request.GET, page),
        "count": count_words(count_of_secrets(actor, filters)),
        "projects": list(names_of_projects(actor, found)),
        "kinds": Kind.choices,
        "classes": Classification,
        "tags": tags_in_use(actor, found),
        "permitted": permitted,
        "may_write": Permission.SECRET_WRITE in permitted,
        "nav": "secrets",
    }
    return render(request, "secrets/list.html", context)


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """The same over every organization in which the person may list secrets."""
    actor = person(request)
    filters = filters_from(request.GET)
    page: Page[Secret] = page_of_secrets(actor, filters, request.GET.get("page", "")) if filters.narrow else Page([])
    context = {
        "filters": filters,
        "page": page,
        **neighbours(request.GET, page),
        "count": count_words(count_of_secrets(actor, filters)) if filters.narrow else "",
        "kinds": Kind.choices,
        "classes": Classification,
    }
    return render(request, "secrets/search.html", context)


@require_GET
def place(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Where a new secret should go; the only place, if there is one."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.SECRET_WRITE, partly=True))
    projects = list(projects_to_choose_from(actor, found))
    if len(projects) == 1 and len(projects[0].environments.all()) == 1:
        return redirect("secrets:create", projects[0].environments.all()[0].pk)
    permitted = permissions_of(actor, found)
    context = {"projects": projects, "permitted": permitted, "nav": "secrets"}
    return render(request, "secrets/place.html", context)


@require_GET
def palette(request: HttpRequest) -> HttpResponse:
    """What the palette offers for `q`, from every organization: first secrets, then projects. Names only."""
    actor = person(request)
    q = request.GET.get("q", "").strip()[:SEARCH_LENGTH]
    results: list[Mapping[str, str]] = []
    if q:
        results = [
            {
                "label": secret.name,
                "detail": f"{_class_of(secret)} · {secret.project.name} · {secret.organization.name}",
                "url": reverse("secrets:detail", args=[secret.pk]),
                "icon": ICONS[Kind(secret.kind)],
            }
            for secret in first_found(actor, q, PALETTE_SECRETS)
        ]
        results += [
            {
                "label": project.name,
                "detail": f"Project · {project.organization.name}",
                "url": reverse("secrets:project", args=[project.pk]),
                "icon": "folder",
            }
            for project in first_projects(actor, q, PALETTE_PROJECTS)
        ]
    return JsonResponse({"results": results})


def _class_of(secret: Secret) -> str:
    return secret.effective_classification.label


def neighbours(query: QueryDict, page: Page[object]) -> dict[str, str]:
    """The addresses of the pages before and after, with the filters as they are."""
    return {"previous_url": _turned(query, page.previous), "next_url": _turned(query, page.next)}


def count_words(count: int) -> str:
    """How many secrets, in words."""
    if count > COUNT_LIMIT:
        return f"More than {COUNT_LIMIT:,} secrets"
    return "1 secret" if count == 1 else f"{count:,} secrets"


def _turned(query: QueryDict, cursor: str) -> str:
    if not cursor:
        return ""
    turned = query.copy()
    turned["page"] = cursor
    return f"?{turned.urlencode()}"

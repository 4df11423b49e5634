"""Who can read this, and why: of an organization, a project, an environment or a secret.

For whoever gives access there, or reads the log; and of what is not theirs to list, they are not told the name.
"""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.gate import person
from accounts.models import User
from audit.actions import ResourceKind
from orgs.context import enter_organization
from orgs.models import Environment, Organization, Project
from orgs.permissions import AccessDenied, Permission, standing_of
from orgs.permissions.naming import names_seen
from orgs.permissions.words import GROUPS, LABELS
from orgs.places import Place
from orgs.selectors import object_for, organization_for
from vault.access.reading import DID, Readers, asked
from vault.secrets.models import Secret
from vault.secrets.selectors import permitted_on, secret_for

SEARCH_LENGTH = 200
KINDS = {"people": "People", "teams": "Teams", "machines": "Machines"}

F = TypeVar("F")


@require_safe
def who(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Who reaches something of the organization."""
    actor = person(request)
    found = asking(lambda permission: organization_for(actor, organization, permission))
    enter_organization(request, found)
    return _page(request, actor, Place(found.uid), {"about": found.name, "kind_of_place": "organization"})


@require_safe
def who_project(request: HttpRequest, organization: UUID, project: UUID) -> HttpResponse:
    """Who reaches something of a project."""
    actor = person(request)
    projects = Project.objects.select_related("organization").filter(organization_id=organization)
    object_for(actor, Permission.SECRET_LIST, projects, project, kind=ResourceKind.PROJECT, partly=True)
    found = asking(lambda permission: object_for(actor, permission, projects, project, kind=ResourceKind.PROJECT))
    enter_organization(request, found.organization)
    return _page(request, actor, found.place, {"about": found.name, "kind_of_place": "project", "project": found})


@require_safe
def who_environment(request: HttpRequest, organization: UUID, environment: UUID) -> HttpResponse:
    """Who reaches something of an environment."""
    actor = person(request)
    rows = Environment.objects.select_related("organization", "project").filter(organization_id=organization)
    object_for(actor, Permission.SECRET_LIST, rows, environment, kind=ResourceKind.ENVIRONMENT, partly=True)
    found = asking(lambda permission: object_for(actor, permission, rows, environment, kind=ResourceKind.ENVIRONMENT))
    enter_organization(request, found.organization)
    context = {"about": found.name, "kind_of_place": "environment", "project": found.project, "environment": found}
    return _page(request, actor, found.place, context)


@require_safe
def who_secret(request: HttpRequest, organization: UUID, secret: UUID) -> HttpResponse:
    """Who reaches a secret."""
    actor = person(request)
    secret_for(actor, secret, Permission.SECRET_LIST)
    found: Secret = asking(lambda permission: secret_for(actor, secret, permission))
    if found.organization_id != organization:
        raise Http404
    enter_organization(request, found.organization)
    context = {
        "about": found.name,
        "kind_of_place": "secret",
        "project": found.project,
        "secret": found,
        "tab": "access",
    }
    return _page(request, actor, found.place, context, secret=found)


def asking(fetch: Callable[[Permission], F]) -> F:
    """What `fetch` gives to somebody who gives access there, or reads the log. Raises AccessDenied to anybody else."""
    try:
        return fetch(Permission.GRANT_MANAGE)
    except AccessDenied as denied:
        try:
            return fetch(Permission.AUDIT_VIEW)
        except AccessDenied:
            raise denied from None


def search_in(query: QueryDict) -> str:
    """What somebody typed to search for."""
    return query.get("q", "").strip()[:SEARCH_LENGTH]


def turned(query: QueryDict, cursor: str) -> str:
    """The address of another page of the list, with the filters as they are."""
    other = query.copy()
    other["page"] = cursor
    return f"?{other.urlencode()}" if cursor else ""


def _page(
    request: HttpRequest, actor: User, place: Place, context: dict[str, object], *, secret: Secret | None = None
) -> HttpResponse:
    organization: Organization = request.organization  # type: ignore[attr-defined]  # `enter_organization` put it there
    query = request.GET
    wanted = query.get("permission", "")
    permission = Permission(wanted) if wanted in Permission.__members__.values() else Permission.SECRET_REVEAL
    kind = query.get("kind", "") if query.get("kind", "") in KINDS else "people"
    q, cursor = search_in(query), query.get("page", "")
    question = asked(permission, place, secret=secret.pk if secret else None)
    standing = standing_of(actor, organization.uid, permissions=tuple(Permission), place=place)
    readers = Readers(question, names_seen(standing, question.at))
    page = {
        "people": readers.page_of_people,
        "teams": readers.page_of_teams,
        "machines": readers.page_of_machines,
    }[kind](q, cursor)
    counts = {"people": readers.people(q), "teams": readers.teams(q), "machines": readers.machines(q)}
    context |= {
        "page": page,
        "previous_url": turned(query, page.previous),
        "next_url": turned(query, page.next),
        "segments": [
            {"kind": each, "label": KINDS[each], "count": rows.count(), "query": _with(query, kind=each)}
            for each, rows in counts.items()
        ],
        "kind": kind,
        "q": q,
        "permission": permission,
        "groups": GROUPS,
        "asked": LABELS[permission],
        "partly": question.partly,
        "unreached": readers.unreached(q) if q and kind == "people" else [],
        "logged": permission in DID,
        "changed": permission is Permission.SECRET_WRITE,
        **({"permitted": permitted_on(secret)} if secret else {}),
        "nav": "secrets" if secret else "projects" if place.project else "access",
    }
    return render(request, "access/who.html", context)


def _with(query: QueryDict, **values: str) -> str:
    other = query.copy()
    other.pop("page", None)
    for name, value in values.items():
        other[name] = value
    return f"?{other.urlencode()}"

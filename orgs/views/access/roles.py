"""Roles: the built-in ones, and the organization's own."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.gate import person
from orgs.context import enter_organization
from orgs.errors import OrganizationError
from orgs.forms import refuse
from orgs.forms.authority import CustomRoleForm
from orgs.models import CustomRole
from orgs.permissions import ROLE_PERMISSIONS, Permission, permissions_of
from orgs.permissions.authority import permissions_named
from orgs.permissions.changes import EditRole
from orgs.permissions.words import GROUPS
from orgs.role_templates import BY_KEY, TEMPLATES
from orgs.roles import ROLE_HINTS, Role
from orgs.selectors import custom_role_for, grant_counts, live_grants_of, organization_for, roles_of
from orgs.services import create_role, delete_role, update_role
from orgs.views.reviewing import review


@require_GET
def roles(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Every role with what it allows, in words."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.ORG_VIEW))
    counts = grant_counts(found, "custom_role_id")
    own = [
        {"role": role, "words": _words(permissions_named(role.permissions)), "grants": counts.get(role.pk, 0)}
        for role in roles_of(found)
    ]
    context = {
        "own": own,
        "built_in": [
            {"role": role, "hint": ROLE_HINTS[role], "words": _words(ROLE_PERMISSIONS[role])} for role in Role
        ],
        "templates": TEMPLATES,
        "manages": Permission.ROLE_MANAGE in permissions_of(actor, found),
        "nav": "access",
    }
    return render(request, "access/roles.html", context)


@require_http_methods(["GET", "POST"])
def role_create(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Makes a role, from a template or from nothing."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.ROLE_MANAGE))
    template = BY_KEY.get(request.GET.get("template", ""))
    initial = (
        {
            "name": template.name,
            "description": template.sentence,
            "permissions": [str(each) for each in template.permissions],
        }
        if template
        else {"permissions": [Permission.ORG_VIEW.value, Permission.SECRET_LIST.value]}
    )
    held = permissions_of(actor, found)
    form = CustomRoleForm(request.POST if request.method == "POST" else None, initial=initial, held=held)
    if form.is_valid():
        try:
            role = create_role(actor=actor, organization=found, **form.cleaned_data)
        except (OrganizationError, ValidationError) as error:
            refuse(form, error)
        else:
            messages.success(request, f"The role {role.name} can be granted now.")
            return redirect("orgs:roles", found.uid)
    return _form_page(request, form, templates=True)


@require_http_methods(["GET", "POST"])
def role_edit(request: HttpRequest, organization: UUID, role: UUID) -> HttpResponse:
    """Renames a role, or gives it other permissions; what that changes for those who have it is shown first."""
    actor = person(request)
    found = custom_role_for(actor, organization, role, Permission.ROLE_MANAGE)
    enter_organization(request, found.organization)
    form = CustomRoleForm(
        request.POST if request.method == "POST" else None,
        initial={"name": found.name, "description": found.description, "permissions": found.permissions},
        held=permissions_of(actor, found.organization),
    )
    if form.is_valid():
        chosen = form.cleaned_data["permissions"]
        if set(chosen) != permissions_named(found.permissions):
            back = reverse("orgs:role_edit", args=[organization, found.uid])
            change, title = EditRole(found.pk, chosen), f"Change the role {found.name}?"
            page = review(request, found.organization, change, title=title, submit="Change role", cancel_url=back)
            if page is not None:
                return page
        try:
            update_role(actor=actor, role=found, **form.cleaned_data)
        except (OrganizationError, ValidationError) as error:
            refuse(form, error)
        else:
            messages.success(request, "The role is saved.")
            return redirect("orgs:roles", organization)
    return _form_page(request, form, found)


@require_http_methods(["GET", "POST"])
def role_delete(request: HttpRequest, organization: UUID, role: UUID) -> HttpResponse:
    """Asks once more, then deletes a role that no grant has."""
    actor = person(request)
    found = custom_role_for(actor, organization, role, Permission.ROLE_MANAGE)
    enter_organization(request, found.organization)
    status = HTTPStatus.OK
    if request.method == "POST":
        try:
            delete_role(actor=actor, role=found)
        except OrganizationError as error:
            messages.error(request, str(error))
            status = HTTPStatus.CONFLICT
        else:
            messages.success(request, f"The role {found.name} is deleted.")
            return redirect("orgs:roles", organization)
    return render(request, "access/role_delete.html", {"role": found, "nav": "access"}, status=status)


def _words(permissions: frozenset[Permission]) -> list[tuple[str, list[str]]]:
    """What a role allows, by heading; headings of which it allows nothing are left out."""
    found = [
        (heading, [each.label for each in group if each.permission in permissions]) for heading, group in GROUPS.items()
    ]
    return [(heading, labels) for heading, labels in found if labels]


def _form_page(
    request: HttpRequest, form: CustomRoleForm, role: CustomRole | None = None, *, templates: bool = False
) -> HttpResponse:
    context = {
        "form": form,
        "role": role,
        "templates": TEMPLATES if templates and not form.is_bound else (),
        "grants": len(live_grants_of(roles=[role.pk])) if role else 0,
        "nav": "access",
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "access/role_form.html", context, status=status)

"""Who belongs to an organization: the list, and roles. How a membership ends is `vault.access`'."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.gate import person
from accounts.models import User
from orgs.context import enter_organization
from orgs.errors import OrganizationError
from orgs.forms import RoleForm
from orgs.models import Organization
from orgs.permissions import ROLE_PERMISSIONS, Permission, may_give, permissions_of, roles_given_by
from orgs.permissions.changes import ChangeRole
from orgs.roles import Role
from orgs.selectors import former_members, invitations_of, member_for, members_of, membership_of, organization_for
from orgs.services import change_member_role
from orgs.services.memberships import role_changeable
from orgs.views.reviewing import review

FORMER_SHOWN = 20


@require_GET
def members(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Who belongs here, for every member; sign-ins, second factors and invitations for those who manage members."""
    actor = person(request)
    return members_page(request, actor, organization_for(actor, organization, Permission.ORG_VIEW))


def members_page(request: HttpRequest, actor: User, organization: Organization, status: int = 200) -> HttpResponse:
    """The page itself, which the actions on it also answer with when they are refused."""
    enter_organization(request, organization)
    own = membership_of(actor, organization)
    manages = Permission.MEMBER_MANAGE in permissions_of(actor, organization)
    given = roles_given_by(Role(own.role)) if own and manages else []
    context = {
        "members": [
            {
                "membership": membership,
                "person": membership.user,
                "is_self": membership.user_id == actor.pk,
                "within_reach": membership.role in given,
                "other_roles": [role for role in given if role != membership.role],
            }
            for membership in members_of(organization)
        ],
        "invitations": [
            {"invitation": invitation, "state": state, "within_reach": invitation.role in given}
            for invitation, state in (invitations_of(organization) if manages else [])
        ],
        "former": former_members(organization, FORMER_SHOWN) if manages else [],
        "manages": manages,
        "nav": "members",
    }
    return render(request, "orgs/members.html", context, status=status)


@require_POST
def member_role(request: HttpRequest, organization: UUID, membership: UUID) -> HttpResponse:
    """Gives a member another role; who gains and who loses by it is shown first."""
    actor = person(request)
    found = member_for(actor, organization, membership, Permission.MEMBER_MANAGE)
    form = RoleForm(request.POST, roles=list(Role))
    if not form.is_valid():
        messages.error(request, "Choose one of the roles: owner, admin, member or viewer.")
        return members_page(request, actor, found.organization, status=422)
    role = Role(form.cleaned_data["role"])
    try:
        target = role_changeable(actor=actor, organization=found.organization, membership=found, role=role)
        if target.role != role:
            page = review(
                request,
                found.organization,
                ChangeRole(found.pk, role),
                title=f"Change the role of {found.user.name} to {role.label}?",
                submit=f"Change to {role.label}",
                cancel_url=reverse("orgs:members", args=[organization]),
                danger=not may_give(role, Role(target.role)),
                nav="members",
            )
            if page is not None:
                return page
        changed = change_member_role(actor=actor, membership=found, role=role)
    except OrganizationError as error:
        messages.error(request, str(error))
        return members_page(request, actor, found.organization, status=409)
    messages.success(request, f"{changed.user.name} now has the role {Role(changed.role).label}.")
    if changed.user_id == actor.pk and Permission.MEMBER_MANAGE not in ROLE_PERMISSIONS[Role(changed.role)]:
        return redirect("orgs:settings", found.organization_id)
    return redirect("orgs:members", found.organization_id)

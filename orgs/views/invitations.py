"""Inviting people, and taking invitations back."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.gate import person
from accounts.models import User
from orgs.context import enter_organization
from orgs.errors import OrganizationError
from orgs.forms import InviteForm, refuse
from orgs.mails import Delivery, deliver_invitation
from orgs.models import Organization
from orgs.permissions import Permission, roles_given_by
from orgs.roles import Role
from orgs.selectors import invitation_for, membership_of, organization_for
from orgs.services import Invited, invite_member, revoke_invitation
from orgs.views.members import members_page


@require_http_methods(["GET", "POST"])
def invite(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Asks whom to invite as what, then shows the link once."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.MEMBER_INVITE))
    form = InviteForm(
        request.POST if request.method == "POST" else None,
        roles=_roles(actor, found),
        initial={"role": Role.MEMBER},
    )
    if form.is_valid():
        try:
            invited = invite_member(
                actor=actor, organization=found, email=form.cleaned_data["email"], role=form.cleaned_data["role"]
            )
        except (OrganizationError, ValidationError) as error:
            refuse(form, error)
        else:
            return invited_page(request, invited)
    return render(request, "orgs/invite.html", {"form": form, "nav": "members"}, status=422 if form.is_bound else 200)


@require_POST
def invitation_renew(request: HttpRequest, organization: UUID, invitation: UUID) -> HttpResponse:
    """Makes a new link for the same address and role; the one before loses its force."""
    actor = person(request)
    found = invitation_for(actor, organization, invitation, Permission.MEMBER_INVITE)
    enter_organization(request, found.organization)
    try:
        invited = invite_member(actor=actor, organization=found.organization, email=found.email, role=Role(found.role))
    except OrganizationError as error:
        messages.error(request, str(error))
        return members_page(request, actor, found.organization, status=409)
    return invited_page(request, invited)


@require_POST
def invitation_revoke(request: HttpRequest, organization: UUID, invitation: UUID) -> HttpResponse:
    """Takes an invitation back."""
    actor = person(request)
    found = invitation_for(actor, organization, invitation, Permission.MEMBER_INVITE)
    try:
        revoked = revoke_invitation(actor=actor, invitation=found)
    except OrganizationError as error:
        messages.error(request, str(error))
        return members_page(request, actor, found.organization, status=409)
    if revoked.accepted_at:
        messages.info(request, f"{revoked.email} has joined already.")
    else:
        messages.success(request, f"The invitation for {revoked.email} is revoked.")
    return redirect("orgs:members", found.organization_id)


def invited_page(request: HttpRequest, invited: Invited) -> HttpResponse:
    """The link, once, and whether it was mailed.

    Rendered in answer to the POST: a redirect would have to keep the link somewhere, and it is kept nowhere.
    """
    delivery = deliver_invitation(invited)
    context = {
        "invitation": invited.invitation,
        "link": invited.link,
        "mailed": delivery is Delivery.SENT,
        "mail_failed": delivery is Delivery.FAILED,
        "mail_held_back": delivery is Delivery.HELD_BACK,
        "nav": "members",
    }
    return render(request, "orgs/invited.html", context)


def _roles(actor: User, organization: Organization) -> list[Role]:
    own = membership_of(actor, organization)
    return roles_given_by(Role(own.role)) if own else []

"""Everything that a member, a team or a machine reaches. Members see their own."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.gate import person
from accounts.models import User
from audit.actions import ResourceKind
from orgs.context import enter_organization
from orgs.models import Machine, Organization, Team
from orgs.permissions import Permission, Standing, standing_of
from orgs.permissions.naming import names_seen
from orgs.selectors import member_for, membership_of, object_for, organization_for
from vault.access.reaching import Reached, standing_of_team
from vault.access.views.who import asking, turned


@require_safe
def reach_member(request: HttpRequest, organization: UUID, membership: UUID) -> HttpResponse:
    """What a member reaches: for those who give access or read the log, and for that member."""
    actor = person(request)
    own = membership_of(actor, organization_for(actor, organization, Permission.ORG_VIEW))
    if own is not None and own.uid == membership:
        found = own
    else:
        found = asking(lambda permission: member_for(actor, organization, membership, permission))
    standing = standing_of(found.user, organization, permissions=tuple(Permission), here=False)
    context = {
        "name": found.user.name,
        "detail": found.user.email,
        "membership": found,
        "is_self": found.user_id == actor.pk,
        "kind": "member",
        "nav": "members",
    }
    return _page(request, actor, found.organization, standing, context)


@require_safe
def reach_team(request: HttpRequest, organization: UUID, team: UUID) -> HttpResponse:
    """What a team gives to whoever is in it."""
    actor = person(request)
    teams = Team.objects.select_related("organization", "parent").filter(organization_id=organization)
    found = asking(lambda permission: object_for(actor, permission, teams, team, kind=ResourceKind.TEAM))
    context = {"name": found.name, "detail": found.description, "kind": "team", "team": found, "nav": "access"}
    return _page(request, actor, found.organization, standing_of_team(found), context)


@require_safe
def reach_machine(request: HttpRequest, organization: UUID, machine: UUID) -> HttpResponse:
    """What a machine reaches."""
    actor = person(request)
    machines = Machine.objects.select_related("organization").filter(organization_id=organization)
    found = asking(lambda permission: object_for(actor, permission, machines, machine, kind=ResourceKind.MACHINE))
    standing = standing_of(found, organization, permissions=tuple(Permission), here=False)
    context = {"name": found.name, "detail": found.description, "kind": "machine", "machine": found, "nav": "access"}
    return _page(request, actor, found.organization, standing, context)


def _page(
    request: HttpRequest, actor: User, organization: Organization, standing: Standing, context: dict[str, object]
) -> HttpResponse:
    enter_organization(request, organization)
    seeing = standing_of(actor, organization.uid, permissions=(Permission.SECRET_LIST,))
    reached = Reached(standing, names_seen(seeing, timezone.now()))
    page = reached.page(request.GET.get("page", ""))
    context |= {
        "page": page,
        "previous_url": turned(request.GET, page.previous),
        "next_url": turned(request.GET, page.next),
        "held": reached.held(),
        "hidden": reached.hidden(),
        "refusal": standing.refusal,
    }
    return render(request, "access/reach.html", context)

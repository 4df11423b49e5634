"""Teams and who is in them: shown to every member, changed by those who manage teams."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.gate import person
from accounts.models import User
from orgs.context import enter_organization
from orgs.errors import OrganizationError
from orgs.forms import refuse
from orgs.forms.authority import TeamForm, TeamMembersForm
from orgs.models import Organization, Team
from orgs.permissions import Permission, permissions_of
from orgs.permissions.changes import DeleteTeam, JoinTeam, LeaveTeam, NestTeam
from orgs.selectors import (
    ToldGrant,
    active_members,
    live_grants_of,
    member_for,
    members_in,
    organization_for,
    team_for,
    teams_of,
    told_grants,
)
from orgs.services import (
    add_team_members,
    create_team,
    delete_team,
    move_team,
    remove_team_member,
    update_team,
)
from orgs.views.reviewing import review

UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY


@require_GET
def teams(request: HttpRequest, organization: UUID) -> HttpResponse:
    """The teams, and everybody with the teams that they are in."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.ORG_VIEW))
    entries = teams_of(found)
    people = [
        {"membership": member, "teams": [entry.team for entry in entries if member in entry.members]}
        for member in active_members(found)
    ]
    context = {
        "teams": entries,
        "people": people,
        "manages": Permission.TEAM_MANAGE in permissions_of(actor, found),
        "nav": "access",
    }
    return render(request, "access/teams.html", context)


@require_http_methods(["GET", "POST"])
def team_create(request: HttpRequest, organization: UUID) -> HttpResponse:
    """Makes a team."""
    actor = person(request)
    found = enter_organization(request, organization_for(actor, organization, Permission.TEAM_MANAGE))
    form = TeamForm(request.POST if request.method == "POST" else None, parents=_parents(found))
    if form.is_valid():
        cleaned = form.cleaned_data
        try:
            team = create_team(
                actor=actor,
                organization=found,
                name=cleaned["name"],
                description=cleaned["description"],
                parent=form.parent_team,
            )
        except (OrganizationError, ValidationError) as error:
            refuse(form, error)
        else:
            messages.success(request, f"{team.name} is ready for its members.")
            return redirect("orgs:team", found.uid, team.uid)
    return _form_page(request, form)


@require_GET
def team(request: HttpRequest, organization: UUID, team: UUID) -> HttpResponse:
    """Who is in a team; and what it was granted, for those who manage that."""
    actor = person(request)
    found = team_for(actor, organization, team, Permission.ORG_VIEW)
    return team_page(request, found)


def team_page(request: HttpRequest, team: Team, status: int = HTTPStatus.OK) -> HttpResponse:
    """The page itself, which the actions on it also answer with when they are refused."""
    actor = person(request)
    organization = enter_organization(request, team.organization)
    permitted = permissions_of(actor, organization)
    manages = Permission.TEAM_MANAGE in permitted
    knows = manages or Permission.GRANT_MANAGE in permitted
    context = {
        "team": team,
        "places": members_in(team),
        "below": [entry.team for entry in teams_of(organization) if entry.team.parent_id == team.pk],
        "grants": _told(actor, team, team.pk) if knows else [],
        "inherited": _told(actor, team, team.parent_id) if knows and team.parent_id else [],
        "knows": knows,
        "manages": manages,
        "grants_url": f"{reverse('orgs:grant_create', args=[organization.uid])}?subject={team.pk}",
        "may_grant": Permission.GRANT_MANAGE in permitted,
        "nav": "access",
    }
    return render(request, "access/team.html", context, status=status)


@require_http_methods(["GET", "POST"])
def team_edit(request: HttpRequest, organization: UUID, team: UUID) -> HttpResponse:
    """Renames or describes a team, or puts it below another; what that changes is shown first."""
    actor = person(request)
    found = team_for(actor, organization, team, Permission.TEAM_MANAGE)
    enter_organization(request, found.organization)
    form = TeamForm(
        request.POST if request.method == "POST" else None,
        initial={"name": found.name, "description": found.description, "parent": found.parent_id or ""},
        parents=[each for each in _parents(found.organization) if each.pk != found.pk],
    )
    if form.is_valid():
        parent, back = form.parent_team, reverse("orgs:team", args=[organization, found.uid])
        if found.parent_id != (parent.pk if parent else None):
            change = NestTeam(found.pk, parent.pk if parent else None)
            title = f"Move {found.name}?"
            page = review(request, found.organization, change, title=title, submit="Move", cancel_url=back)
            if page is not None:
                return page
        try:
            moved = move_team(actor=actor, team=found, parent=parent)
            cleaned = form.cleaned_data
            update_team(actor=actor, team=moved, name=cleaned["name"], description=cleaned["description"])
        except (OrganizationError, ValidationError) as error:
            refuse(form, error)
        else:
            messages.success(request, "The team is saved.")
            return redirect("orgs:team", organization, found.uid)
    return _form_page(request, form, found)


@require_http_methods(["GET", "POST"])
def team_members(request: HttpRequest, organization: UUID, team: UUID) -> HttpResponse:
    """Brings members into a team; what they gain is shown first."""
    actor = person(request)
    found = team_for(actor, organization, team, Permission.TEAM_MANAGE)
    enter_organization(request, found.organization)
    there = {place.membership_id for place in members_in(found)}
    others = [member for member in active_members(found.organization) if member.pk not in there]
    form = TeamMembersForm(request.POST if request.method == "POST" else None, members=others)
    if form.is_valid():
        back = reverse("orgs:team", args=[organization, found.uid])
        change = JoinTeam(found.pk, [member.pk for member in form.chosen])
        title = f"Add to {found.name}?"
        page = review(request, found.organization, change, title=title, submit="Add", cancel_url=back)
        if page is not None:
            return page
        try:
            added = add_team_members(actor=actor, team=found, members=form.chosen)
        except OrganizationError as error:
            refuse(form, error)
        else:
            messages.success(request, f"{len(added)} {'person is' if len(added) == 1 else 'people are'} added.")
            return redirect("orgs:team", organization, found.uid)
    context = {"form": form, "team": found, "nav": "access"}
    return render(request, "access/team_members.html", context, status=UNPROCESSABLE if form.is_bound else 200)


@require_POST
def team_member_remove(request: HttpRequest, organization: UUID, team: UUID, membership: UUID) -> HttpResponse:
    """Takes a member out of a team; what they lose is shown first."""
    actor = person(request)
    found = team_for(actor, organization, team, Permission.TEAM_MANAGE)
    member = member_for(actor, organization, membership, Permission.TEAM_MANAGE)
    back = reverse("orgs:team", args=[organization, found.uid])
    title = f"Take {member.user.name} out of {found.name}?"
    change = LeaveTeam(found.pk, [member.pk])
    page = review(request, found.organization, change, title=title, submit="Take out", cancel_url=back, danger=True)
    if page is not None:
        return page
    try:
        remove_team_member(actor=actor, team=found, membership=member)
    except OrganizationError as error:
        messages.error(request, str(error))
        return team_page(request, found, HTTPStatus.CONFLICT)
    messages.success(request, f"{member.user.name} is no longer in {found.name}.")
    return redirect(back)


@require_POST
def team_delete(request: HttpRequest, organization: UUID, team: UUID) -> HttpResponse:
    """Deletes a team without grants and teams below it; what its members lose is shown first."""
    actor = person(request)
    found = team_for(actor, organization, team, Permission.TEAM_MANAGE)
    back = reverse("orgs:team", args=[organization, found.uid])
    title = f"Delete {found.name}?"
    change = DeleteTeam(found.pk)
    page = review(request, found.organization, change, title=title, submit="Delete team", cancel_url=back, danger=True)
    if page is not None:
        return page
    try:
        delete_team(actor=actor, team=found)
    except OrganizationError as error:
        messages.error(request, str(error))
        return team_page(request, found, HTTPStatus.CONFLICT)
    messages.success(request, f"{found.name} is deleted.")
    return redirect("orgs:teams", organization)


def _told(actor: User, team: Team, uid: UUID) -> list[ToldGrant]:
    """The grants of a team of the same organization."""
    return told_grants(actor, team.organization_id, live_grants_of(teams=[uid]))


def _parents(organization: Organization) -> list[Team]:
    """The teams that others can be below."""
    return [entry.team for entry in teams_of(organization) if entry.team.parent_id is None]


def _form_page(request: HttpRequest, form: TeamForm, team: Team | None = None) -> HttpResponse:
    context = {"form": form, "team": team, "nav": "access"}
    return render(request, "access/team_form.html", context, status=UNPROCESSABLE if form.is_bound else 200)

"""Teams: members who get the same grants.

Whoever comes into a team gets all that it was granted, and what the team above it was. So bringing somebody in, or a
team below another, is giving; and only those who hold all of that may.
"""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from django.db import transaction

from accounts.models import User
from audit.actions import Action, ResourceKind
from audit.services import append
from orgs.errors import InUse, InvalidTeam, NothingChosen
from orgs.models import Grant, Membership, Organization, Team, TeamMembership
from orgs.names import AUTHORITY_DESCRIPTION_LENGTH, TEAM_NAME_LENGTH, clean_authority_named
from orgs.permissions import Permission
from orgs.selectors import live_grants_of, require, team_for
from orgs.services.authority import lock_organization, named_grants, refuse_taken, within_reach_of
from vault.names import clean_text
from vault.seals import genuine, is_genuine, with_seal


@transaction.atomic
def create_team(
    *, actor: User, organization: Organization, name: str, description: str = "", parent: Team | None = None
) -> Team:
    """A team without members, below `parent` if there is one.

    Raises `AccessDenied` without `team:manage`, `NameTaken`, `InvalidTeam`, `ValidationError`.
    """
    locked = lock_organization(organization.pk)
    require(actor, Permission.TEAM_MANAGE, locked, kind=ResourceKind.ORGANIZATION)
    team = Team(organization=locked, created_by=actor)
    _name(team, name, description)
    team.parent = None if parent is None else _above(actor, locked, parent.pk)
    team.save()
    _append(actor, Action.TEAM_CREATED, team, _parent_details(team))
    return team


@transaction.atomic
def update_team(*, actor: User, team: Team, name: str, description: str) -> Team:
    """Renames or describes a team; nothing happens when nothing differs.

    Raises `AccessDenied` without `team:manage`, `NameTaken`, `ValidationError`.
    """
    locked = _lock(actor, team)
    before = (locked.name, locked.description)
    _name(locked, name, description)
    if before == (locked.name, locked.description):
        return locked
    locked.save(update_fields=["name", "name_key", "description"])
    details: dict[str, object] = {"description_changed": before[1] != locked.description}
    if before[0] != locked.name:
        details |= {"from": before[0], "to": locked.name}
    _append(actor, Action.TEAM_UPDATED, locked, details)
    return locked


@transaction.atomic
def move_team(*, actor: User, team: Team, parent: Team | None) -> Team:
    """Puts a team below another, whose grants reach its members from then on, or below none; nothing happens when it
    is there.

    Raises `AccessDenied` without `team:manage`; `InvalidTeam` for a team with teams below it, or a `parent` below
    another; `BeyondReach` for what the team above it was granted, before or after.
    """
    locked = _lock(actor, team)
    above = None if parent is None else _above(actor, locked.organization, parent.pk)
    if locked.parent_id == (above.pk if above else None):
        return locked
    if above is not None:
        if above.pk == locked.pk:
            raise InvalidTeam("A team cannot be below itself. Choose another one.")
        below = list(Team.objects.filter(parent=locked).order_by("name_key"))
        if below:
            raise InvalidTeam(
                f"{locked.name} has teams below it ({_listed(below)}), and teams are nested once. Move those first."
            )
    before = locked.parent
    if before is not None:
        within_reach_of(actor, locked.organization_id, live_grants_of(teams=[before.pk]), taking=True)
    if above is not None:
        within_reach_of(actor, locked.organization_id, live_grants_of(teams=[above.pk]))
    locked.parent = above
    locked.save(update_fields=["parent"])
    _append(actor, Action.TEAM_MOVED, locked, {"from": before.name if before else None, **_parent_details(locked)})
    return locked


@transaction.atomic
def add_team_members(*, actor: User, team: Team, members: Sequence[Membership]) -> list[TeamMembership]:
    """Brings members in, all of them or nobody; those who are in the team already stay. Returns the new places.

    Raises `AccessDenied` without `team:manage`, `NothingChosen` for nobody, `InvalidTeam` for somebody who is no
    member of the organization (any more), `BeyondReach` for what the team was granted, or the one above it.
    """
    if not members:
        raise NothingChosen("Choose at least one member.")
    locked = _lock(actor, team)
    people = _members(locked.organization, {each.pk for each in members})
    within_reach_of(actor, locked.organization_id, _given_to(locked))
    places = with_seal(TeamMembership.objects.filter(team=locked, membership_id__in=people))
    there = {place.membership_id for place in places if _stays(place)}
    added = [person for uid, person in people.items() if uid not in there]
    made = [
        TeamMembership(organization=locked.organization, team=locked, membership=person, added_by=actor)
        for person in added
    ]
    for place in made:
        place.save()
    if made:
        _append(actor, Action.TEAM_MEMBERS_ADDED, locked, _people_details(added))
    return made


@transaction.atomic
def remove_team_member(*, actor: User, team: Team, membership: Membership) -> None:
    """Takes a member out; nothing happens when they are not in the team.

    Raises `AccessDenied` without `team:manage`, `BeyondReach` as `add_team_members` does.
    """
    locked = _lock(actor, team)
    places = TeamMembership.objects.filter(team=locked, membership_id=membership.pk)
    place = places.select_related("membership__user").first()
    if place is None:
        return
    within_reach_of(actor, locked.organization_id, _given_to(locked), taking=True)
    place.delete()
    _append(actor, Action.TEAM_MEMBER_REMOVED, locked, _people_details([place.membership]))


@transaction.atomic
def delete_team(*, actor: User, team: Team) -> None:
    """Deletes a team, with its places and what it was granted once.

    Raises `AccessDenied` without `team:manage`, `InUse` while a grant of it holds or a team is below it, `BeyondReach`
    for what the team above it was granted.
    """
    locked = _lock(actor, team)
    held = live_grants_of(teams=[locked.pk])
    if held:
        raise InUse(f"{locked.name} has grants that still hold: {named_grants(actor, held)}. Revoke them first.")
    below = list(Team.objects.filter(parent=locked).order_by("name_key"))
    if below:
        raise InUse(f"{locked.name} has teams below it: {_listed(below)}. Move or delete those first.")
    within_reach_of(actor, locked.organization_id, _given_to(locked), taking=True)
    places = list(TeamMembership.objects.filter(team=locked))
    for row in (*places, *Grant.objects.filter(team=locked)):
        row.delete()
    _append(actor, Action.TEAM_DELETED, locked, {"members": len(places), **_parent_details(locked)})
    locked.delete()


def _lock(actor: User, team: Team) -> Team:
    """The team as it is now, under the organization's lock. One that was deleted meanwhile does not exist."""
    organization = lock_organization(team.organization_id)
    locked = team_for(actor, organization.pk, team.pk, Permission.TEAM_MANAGE)
    locked.organization = organization
    return locked


def _above(actor: User, organization: Organization, uid: UUID) -> Team:
    """The team to be above another."""
    above = team_for(actor, organization.pk, uid, Permission.TEAM_MANAGE)
    if above.parent is not None:
        raise InvalidTeam(
            f"{above.name} is below {above.parent.name} itself, and teams are nested once. Choose one that is not."
        )
    return above


def _given_to(team: Team) -> list[Grant]:
    """What a member of the team has by it."""
    return live_grants_of(teams=[uid for uid in (team.pk, team.parent_id) if uid])


def _members(organization: Organization, uids: Collection[UUID]) -> dict[UUID, Membership]:
    active = Membership.objects.filter(organization=organization, status=Membership.Status.ACTIVE, pk__in=uids)
    found = {each.pk: each for each in genuine(with_seal(active.select_related("user").order_by("user__name")))}
    if len(found) != len(uids):
        raise InvalidTeam("Somebody among these is not a member of this organization. Reload the page.")
    return found


def _stays(place: TeamMembership) -> bool:
    """Whether a place is genuine. One that nobody here made gives nothing and would stand in the way: it goes."""
    if is_genuine(place):
        return True
    place.delete()
    return False


def _name(team: Team, name: str, description: str) -> None:
    team.name, team.name_key = clean_authority_named(name, field="Team name", max_length=TEAM_NAME_LENGTH)
    team.description = clean_text(description, field="Description", max_length=AUTHORITY_DESCRIPTION_LENGTH)
    refuse_taken(team, "team")


def _listed(teams: Iterable[Team]) -> str:
    return ", ".join(team.name for team in teams)


def _parent_details(team: Team) -> dict[str, object]:
    return {"parent": team.parent.name, "parent_id": str(team.parent.pk)} if team.parent else {}


def _people_details(people: Sequence[Membership]) -> dict[str, object]:
    return {"names": [each.user.email for each in people], "subjects": [str(each.pk) for each in people]}


def _append(actor: User, action: Action, team: Team, details: dict[str, object]) -> None:
    append(
        actor=actor.audit_actor,
        action=action,
        organization_id=team.organization_id,
        resource=team.audit_resource,
        details=details,
    )

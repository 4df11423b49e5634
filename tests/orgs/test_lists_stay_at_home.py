"""What is listed of an organization is its own and holds still, also for somebody who owns another one as well."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.models import User
from orgs.classification import Classification
from orgs.models import ClassPolicy, Grant, Membership, Organization, Project
from orgs.permissions import AccessDenied, Permission, standings_in
from orgs.permissions.querysets import grants_giving
from orgs.places import Place, Scope
from orgs.roles import Role
from orgs.selectors import (
    former_members,
    invitation_for,
    invitations_of,
    member_for,
    members_of,
    membership_of,
    opening_of,
    organizations_of,
)
from orgs.selectors.authority import (
    GrantFilters,
    active_members,
    custom_role_for,
    grant_for,
    granting_in,
    live_grants_of,
    machine_for,
    machines_of,
    page_of_grants,
    places_within,
    roles_of,
    team_for,
    teams_of,
)
from orgs.selectors.listing import environments_where, memberships_of, projects_of, projects_where
from orgs.selectors.networks import askable, rule_for, rules_in, rules_listed
from orgs.selectors.policies import approvers_in, policies_in
from orgs.services import (
    add_team_members,
    create_machine,
    create_project,
    create_role,
    create_team,
    disable_machine,
    give_grant,
    invite_member,
    remove_member,
    restrict_project,
    revoke_grants,
    revoke_invitation,
)
from orgs.services.grants import Terms, longest_days
from tests.cast import Cast, make_person
from tests.orgs.network.rules import let_in
from tests.sealing import change

pytestmark = pytest.mark.django_db

LIST = Permission.SECRET_LIST


@dataclass(frozen=True)
class Home:
    """An organization with something of everything, and alice as one of its owners."""

    organization: Organization
    actor: User
    project: Project

    @property
    def reached(self) -> Any:
        return granting_in(self.actor, self.organization.pk)[1]


def make_home(alice: User, organization: Organization) -> Home:
    who: dict[str, Any] = {"actor": alice, "organization": organization}
    project = create_project(kind=Project.Kind.APPLICATION, name="Website", **who)
    role = create_role(name="Names", permissions=[LIST], **who)
    machine = create_machine(name="Deployer", **who)
    own = Membership.objects.get(organization=organization, user=alice)
    team = create_team(name="Operations", **who)
    add_team_members(actor=alice, team=team, members=[own])
    give_grant(actor=alice, subject=team, role=role, terms=Terms(Scope(organization.pk)))
    invite_member(email="new@example.com", role=Role.VIEWER, **who)
    let_in(alice, organization, "203.0.113.0/24", machine=machine)
    gone = Membership.objects.create(
        organization=organization, user=make_person(f"Gone{organization}"), role=Role.VIEWER
    )
    remove_member(actor=alice, membership=gone)
    return Home(organization, alice, project)


@pytest.fixture
def homes(cast: Cast) -> list[Home]:
    Membership.objects.create(organization=cast.initech, user=cast.alice, role=Role.OWNER)
    return [make_home(cast.alice, each) for each in (cast.acme, cast.initech)]


def giving(home: Home) -> Iterable[Grant]:
    place = Place(home.organization.pk)
    asked = grants_giving(LIST, place, at=timezone.now(), custom_roles=[], demands={}, partly=True)
    return Grant.objects.filter(asked)


LISTS: dict[str, Callable[[Home], Iterable[Any] | None]] = {
    "members": lambda home: members_of(home.organization),
    "members to choose from": lambda home: active_members(home.organization),
    "former members": lambda home: former_members(home.organization, 20),
    "invitations": lambda home: [each for each, _ in invitations_of(home.organization)],
    "teams": lambda home: [each.team for each in teams_of(home.organization)],
    "members of teams": lambda home: [each for entry in teams_of(home.organization) for each in entry.members],
    "roles": lambda home: roles_of(home.organization),
    "machines": lambda home: machines_of(home.organization),
    "grants": lambda home: page_of_grants(home.reached, GrantFilters(), "").rows,
    "grants that give something": giving,
    "places to grant": lambda home: places_within(home.reached),
    "projects": lambda home: projects_of(home.actor, home.organization),
    "projects where": lambda home: projects_where(home.actor, LIST, [home.organization.pk]),
    "environments": lambda home: environments_where(home.actor, LIST, home.project),
    "networks": lambda home: rules_listed(home.organization),
    "networks that decide": lambda home: rules_in(home.organization.pk),
    "who reaches what": lambda home: [subject for subject, _ in standings_in(home.organization.pk)],
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_shows_nothing_of_another_organization(name: str, homes: list[Home]) -> None:
    for home in homes:
        found = list(LISTS[name](home) or ())
        assert found
        assert {each.organization_id for each in found} == {home.organization.pk}


FETCHED: dict[str, Callable[[User, UUID, UUID], Any]] = {
    "members": lambda actor, organization, uid: member_for(actor, organization, uid, Permission.ORG_VIEW),
    "invitations": lambda actor, organization, uid: invitation_for(actor, organization, uid, Permission.MEMBER_INVITE),
    "teams": lambda actor, organization, uid: team_for(actor, organization, uid, Permission.ORG_VIEW),
    "roles": lambda actor, organization, uid: custom_role_for(actor, organization, uid, Permission.ORG_VIEW),
    "machines": lambda actor, organization, uid: machine_for(actor, organization, uid, Permission.ORG_VIEW),
    "grants": grant_for,
    "networks": rule_for,
}


@pytest.mark.parametrize("name", FETCHED)
def test_one_is_found_at_the_address_of_its_own_organization_alone(name: str, cast: Cast, homes: list[Home]) -> None:
    for home, other in (homes, reversed(homes)):
        for each in LISTS[name](home) or ():
            assert FETCHED[name](cast.alice, home.organization.pk, each.pk) == each
            with pytest.raises(AccessDenied) as caught:
                FETCHED[name](cast.alice, other.organization.pk, each.pk)
            assert not caught.value.visible


@pytest.mark.parametrize("name", ["invitations", "grants", "networks"])
def test_one_is_found_by_those_who_manage_such(name: str, cast: Cast, homes: list[Home]) -> None:
    for each in LISTS[name](homes[0]) or ():
        assert FETCHED[name](cast.adam, cast.acme.pk, each.pk) == each
        with pytest.raises(AccessDenied) as caught:
            FETCHED[name](cast.vera, cast.acme.pk, each.pk)
        assert caught.value.permission is not Permission.ORG_VIEW


def test_a_list_of_ones_organizations_has_ones_own_memberships_that_hold(cast: Cast, homes: list[Home]) -> None:
    assert {(each.user_id, each.organization_id) for each in memberships_of(cast.alice)} == {
        (cast.alice.pk, home.organization.pk) for home in homes
    }
    assert set(organizations_of(cast.alice)) == {cast.acme.pk, cast.initech.pk}
    remove_member(actor=cast.charlie, membership=Membership.objects.get(organization=cast.initech, user=cast.alice))
    assert [each.organization_id for each in memberships_of(cast.alice)] == [cast.acme.pk]
    assert organizations_of(cast.alice) == [cast.acme.pk]
    assert organizations_of(cast.sam) == []


def test_whoever_has_left_is_in_no_list_of_members(cast: Cast, homes: list[Home]) -> None:
    """Also as a member of the other organization, which they still are."""
    Membership.objects.create(organization=cast.initech, user=cast.adam, role=Role.OWNER)
    team = create_team(actor=cast.alice, organization=cast.acme, name="Night shift")
    adam = Membership.objects.get(organization=cast.acme, user=cast.adam)
    add_team_members(actor=cast.alice, team=team, members=[adam])
    for people in (members_of, active_members):
        assert cast.adam in [each.user for each in people(cast.acme)]
    before = approvers_in(cast.acme.pk)
    change([adam], status=Membership.Status.REMOVED)
    for people in (members_of, active_members):
        assert cast.adam not in [each.user for each in people(cast.acme)]
    assert cast.adam not in [each.user for entry in teams_of(cast.acme) for each in entry.members]
    assert approvers_in(cast.acme.pk) == before - 1
    gone = former_members(cast.acme, 20)
    assert adam in gone
    assert {each.status for each in gone} == {Membership.Status.REMOVED}


def test_nobody_reaches_anything_by_an_account_or_a_machine_that_was_stopped(cast: Cast, homes: list[Home]) -> None:
    machine = machines_of(cast.acme)[0]
    adam = Membership.objects.get(organization=cast.acme, user=cast.adam)
    assert {machine, adam} <= {subject for subject, _ in standings_in(cast.acme.pk)}
    disable_machine(actor=cast.alice, machine=machine)
    change([cast.adam], is_active=False)
    assert not {machine, adam} & {subject for subject, _ in standings_in(cast.acme.pk)}


def test_what_was_revoked_gives_nothing_and_opens_nothing(cast: Cast, homes: list[Home]) -> None:
    home = homes[0]
    opened = opening_of(home.project)
    assert opened is not None
    assert opened in giving(home)
    restrict_project(actor=cast.alice, project=home.project)
    assert opening_of(home.project) is None
    assert opened not in giving(home)
    assert Grant.objects.filter(pk=opened.pk).exists()  # what was, stays in the list of ended grants
    [grant] = live_grants_of(teams=[each.team.pk for each in teams_of(cast.acme)])
    revoke_grants(actor=cast.alice, grants=[grant])
    assert live_grants_of(teams=[each.team.pk for each in teams_of(cast.acme)]) == []


def test_an_invitation_is_worth_what_its_author_is_in_this_organization(cast: Cast, homes: list[Home]) -> None:
    invite_member(actor=cast.adam, organization=cast.acme, email="zoe@example.com", role=Role.VIEWER)
    adams = {each.email: state.name for each, state in invitations_of(cast.acme)}
    assert adams == {"new@example.com": "USABLE", "zoe@example.com": "USABLE"}
    Membership.objects.create(organization=cast.initech, user=cast.adam, role=Role.OWNER)
    remove_member(actor=cast.alice, membership=Membership.objects.get(organization=cast.acme, user=cast.adam))
    assert {state.name for each, state in invitations_of(cast.acme) if each.email == "zoe@example.com"} == {"POWERLESS"}
    for each, _ in invitations_of(cast.acme):
        revoke_invitation(actor=cast.alice, invitation=each)
    assert invitations_of(cast.acme) == []


def test_everybody_has_the_membership_that_is_their_own(cast: Cast) -> None:
    for person in (cast.alice, cast.adam, cast.bob, cast.vera):
        own = membership_of(person, cast.acme)
        assert own is not None
        assert (own.user, own.organization_id) == (person, cast.acme.pk)
    for person in (cast.charlie, cast.sam):
        assert membership_of(person, cast.acme) is None
    change(Membership.objects.filter(user=cast.bob), status=Membership.Status.REMOVED)
    assert membership_of(cast.bob, cast.acme) is None


def test_whoever_is_outside_is_pointed_to_owners_who_are_there(cast: Cast, homes: list[Home]) -> None:
    left, stopped = make_person("Lena"), make_person("Otto")
    for person in (left, stopped):
        Membership.objects.create(organization=cast.acme, user=person, role=Role.OWNER)
    assert askable(cast.acme.pk) == [cast.alice, left, stopped]
    change(Membership.objects.filter(user=left), status=Membership.Status.REMOVED)
    change([stopped], is_active=False)
    assert askable(cast.acme.pk) == [cast.alice]
    assert askable(cast.initech.pk) == [cast.alice, cast.charlie]


def test_each_organization_goes_by_its_own_policies(cast: Cast) -> None:
    days = {cast.acme.pk: 20, cast.initech.pk: 10}
    for organization in (cast.acme, cast.initech):
        stored = ClassPolicy.objects.filter(organization=organization, classification=Classification.INTERNAL)
        change(stored, longest_grant_days=days[organization.pk])
    for uid, most in days.items():
        assert policies_in(uid)[Classification.INTERNAL].longest_grant_days == most
        assert longest_days(uid, Classification.INTERNAL) == (most, Classification.INTERNAL)

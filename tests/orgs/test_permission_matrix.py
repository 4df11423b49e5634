"""Which role may do what, spelled out a second time: a change of the table must be meant twice."""

from dataclasses import asdict, replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from orgs.demands import DEFAULTS
from orgs.models import ClassPolicy, Grant, Membership, Project
from orgs.permissions import Permission, Standing, judge, may_give, roles_given_by, standing_of
from orgs.permissions.authority import Authority
from orgs.permissions.standing import Holding
from orgs.places import Place, Scope
from orgs.roles import Role
from tests.cast import Cast
from tests.sealing import change

ORGANIZATION, PROJECT = uuid4(), uuid4()
EVERYWHERE, WEBSITE = Place(ORGANIZATION), Place(ORGANIZATION, PROJECT)

# owner, admin, member, viewer
MATRIX = {
    "org:view": "yyyy",
    "org:configure": "yynn",
    "org:delete": "ynnn",
    "member:invite": "yynn",
    "member:manage": "yynn",
    "team:manage": "yynn",
    "role:manage": "yynn",
    "project:create": "yynn",
    "project:configure": "yynn",
    "project:delete": "yynn",
    "secret:list": "yyyy",
    "secret:reveal": "yyyn",
    "secret:write": "yyyn",
    "secret:rotate": "yynn",
    "secret:delete": "yyyn",
    "secret:purge": "yynn",
    "secret:share": "yynn",
    "secret:export": "yynn",
    "grant:manage": "yynn",
    "request:approve": "yynn",
    "machine:manage": "yynn",
    "audit:view": "yynn",
    "audit:export": "yynn",
    "key:rotate": "yynn",
}
ROLES = ["owner", "admin", "member", "viewer"]


def test_it_knows_every_permission_of_the_table_and_no_other() -> None:
    assert {permission.value for permission in Permission} == set(MATRIX)


def standing(role: str, *, open_as: str = "member") -> Standing:
    """Of somebody with this role and no grant of their own, in an organization with an open project."""
    opening = Grant(
        organization_id=ORGANIZATION,
        subject_kind=Grant.SubjectKind.EVERYONE,
        role=open_as,
        project=Project(uid=PROJECT, organization_id=ORGANIZATION, name="Website"),
    )
    policies = (
        ClassPolicy(organization_id=ORGANIZATION, classification=classification, **asdict(demands))
        for classification, demands in DEFAULTS.items()
    )
    authority = Authority(
        memberships=(Membership(organization_id=ORGANIZATION, role=role),),
        grants=(opening,) if open_as else (),
        policies=tuple(policies),
    )
    [(_, found)] = authority.standings()
    return found


def allowed(role: str, permission: str, place: Place, *, open_as: str = "member") -> str:
    decision = judge(standing(role, open_as=open_as), Permission(permission), place, at=timezone.now())
    return "y" if decision.allowed else "n"


@pytest.mark.parametrize("permission", MATRIX)
def test_it_allows_each_role_exactly_what_the_table_says_in_an_open_project(permission: str) -> None:
    assert "".join(allowed(role, permission, WEBSITE) for role in ROLES) == MATRIX[permission]


@pytest.mark.parametrize("permission", MATRIX)
def test_it_allows_members_and_viewers_elsewhere_only_to_know_the_organization(permission: str) -> None:
    """Where no grant opens anything, only owners and admins reach: in the organization as a whole, and in projects that
    are restricted."""
    expected = MATRIX[permission][:2] + ("yy" if permission == "org:view" else "nn")
    for place, open_as in ((EVERYWHERE, "member"), (WEBSITE, ""), (Place(ORGANIZATION, uuid4()), "member")):
        assert "".join(allowed(role, permission, place, open_as=open_as) for role in ROLES) == expected


@pytest.mark.parametrize("permission", MATRIX)
def test_a_project_open_as_viewer_gives_members_no_more_than_viewers_have(permission: str) -> None:
    found = [allowed(role, permission, WEBSITE, open_as="viewer") for role in ROLES]
    assert "".join(found) == MATRIX[permission][:2] + MATRIX[permission][3] * 2


@pytest.mark.parametrize("role", ROLES)
def test_it_allows_a_removed_member_nothing(role: str, cast: Cast) -> None:
    change(Membership.objects.filter(user=cast.bob), role=role, status=Membership.Status.REMOVED)
    removed = standing_of(cast.bob, cast.acme.uid, permissions=tuple(Permission))
    decisions = [judge(removed, each, Place(cast.acme.uid), at=timezone.now()) for each in Permission]
    assert not any(decision.allowed or decision.visible for decision in decisions)


def because(role: str, permission: Permission, place: Place, *, open_as: str = "member") -> str:
    return judge(standing(role, open_as=open_as), permission, place, at=timezone.now()).because


def test_it_says_what_decided() -> None:
    assert because("admin", Permission.SECRET_REVEAL, WEBSITE) == "the role Admin"
    assert because("member", Permission.SECRET_REVEAL, WEBSITE) == "Website is open to every member as Member"
    assert because("viewer", Permission.SECRET_REVEAL, EVERYWHERE, open_as="") == (
        "the role Viewer does not include secret:reveal"
    )
    refused = judge(standing("viewer"), Permission.SECRET_REVEAL, WEBSITE, at=timezone.now())
    assert refused.because == "no grant that includes secret:reveal reaches this"
    assert refused.visible


def test_it_names_no_grant_of_somewhere_else() -> None:
    ended = Holding(
        permissions=frozenset({Permission.SECRET_REVEAL}),
        scope=Scope(ORGANIZATION, uuid4()),
        because="the grant of Member on Payroll",
        ends_at=timezone.now() - timedelta(seconds=1),
        grant=uuid4(),
    )
    found = judge(replace(standing("viewer"), holdings=(ended,)), Permission.SECRET_REVEAL, WEBSITE, at=timezone.now())
    assert found.because == "no grant that includes secret:reveal reaches this"
    assert found.grant is None


def test_a_project_that_nothing_opens_is_not_visible() -> None:
    for place in (WEBSITE, Place(ORGANIZATION, PROJECT, uuid4()), Place(ORGANIZATION, PROJECT, uuid4(), "KEY")):
        assert not judge(standing("member", open_as=""), Permission.SECRET_LIST, place, at=timezone.now()).visible


@pytest.mark.parametrize("partly", [False, True])
def test_what_opens_one_project_shows_nothing_of_another(partly: bool) -> None:
    """Neither of its whole nor of a part of it."""
    for place in (Place(ORGANIZATION, uuid4()), Place(ORGANIZATION, uuid4(), uuid4())):
        found = judge(standing("member"), Permission.SECRET_LIST, place, at=timezone.now(), partly=partly)
        assert not found.allowed
        assert not found.visible


def test_it_lets_nobody_give_a_role_that_holds_more_than_their_own() -> None:
    assert roles_given_by(Role.OWNER) == list(Role)
    assert roles_given_by(Role.ADMIN) == [Role.ADMIN, Role.MEMBER, Role.VIEWER]
    assert not may_give(Role.ADMIN, Role.OWNER)
    assert not may_give(Role.MEMBER, Role.ADMIN)
    assert not may_give(Role.VIEWER, Role.MEMBER)

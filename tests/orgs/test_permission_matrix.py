"""Which role may do what, spelled out a second time: a change of the table must be meant twice."""

import pytest

from orgs.models import Membership
from orgs.permissions import Permission, judge, may_give, roles_given_by
from orgs.roles import Role

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


@pytest.mark.parametrize("permission", MATRIX)
def test_it_allows_each_role_exactly_what_the_table_says(permission: str) -> None:
    decided = "".join("y" if judge(Membership(role=role), Permission(permission)).allowed else "n" for role in ROLES)
    assert decided == MATRIX[permission]


@pytest.mark.parametrize("role", ROLES)
def test_it_allows_a_removed_member_nothing(role: str) -> None:
    removed = Membership(role=role, status=Membership.Status.REMOVED)
    decisions = [judge(removed, permission) for permission in Permission]
    assert not any(decision.allowed or decision.visible for decision in decisions)


def test_it_says_which_role_decided() -> None:
    assert judge(Membership(role="member"), Permission.SECRET_REVEAL).because == "the role Member"
    refused = judge(Membership(role="viewer"), Permission.SECRET_REVEAL)
    assert refused.because == "the role Viewer does not include secret:reveal"
    assert refused.visible


def test_it_lets_nobody_give_a_role_that_holds_more_than_their_own() -> None:
    assert roles_given_by(Role.OWNER) == list(Role)
    assert roles_given_by(Role.ADMIN) == [Role.ADMIN, Role.MEMBER, Role.VIEWER]
    assert not may_give(Role.ADMIN, Role.OWNER)
    assert not may_give(Role.MEMBER, Role.ADMIN)
    assert not may_give(Role.VIEWER, Role.MEMBER)

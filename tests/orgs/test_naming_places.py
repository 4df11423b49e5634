"""Which places may be named to somebody, by where and up to which class they list names."""

from uuid import UUID, uuid4

import pytest

from orgs.classification import ALL_CLASSES, Classification
from orgs.permissions import Reach
from orgs.permissions.naming import may_be_named
from orgs.permissions.standing import Holding
from orgs.places import Scope

ACME, SHOP, LIVE = uuid4(), uuid4(), uuid4()
LOW = Classification.up_to(Classification.INTERNAL)


def reach(classes: frozenset[Classification], *, environment: UUID | None = LIVE, path: str = "") -> Reach:
    scope = Scope(ACME, SHOP, environment, path)
    return Reach(scope, classes, Holding(frozenset(), scope, ""))


def test_members_know_their_organization() -> None:
    assert may_be_named(Scope(ACME), [])


@pytest.mark.parametrize("scope", [Scope(ACME, SHOP), Scope(ACME, SHOP, LIVE)])
def test_a_place_is_known_to_whoever_lists_anything_in_it_of_whatever_class(scope: Scope) -> None:
    assert may_be_named(scope, [reach(LOW, path="db")])
    assert not may_be_named(scope, [])


def test_an_environment_is_not_known_by_another_one() -> None:
    assert not may_be_named(Scope(ACME, SHOP, LIVE), [reach(ALL_CLASSES, environment=uuid4())])


def test_a_path_is_known_to_whoever_lists_all_classes_there() -> None:
    assert may_be_named(Scope(ACME, SHOP, LIVE, "db/root"), [reach(ALL_CLASSES)])
    assert not may_be_named(Scope(ACME, SHOP, LIVE, "db/root"), [reach(LOW)])
    assert not may_be_named(Scope(ACME, SHOP, LIVE, "db/root"), [reach(LOW, path="db")])
    assert not may_be_named(Scope(ACME, SHOP, LIVE, "db/root"), [reach(ALL_CLASSES, path="mail")])


def test_the_path_of_what_one_holds_oneself_is_known() -> None:
    assert may_be_named(Scope(ACME, SHOP, LIVE, "db"), [reach(LOW, path="db")])

"""Two owners demote, remove or leave at the same moment: one of them stays owner."""

from collections.abc import Callable
from functools import partial

import pytest

from accounts.models import User
from orgs.errors import LastOwner
from orgs.models import Membership
from orgs.permissions import AccessDenied
from orgs.roles import Role
from orgs.services import change_member_role, leave_organization, remove_member
from tests.cast import Cast
from tests.orgs.parallel import in_parallel, one_inside_the_other, uncommitted
from tests.sealing import change

ROUNDS = 5


def membership_of(user: User) -> Membership:
    return Membership.objects.select_related("user", "organization").get(user=user)


def owners(cast: Cast) -> int:
    return Membership.objects.filter(organization=cast.acme, role=Role.OWNER, status=Membership.Status.ACTIVE).count()


WAYS: dict[str, Callable[[Cast, User, User], Callable[[], object]]] = {
    "demote": lambda cast, one, other: partial(
        change_member_role, actor=one, membership=membership_of(other), role=Role.VIEWER
    ),
    "demote oneself": lambda cast, one, other: partial(
        change_member_role, actor=one, membership=membership_of(one), role=Role.VIEWER
    ),
    "remove": lambda cast, one, other: partial(remove_member, actor=one, membership=membership_of(other)),
    "leave": lambda cast, one, other: partial(leave_organization, actor=one, organization=cast.acme),
}


def make_two_owners(cast: Cast) -> None:
    change(Membership.objects.filter(user__in=[cast.alice, cast.bob]), role=Role.OWNER, status="active")


@pytest.mark.parametrize("way", WAYS)
def test_it_leaves_one_owner_when_two_go_at_once(transactional_cast: Cast, way: str) -> None:
    cast = transactional_cast
    for _ in range(ROUNDS):
        make_two_owners(cast)
        raised = in_parallel(WAYS[way](cast, cast.alice, cast.bob), WAYS[way](cast, cast.bob, cast.alice))
        assert owners(cast) == 1
        refused = [error for error in raised if error is not None]
        assert len(refused) == 1
        assert isinstance(refused[0], LastOwner | AccessDenied)


@pytest.mark.parametrize("way", WAYS)
def test_the_second_waits_until_the_first_is_committed(transactional_cast: Cast, way: str) -> None:
    cast = transactional_cast
    make_two_owners(cast)
    first, second = WAYS[way](cast, cast.alice, cast.bob), WAYS[way](cast, cast.bob, cast.alice)
    order = one_inside_the_other(uncommitted(first), second)
    assert (order.first, order.waited) == (None, True)
    assert isinstance(order.other, LastOwner | AccessDenied)
    assert owners(cast) == 1

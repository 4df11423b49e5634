"""Two owners demote, remove or leave at the same moment: one of them stays owner."""

from collections.abc import Callable

import pytest

from accounts.models import User
from orgs.errors import LastOwner, OrganizationError
from orgs.models import Membership
from orgs.permissions import AccessDenied
from orgs.roles import Role
from orgs.services import change_member_role, leave_organization, remove_member
from tests.cast import Cast
from tests.orgs.parallel import in_parallel
from tests.sealing import change

ROUNDS = 5


def membership_of(user: User) -> Membership:
    return Membership.objects.select_related("user", "organization").get(user=user)


def owners(cast: Cast) -> int:
    return Membership.objects.filter(organization=cast.acme, role=Role.OWNER, status=Membership.Status.ACTIVE).count()


@pytest.mark.parametrize("way", ["demote", "remove", "leave"])
def test_it_leaves_one_owner_when_two_go_at_once(transactional_cast: Cast, way: str) -> None:
    cast = transactional_cast
    for _ in range(ROUNDS):
        change(
            Membership.objects.filter(user__in=[cast.alice, cast.bob]), role=Role.OWNER, status=Membership.Status.ACTIVE
        )
        alice, bob = membership_of(cast.alice), membership_of(cast.bob)
        ways: dict[str, list[Callable[[], object]]] = {
            "demote": [
                lambda: change_member_role(actor=cast.alice, membership=alice, role=Role.VIEWER),  # noqa: B023
                lambda: change_member_role(actor=cast.bob, membership=bob, role=Role.VIEWER),  # noqa: B023
            ],
            "remove": [
                lambda: remove_member(actor=cast.alice, membership=bob),  # noqa: B023
                lambda: remove_member(actor=cast.bob, membership=alice),  # noqa: B023
            ],
            "leave": [
                lambda: leave_organization(actor=cast.alice, organization=cast.acme),
                lambda: leave_organization(actor=cast.bob, organization=cast.acme),
            ],
        }
        raised = in_parallel(*ways[way])
        assert owners(cast) == 1
        refused = [error for error in raised if error is not None]
        assert len(refused) == 1
        assert isinstance(refused[0], LastOwner | AccessDenied | OrganizationError)

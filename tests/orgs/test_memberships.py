"""Roles and removal: authority is given and taken only by those who have it, and an owner always remains."""

from collections.abc import Callable

import pytest

from accounts.models import User
from audit.models import Event
from orgs.errors import LastOwner, OrganizationError, RoleOutOfReach
from orgs.models import Membership
from orgs.permissions import AccessDenied, Permission, decide
from orgs.roles import Role
from orgs.services import change_member_role, leave_organization, remove_member
from tests.cast import Cast
from tests.sealing import change


def membership_of(user: User) -> Membership:
    return Membership.objects.select_related("user", "organization").get(user=user)


def test_it_changes_a_role_with_one_event(cast: Cast) -> None:
    change_member_role(actor=cast.alice, membership=membership_of(cast.bob), role=Role.ADMIN)
    assert membership_of(cast.bob).role == Role.ADMIN
    event = Event.objects.get()
    assert (event.action, event.details) == ("membership.role_changed", {"from": "member", "to": "admin"})
    assert (event.resource_label, event.organization_id) == ("bob@example.com", cast.acme.uid)


def test_it_does_nothing_when_the_role_is_the_same(cast: Cast) -> None:
    change_member_role(actor=cast.alice, membership=membership_of(cast.bob), role=Role.MEMBER)
    assert not Event.objects.exists()


def test_it_keeps_the_last_owner(cast: Cast) -> None:
    acts: list[Callable[[], object]] = [
        lambda: change_member_role(actor=cast.alice, membership=membership_of(cast.alice), role=Role.ADMIN),
        lambda: remove_member(actor=cast.alice, membership=membership_of(cast.alice)),
        lambda: leave_organization(actor=cast.alice, organization=cast.acme),
    ]
    for act in acts:
        with pytest.raises(LastOwner):
            act()
    assert membership_of(cast.alice).role == Role.OWNER
    assert membership_of(cast.alice).status == Membership.Status.ACTIVE
    assert not Event.objects.exists()


def test_it_does_not_count_an_owner_whose_account_is_deactivated(cast: Cast) -> None:
    change(Membership.objects.filter(user=cast.adam), role=Role.OWNER)
    change(User.objects.filter(pk=cast.adam.pk), is_active=False)
    with pytest.raises(LastOwner):
        leave_organization(actor=cast.alice, organization=cast.acme)


def test_it_does_not_count_an_owner_who_has_left(cast: Cast) -> None:
    change(Membership.objects.filter(user=cast.adam), role=Role.OWNER, status=Membership.Status.REMOVED)
    with pytest.raises(LastOwner):
        leave_organization(actor=cast.alice, organization=cast.acme)


def test_it_leaves_the_other_organizations_of_whoever_leaves_alone(cast: Cast) -> None:
    theirs = Membership.objects.create(organization=cast.initech, user=cast.bob, role=Role.VIEWER)
    left = leave_organization(actor=cast.bob, organization=cast.acme)
    assert (left.organization_id, left.status) == (cast.acme.pk, Membership.Status.REMOVED)
    theirs.refresh_from_db()
    assert theirs.status == Membership.Status.ACTIVE


def test_it_lets_an_owner_go_when_another_remains(cast: Cast) -> None:
    change_member_role(actor=cast.alice, membership=membership_of(cast.bob), role=Role.OWNER)
    leave_organization(actor=cast.alice, organization=cast.acme)
    assert membership_of(cast.alice).status == Membership.Status.REMOVED
    assert Event.objects.latest("id").details == {"role": "owner", "left": True, "grants": 0, "teams": 0}


def test_it_lets_an_admin_neither_make_nor_touch_owners(cast: Cast) -> None:
    acts: list[Callable[[], object]] = [
        lambda: change_member_role(actor=cast.adam, membership=membership_of(cast.bob), role=Role.OWNER),
        lambda: change_member_role(actor=cast.adam, membership=membership_of(cast.adam), role=Role.OWNER),
        lambda: change_member_role(actor=cast.adam, membership=membership_of(cast.alice), role=Role.VIEWER),
        lambda: remove_member(actor=cast.adam, membership=membership_of(cast.alice)),
    ]
    for act in acts:
        with pytest.raises(RoleOutOfReach):
            act()
    assert membership_of(cast.adam).role == Role.ADMIN
    assert membership_of(cast.alice).role == Role.OWNER


def test_it_refuses_members_and_outsiders(cast: Cast) -> None:
    for person, visible in ((cast.bob, True), (cast.vera, True), (cast.charlie, False)):
        acts: list[Callable[[], object]] = [
            lambda: change_member_role(actor=person, membership=membership_of(cast.vera), role=Role.MEMBER),  # noqa: B023
            lambda: remove_member(actor=person, membership=membership_of(cast.adam)),  # noqa: B023
        ]
        for act in acts:
            with pytest.raises(AccessDenied) as caught:
                act()
            assert caught.value.visible is visible


def test_it_refuses_an_outsider_who_wants_to_leave(cast: Cast) -> None:
    with pytest.raises(AccessDenied):
        leave_organization(actor=cast.charlie, organization=cast.acme)


def test_it_ends_access_with_the_removal(cast: Cast) -> None:
    remove_member(actor=cast.adam, membership=membership_of(cast.bob))
    assert not decide(cast.bob, Permission.ORG_VIEW, cast.acme).visible
    assert Event.objects.latest("id").details == {"role": "member", "left": False, "grants": 0, "teams": 0}


def test_it_says_when_the_member_was_removed_in_the_meantime(cast: Cast) -> None:
    stale = membership_of(cast.bob)
    remove_member(actor=cast.alice, membership=stale)
    acts: list[Callable[[], object]] = [
        lambda: remove_member(actor=cast.alice, membership=stale),
        lambda: change_member_role(actor=cast.alice, membership=stale, role=Role.ADMIN),
    ]
    for act in acts:
        with pytest.raises(OrganizationError, match="no longer a member"):
            act()

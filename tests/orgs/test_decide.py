"""The access decision over stored rows: denied unless a membership that is active now allows it."""

import uuid

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from orgs.models import Membership, Organization, Project
from orgs.permissions import Permission, decide, permissions_of
from orgs.selectors import organizations_where
from orgs.services import create_project
from tests.cast import Cast
from tests.sealing import change


def test_it_denies_an_outsider_without_showing_that_the_organization_exists(cast: Cast) -> None:
    decision = decide(cast.charlie, Permission.ORG_VIEW, cast.acme)
    assert not decision.allowed
    assert not decision.visible


def test_it_denies_support_staff_and_strangers(cast: Cast) -> None:
    assert not decide(cast.sam, Permission.ORG_VIEW, cast.acme).allowed
    assert not decide(AnonymousUser(), Permission.ORG_VIEW, cast.acme).allowed


def test_it_denies_a_deactivated_account(cast: Cast) -> None:
    cast.alice.is_active = False
    assert not decide(cast.alice, Permission.ORG_VIEW, cast.acme).allowed


def test_it_denies_an_account_that_was_deactivated_after_it_was_read(cast: Cast) -> None:
    change(User.objects.filter(pk=cast.alice.pk), is_active=False)
    assert cast.alice.is_active
    assert not decide(cast.alice, Permission.ORG_VIEW, cast.acme).allowed


def test_it_denies_for_an_organization_that_does_not_exist(cast: Cast) -> None:
    assert not decide(cast.alice, Permission.ORG_VIEW, Organization(uid=uuid.uuid4())).allowed


def test_it_raises_for_a_permission_that_does_not_exist(cast: Cast) -> None:
    for ask in (
        lambda: decide(cast.alice, "secret:see", cast.acme),  # type: ignore[arg-type]  # what is tested
        lambda: organizations_where(cast.alice, "secret:see"),  # type: ignore[arg-type]  # what is tested
    ):
        with pytest.raises(ValueError, match="secret:see"):
            ask()


def test_it_remembers_nothing_between_two_decisions(cast: Cast) -> None:
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.PASSWORDS, name="Passwords")
    assert decide(cast.bob, Permission.SECRET_REVEAL, project).allowed
    change(Membership.objects.filter(user=cast.bob), status=Membership.Status.REMOVED)
    assert not decide(cast.bob, Permission.SECRET_REVEAL, project).allowed
    assert permissions_of(cast.bob, cast.acme) == frozenset()


def test_it_decides_about_what_an_organization_owns_by_that_organization(cast: Cast) -> None:
    project = Project(organization=cast.initech, kind=Project.Kind.PASSWORDS, name="x", name_key="x")
    assert decide(cast.charlie, Permission.PROJECT_CONFIGURE, project).allowed
    assert not decide(cast.alice, Permission.PROJECT_CONFIGURE, project).allowed


@pytest.mark.parametrize("permission", list(Permission))
def test_it_lists_exactly_the_organizations_that_a_decision_allows(cast: Cast, permission: Permission) -> None:
    Membership.objects.create(organization=cast.initech, user=cast.bob, role="admin")
    for person in (cast.alice, cast.adam, cast.bob, cast.vera, cast.charlie, cast.sam):
        listed = set(organizations_where(person, permission))
        decided = {each for each in (cast.acme, cast.initech) if decide(person, permission, each).allowed}
        assert listed == decided
    assert not organizations_where(AnonymousUser(), permission).exists()


def test_it_leaves_removed_members_and_deactivated_people_out_of_the_list(cast: Cast) -> None:
    change(Membership.objects.filter(user=cast.bob), status=Membership.Status.REMOVED)
    assert not organizations_where(cast.bob, Permission.ORG_VIEW).exists()
    cast.vera.is_active = False
    assert not organizations_where(cast.vera, Permission.ORG_VIEW).exists()


def test_it_permits_a_deactivated_account_nothing(cast: Cast) -> None:
    assert permissions_of(cast.alice, cast.acme) == frozenset(Permission)
    cast.alice.is_active = False
    assert permissions_of(cast.alice, cast.acme) == frozenset()
    assert permissions_of(AnonymousUser(), cast.acme) == frozenset()

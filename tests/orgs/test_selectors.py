"""Fetching is authorizing: what comes out of a selector was allowed, and what was refused says how much may be seen."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from orgs.models import Invitation, Membership, Project
from orgs.permissions import AccessDenied, Permission
from orgs.roles import Role
from orgs.selectors import (
    environment_for,
    invitation_for,
    member_for,
    organization_for,
    project_for,
)
from orgs.services import create_project, invite_member
from tests.cast import Cast
from tests.sealing import change


@pytest.fixture
def project(cast: Cast) -> Project:
    return create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Website")


@pytest.fixture
def fetchers(cast: Cast, project: Project) -> list[tuple[Callable[..., Any], uuid.UUID]]:
    """Each selector as (actor, uid, permission), with the uid of something of acme's."""
    membership = Membership.objects.get(user=cast.bob)
    invitation: Invitation = invite_member(
        actor=cast.alice, organization=cast.acme, email="new@example.com", role=Role.VIEWER
    ).invitation
    acme = cast.acme.uid
    return [
        (organization_for, acme),
        (project_for, project.uid),
        (environment_for, project.environments.all()[0].uid),
        (lambda actor, uid, permission: member_for(actor, acme, uid, permission), membership.uid),
        (lambda actor, uid, permission: invitation_for(actor, acme, uid, permission), invitation.uid),
    ]


def test_it_hands_out_what_the_role_allows(cast: Cast, fetchers: list[tuple[Callable[..., Any], uuid.UUID]]) -> None:
    for fetch, uid in fetchers:
        assert fetch(cast.alice, uid, Permission.MEMBER_MANAGE).pk == uid


def test_it_refuses_a_member_without_the_permission_visibly(
    cast: Cast, fetchers: list[tuple[Callable[..., Any], uuid.UUID]]
) -> None:
    for fetch, uid in fetchers:
        with pytest.raises(AccessDenied) as caught:
            fetch(cast.bob, uid, Permission.MEMBER_MANAGE)
        assert caught.value.visible
        assert caught.value.organization_id == cast.acme.uid
        assert caught.value.resource.id == str(uid)


def test_it_refuses_an_outsider_as_if_there_were_nothing(
    cast: Cast, fetchers: list[tuple[Callable[..., Any], uuid.UUID]]
) -> None:
    for fetch, uid in fetchers:
        for wanted in (uid, uuid.uuid4()):
            with pytest.raises(AccessDenied) as caught:
                fetch(cast.charlie, wanted, Permission.ORG_VIEW)
            assert not caught.value.visible


def test_it_finds_a_member_or_an_invitation_only_in_its_own_organization(
    cast: Cast, fetchers: list[tuple[Callable[..., Any], uuid.UUID]]
) -> None:
    """Alice may manage both organizations, and still the address has to name the right one."""
    membership, invitation = fetchers[3][1], fetchers[4][1]
    Membership.objects.create(organization=cast.initech, user=cast.alice, role=Role.OWNER)
    for actor in (cast.charlie, cast.alice):
        for fetch, uid in ((member_for, membership), (invitation_for, invitation)):
            with pytest.raises(AccessDenied) as caught:
                fetch(actor, cast.initech.uid, uid, Permission.MEMBER_MANAGE)
            assert not caught.value.visible


def test_it_does_not_find_a_removed_member(cast: Cast) -> None:
    membership = Membership.objects.get(user=cast.bob)
    change(Membership.objects.filter(pk=membership.pk), status=Membership.Status.REMOVED)
    with pytest.raises(AccessDenied):
        member_for(cast.alice, cast.acme.uid, membership.uid, Permission.MEMBER_MANAGE)

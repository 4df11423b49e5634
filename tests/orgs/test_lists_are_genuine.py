"""What grants authority and is not as this program wrote it is in no list: it would be taken for what counts."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.db import models
from django.urls import reverse
from django.utils import timezone

from audit.actions import Action
from audit.models import Event
from orgs.classification import Classification
from orgs.models import ClassPolicy, CustomRole, Grant, Invitation, Machine, Membership, Team, TeamMembership
from orgs.roles import Role
from orgs.selectors import former_members, invitations_of, members_of
from orgs.selectors.authority import (
    GrantFilters,
    active_members,
    granting_in,
    live_grants_of,
    machines_of,
    members_in,
    page_of_grants,
    roles_of,
    teams_of,
)
from orgs.selectors.listing import memberships_of
from orgs.selectors.policies import policies_in
from orgs.services import invite_member
from tests.cast import Cast, signed_in_client
from tests.sealing import change, tamper
from vault.seals import reporting

pytestmark = pytest.mark.django_db

Listed = Callable[[Cast], Iterable[Any]]


def bobs(cast: Cast) -> Membership:
    return Membership.objects.get(organization=cast.acme, user=cast.bob)


def former(cast: Cast) -> Membership:
    change([bobs(cast)], status=Membership.Status.REMOVED)
    return bobs(cast)


def invited(cast: Cast) -> Invitation:
    return invite_member(actor=cast.alice, organization=cast.acme, email="new@example.com", role=Role.VIEWER).invitation


def team(cast: Cast) -> Team:
    return Team.objects.create(organization=cast.acme, name="Ops", name_key="ops")


def place(cast: Cast) -> TeamMembership:
    return TeamMembership.objects.create(organization=cast.acme, team=team(cast), membership=bobs(cast))


def role(cast: Cast) -> CustomRole:
    return CustomRole.objects.create(organization=cast.acme, name="Own", name_key="own", permissions=["secret:list"])


def machine(cast: Cast) -> Machine:
    return Machine.objects.create(organization=cast.acme, name="ci", name_key="ci")


def grant(cast: Cast) -> Grant:
    kind = Grant.SubjectKind.MEMBER
    return Grant.objects.create(organization=cast.acme, subject_kind=kind, membership=bobs(cast), role=Role.VIEWER)


def policy(cast: Cast) -> ClassPolicy:
    return ClassPolicy.objects.get(organization=cast.acme, classification=Classification.CRITICAL)


def grants(cast: Cast) -> list[Grant]:
    _, reached = granting_in(cast.alice, cast.acme.uid)
    return list(page_of_grants(reached, GrantFilters(), "").rows)


# What makes the row, what its table is changed to, and the list.
LISTS: dict[str, tuple[Callable[[Cast], models.Model], dict[str, Any], Listed]] = {
    "members": (bobs, {"role": "owner"}, lambda cast: members_of(cast.acme)),
    "members to choose from": (bobs, {"role": "owner"}, lambda cast: active_members(cast.acme)),
    "organizations": (bobs, {"role": "owner"}, lambda cast: memberships_of(cast.bob)),
    "former members": (former, {"role": "owner"}, lambda cast: former_members(cast.acme, 20)),
    "invitations": (invited, {"role": "owner"}, lambda cast: [each for each, _ in invitations_of(cast.acme)]),
    "teams": (team, {"name": "Owners"}, lambda cast: [each.team for each in teams_of(cast.acme)]),
    "members of a team": (place, {}, lambda cast: members_in(Team.objects.get(organization=cast.acme))),
    "roles": (role, {"permissions": ["secret:reveal"]}, lambda cast: roles_of(cast.acme)),
    "machines": (machine, {"name": "prod"}, lambda cast: machines_of(cast.acme)),
    "grants": (grant, {"role": "admin"}, grants),
    "grants of a member": (grant, {"role": "admin"}, lambda cast: live_grants_of(members=[bobs(cast).pk])),
    "policies": (policy, {"approvals": 0, "reveal_seconds": 60}, lambda cast: policies_in(cast.acme.uid)),
}


@pytest.mark.parametrize("name", LISTS)
def test_it_lists_what_counts_and_nothing_else(cast: Cast, name: str) -> None:
    reporting.forget()
    make, values, listed = LISTS[name]
    row = make(cast)
    wanted = row.classification if isinstance(row, ClassPolicy) else row
    assert wanted in listed(cast)
    if isinstance(row, TeamMembership):
        values = {"membership_id": Membership.objects.get(organization=cast.acme, user=cast.vera).pk}
    tamper(type(row)._default_manager.filter(pk=row.pk), **values)
    assert wanted not in listed(cast)
    assert Event.objects.filter(action=Action.AUTHORITY_SEAL_BROKEN).exists()


def test_the_page_of_members_shows_none_that_was_inserted(cast: Cast) -> None:
    row = Membership(organization=cast.acme, user=cast.charlie, role=Role.OWNER, changed_at=timezone.now())
    models.Model.save_base(row, raw=True, force_insert=True)
    page = signed_in_client(cast.alice).get(reverse("orgs:members", args=[cast.acme.pk])).content.decode()
    assert cast.bob.email in page
    assert cast.charlie.email not in page


def test_whoever_invited_without_counting_leaves_no_invitation_that_works(cast: Cast) -> None:
    change([bobs(cast)], role=Role.ADMIN)
    invite_member(actor=cast.bob, organization=cast.acme, email="new@example.com", role=Role.VIEWER)
    assert [state.name for _, state in invitations_of(cast.acme)] == ["USABLE"]
    tamper(Membership.objects.filter(pk=bobs(cast).pk), role="owner")
    assert [state.name for _, state in invitations_of(cast.acme)] == ["POWERLESS"]

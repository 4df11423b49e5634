"""Invitations: for one address, once, for a while, and no stronger than whoever made them."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from orgs.errors import AccountExists, AlreadyMember, InvitationForOtherPerson, InvitationUnusable, RoleOutOfReach
from orgs.models import Invitation, Membership, Organization
from orgs.permissions import AccessDenied
from orgs.roles import Role
from orgs.selectors import InvitationState, invitations_of
from orgs.services import (
    Invited,
    accept_invitation,
    change_member_role,
    invite_member,
    join_with_invitation,
    open_invitation,
    remove_member,
    revoke_invitation,
)
from tests.cast import PASSWORD, Cast
from tests.sealing import change

ANYBODY = AnonymousUser()


def invite(cast: Cast, email: str = "charlie@example.com", role: Role = Role.MEMBER, by: User | None = None) -> Invited:
    return invite_member(actor=by or cast.alice, organization=cast.acme, email=email, role=role)


def token_of(invited: Invited) -> str:
    return invited.link.rpartition("#")[2]


def membership_in(organization: Organization, user: User) -> Membership:
    return Membership.objects.select_related("user").get(organization=organization, user=user)


def test_it_links_to_the_configured_address_and_stores_no_token(cast: Cast) -> None:
    invited = invite(cast)
    assert invited.link.startswith(f"{settings.BASE_URL}/join/#")
    row = Invitation.objects.values().get()
    assert token_of(invited) not in str(row)
    assert token_of(invited).encode() not in bytes(row["token_mac"])
    assert "#" not in repr(invited)


def test_it_records_who_invited_whom_as_what(cast: Cast) -> None:
    invite(cast)
    event = Event.objects.get()
    assert (event.action, event.actor_id, event.resource_label) == (
        "invitation.created",
        str(cast.alice.uid),
        "charlie@example.com",
    )
    assert event.details == {"role": "member", "replaced": False}


def test_it_makes_the_person_a_member_once(cast: Cast) -> None:
    invited = invite(cast)
    opened = open_invitation(actor=cast.charlie, token=token_of(invited))
    membership = accept_invitation(actor=cast.charlie, invitation=opened)
    assert (membership.role, membership.status) == (Role.MEMBER, Membership.Status.ACTIVE)
    with pytest.raises(InvitationUnusable):
        accept_invitation(actor=cast.charlie, invitation=opened)
    with pytest.raises(InvitationUnusable) as caught:
        open_invitation(actor=cast.charlie, token=token_of(invited))
    assert caught.value.status == 410


def test_it_is_bound_to_the_address_however_it_is_spelled(cast: Cast) -> None:
    invited = invite(cast, email=" Charlie@EXAMPLE.com ")
    opened = open_invitation(actor=ANYBODY, token=token_of(invited))
    with pytest.raises(InvitationForOtherPerson):
        accept_invitation(actor=cast.sam, invitation=opened)
    assert accept_invitation(actor=cast.charlie, invitation=opened).user == cast.charlie


def test_it_creates_the_account_of_a_new_person(cast: Cast) -> None:
    invited = invite(cast, email="zoe@example.com", role=Role.VIEWER)
    membership = join_with_invitation(invitation=invited.invitation, name="Zoë", password=PASSWORD)
    assert (membership.user.email, membership.user.name, membership.role) == ("zoe@example.com", "Zoë", "viewer")
    assert membership.user.check_password(PASSWORD)
    assert not membership.user.is_instance_admin
    assert [event.action for event in Event.objects.order_by("id")] == [
        "invitation.created",
        "account.created",
        "invitation.accepted",
    ]


def test_it_leaves_the_password_of_an_existing_account_alone(cast: Cast) -> None:
    invited = invite(cast)
    with pytest.raises(AccountExists):
        join_with_invitation(invitation=invited.invitation, name="Mallory", password="another good password")
    cast.charlie.refresh_from_db()
    assert cast.charlie.name == "Charlie"
    assert cast.charlie.check_password(PASSWORD)


def test_it_creates_nothing_when_the_password_is_refused(cast: Cast) -> None:
    invited = invite(cast, email="zoe@example.com")
    with pytest.raises(ValidationError):
        join_with_invitation(invitation=invited.invitation, name="Zoe", password="short")
    assert not User.objects.filter(email_key="zoe@example.com").exists()
    assert open_invitation(actor=ANYBODY, token=token_of(invited)).pk == invited.invitation.pk


@pytest.mark.parametrize(
    ("token", "status"),
    [
        ("", 400),
        ("x", 400),
        ("A" * 42, 400),
        ("A" * 44, 400),
        ("A" * 42 + "!", 400),
        ("\x00" * 43, 400),
        ("A" * 43, 404),
    ],
)
def test_it_refuses_a_token_that_is_none(cast: Cast, token: str, status: int) -> None:
    with pytest.raises(InvitationUnusable) as caught:
        open_invitation(actor=ANYBODY, token=token)
    assert caught.value.status == status
    assert "#" not in str(caught.value)
    assert Event.objects.get().action == "invitation.refused"


def test_it_does_not_open_the_set_up_with_an_invitation_nor_the_reverse(cast: Cast) -> None:
    from orgs.tokens import TokenUse, token_mac, token_mac_candidates

    mac = token_mac(TokenUse.INVITATION, "A" * 43)
    assert mac in token_mac_candidates(TokenUse.INVITATION, "A" * 43)
    assert mac not in token_mac_candidates(TokenUse.SETUP, "A" * 43)


def test_it_expires(cast: Cast) -> None:
    invited = invite(cast)
    with time_machine.travel(timezone.now() + timedelta(hours=settings.INVITATION_HOURS, seconds=1)):
        with pytest.raises(InvitationUnusable) as caught:
            open_invitation(actor=ANYBODY, token=token_of(invited))
        assert caught.value.status == 410
        with pytest.raises(InvitationUnusable):
            accept_invitation(actor=cast.charlie, invitation=invited.invitation)
        assert [state for _, state in invitations_of(cast.acme)] == [InvitationState.EXPIRED]


def test_it_can_be_revoked_also_after_it_was_opened(cast: Cast) -> None:
    invited = invite(cast)
    opened = open_invitation(actor=cast.charlie, token=token_of(invited))
    revoke_invitation(actor=cast.adam, invitation=opened)
    with pytest.raises(InvitationUnusable):
        accept_invitation(actor=cast.charlie, invitation=opened)
    assert not Membership.objects.filter(organization=cast.acme, user=cast.charlie).exists()


def test_it_revokes_once(cast: Cast) -> None:
    invited = invite(cast)
    revoke_invitation(actor=cast.alice, invitation=invited.invitation)
    revoke_invitation(actor=cast.alice, invitation=invited.invitation)
    assert Event.objects.filter(action="invitation.revoked").count() == 1


def test_it_replaces_an_open_invitation_for_the_same_person(cast: Cast) -> None:
    first, second = invite(cast), invite(cast, email="CHARLIE@example.com", role=Role.VIEWER)
    with pytest.raises(InvitationUnusable):
        open_invitation(actor=ANYBODY, token=token_of(first))
    assert open_invitation(actor=ANYBODY, token=token_of(second)).role == Role.VIEWER
    assert len(invitations_of(cast.acme)) == 1


def test_it_leaves_the_invitation_of_another_organization_alone(cast: Cast) -> None:
    ours = invite(cast, email="zoe@example.com")
    theirs = invite_member(actor=cast.charlie, organization=cast.initech, email="zoe@example.com", role=Role.MEMBER)
    for invited in (ours, theirs):
        assert open_invitation(actor=ANYBODY, token=token_of(invited)) == invited.invitation


def test_it_replaces_nothing_where_nothing_is_open(cast: Cast) -> None:
    revoke_invitation(actor=cast.alice, invitation=invite(cast).invitation)
    invite(cast)
    assert Event.objects.latest("id").details["replaced"] is False


def test_it_refuses_a_role_above_the_inviters(cast: Cast) -> None:
    with pytest.raises(RoleOutOfReach):
        invite(cast, role=Role.OWNER, by=cast.adam)
    owner = invite(cast, role=Role.OWNER)
    with pytest.raises(RoleOutOfReach):
        revoke_invitation(actor=cast.adam, invitation=owner.invitation)


def test_it_refuses_inviters_without_the_permission(cast: Cast) -> None:
    for person in (cast.bob, cast.vera, cast.charlie):
        with pytest.raises(AccessDenied):
            invite(cast, email="zoe@example.com", role=Role.VIEWER, by=person)


def test_it_refuses_to_invite_somebody_who_is_a_member(cast: Cast) -> None:
    with pytest.raises(AlreadyMember):
        invite(cast, email="BOB@example.com")


@pytest.mark.parametrize(
    "email",
    [
        "",
        "nobody",
        "a@b",
        "a b@example.com",
        "a@example.com\nBcc: x@example.com",
        "a\x00@example.com",
        "a@exam\u202eple.com",
        "a@exam\u200bple.com",
        f"{'a' * 300}@example.com",
        f"a@{'b' * 10_000}.com",
    ],
)
def test_it_refuses_what_is_no_address(cast: Cast, email: str) -> None:
    with pytest.raises(ValidationError):
        invite(cast, email=email)


def test_it_is_worth_no_more_than_its_author_is_now(cast: Cast) -> None:
    invited = invite(cast, role=Role.ADMIN, by=cast.adam)
    change_member_role(actor=cast.alice, membership=membership_in(cast.acme, cast.adam), role=Role.MEMBER)
    with pytest.raises(InvitationUnusable) as caught:
        open_invitation(actor=ANYBODY, token=token_of(invited))
    assert caught.value.status == 410
    assert [state for _, state in invitations_of(cast.acme)] == [InvitationState.POWERLESS]


def test_it_leaves_no_way_back_to_somebody_who_was_removed(cast: Cast) -> None:
    invited = invite(cast, by=cast.adam)
    opened = open_invitation(actor=cast.charlie, token=token_of(invited))
    remove_member(actor=cast.alice, membership=membership_in(cast.acme, cast.adam))
    with pytest.raises(InvitationUnusable):
        accept_invitation(actor=cast.charlie, invitation=opened)


def test_it_brings_a_removed_member_back_with_the_new_role(cast: Cast) -> None:
    before = membership_in(cast.acme, cast.bob)
    remove_member(actor=cast.alice, membership=before)
    invited = invite(cast, email="bob@example.com", role=Role.VIEWER)
    after = accept_invitation(actor=cast.bob, invitation=invited.invitation)
    assert (after.pk, after.role, after.status) == (before.pk, Role.VIEWER, Membership.Status.ACTIVE)
    assert after.joined_at > before.joined_at


def test_it_does_not_change_the_role_of_somebody_who_is_a_member_already(cast: Cast) -> None:
    invited = invite(cast, role=Role.VIEWER)
    Membership.objects.create(organization=cast.acme, user=cast.charlie, role=Role.ADMIN)
    assert accept_invitation(actor=cast.charlie, invitation=invited.invitation).role == Role.ADMIN


def test_it_lets_an_admin_not_replace_the_invitation_of_an_owner(cast: Cast) -> None:
    """An admin may not revoke it; making another one for the address would revoke it all the same."""
    offered = invite(cast, role=Role.OWNER).invitation
    with pytest.raises(RoleOutOfReach, match="Ask an owner"):
        invite(cast, role=Role.VIEWER, by=cast.adam)
    offered.refresh_from_db()
    assert offered.revoked_at is None
    with time_machine.travel(offered.expires_at + timedelta(seconds=1)):
        invite(cast, role=Role.VIEWER, by=cast.adam)  # there is no authority left to take away
    assert Invitation.objects.get(revoked_at__isnull=True).role == Role.VIEWER


def test_it_is_worth_nothing_once_the_inviters_account_is_deactivated(cast: Cast) -> None:
    invited = invite(cast, role=Role.OWNER)
    change(User.objects.filter(pk=cast.alice.pk), is_active=False)
    with pytest.raises(InvitationUnusable):
        open_invitation(actor=ANYBODY, token=token_of(invited))
    with pytest.raises(InvitationUnusable):
        accept_invitation(actor=cast.charlie, invitation=invited.invitation)
    assert invitations_of(cast.acme)[0][1] is InvitationState.POWERLESS


@pytest.mark.parametrize(
    ("inviter", "offered"),
    [
        (Role.MEMBER, Role.MEMBER),  # could give it, and may not invite any more
        (Role.ADMIN, Role.OWNER),  # may still invite, and could not give it
    ],
)
def test_it_is_worth_no_more_than_the_inviter_is_now(cast: Cast, inviter: Role, offered: Role) -> None:
    invited = invite(cast, role=offered)
    change(Membership.objects.filter(organization=cast.acme, user=cast.alice), role=inviter)
    with pytest.raises(InvitationUnusable):
        accept_invitation(actor=cast.charlie, invitation=invited.invitation)
    assert not Membership.objects.filter(organization=cast.acme, user=cast.charlie).exists()

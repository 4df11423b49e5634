"""Things about invitations that happen at the same moment."""

from accounts.models import User
from orgs.errors import InvitationUnusable
from orgs.models import Invitation, Membership
from orgs.roles import Role
from orgs.services import accept_invitation, invite_member, join_with_invitation, revoke_invitation
from tests.cast import PASSWORD, Cast
from tests.orgs.parallel import in_parallel, one_inside_the_other, uncommitted


def test_it_takes_up_an_invitation_once_in_parallel(transactional_cast: Cast) -> None:
    cast = transactional_cast
    invitation = invite_member(
        actor=cast.alice, organization=cast.acme, email="charlie@example.com", role=Role.MEMBER
    ).invitation
    raised = in_parallel(*[lambda: accept_invitation(actor=cast.charlie, invitation=invitation)] * 3)
    assert sorted(type(error).__name__ for error in raised) == ["InvitationUnusable", "InvitationUnusable", "NoneType"]
    assert Membership.objects.filter(organization=cast.acme, user=cast.charlie).count() == 1


def test_who_takes_it_up_second_waits_for_the_first(transactional_cast: Cast) -> None:
    cast = transactional_cast
    invitation = invite_member(
        actor=cast.alice, organization=cast.acme, email="charlie@example.com", role=Role.MEMBER
    ).invitation

    def accept() -> object:
        return accept_invitation(actor=cast.charlie, invitation=invitation)

    order = one_inside_the_other(uncommitted(accept), accept)
    assert (order.first, order.waited) == (None, True)
    assert isinstance(order.other, InvitationUnusable)
    assert Membership.objects.filter(organization=cast.acme, user=cast.charlie).count() == 1


def test_who_takes_it_up_waits_for_its_revocation(transactional_cast: Cast) -> None:
    cast = transactional_cast
    invitation = invite_member(
        actor=cast.alice, organization=cast.acme, email="charlie@example.com", role=Role.MEMBER
    ).invitation
    order = one_inside_the_other(
        uncommitted(lambda: revoke_invitation(actor=cast.alice, invitation=invitation)),
        lambda: accept_invitation(actor=cast.charlie, invitation=invitation),
    )
    assert (order.first, order.waited) == (None, True)
    assert isinstance(order.other, InvitationUnusable)
    assert not Membership.objects.filter(organization=cast.acme, user=cast.charlie).exists()


def test_it_creates_one_account_in_parallel(transactional_cast: Cast) -> None:
    cast = transactional_cast
    invitation = invite_member(
        actor=cast.alice, organization=cast.acme, email="zoe@example.com", role=Role.MEMBER
    ).invitation
    raised = in_parallel(*[lambda: join_with_invitation(invitation=invitation, name="Zoe", password=PASSWORD)] * 2)
    assert [type(error) for error in raised if error] == [InvitationUnusable]
    assert User.objects.filter(email_key="zoe@example.com").count() == 1


def test_it_keeps_one_open_invitation_per_address_in_parallel(transactional_cast: Cast) -> None:
    cast = transactional_cast
    raised = in_parallel(
        *[lambda: invite_member(actor=cast.alice, organization=cast.acme, email="zoe@example.com", role=Role.MEMBER)]
        * 3
    )
    assert raised == [None, None, None]
    assert Invitation.objects.filter(revoked_at__isnull=True).count() == 1


def test_it_is_either_revoked_or_taken_up(transactional_cast: Cast) -> None:
    cast = transactional_cast
    invitation = invite_member(
        actor=cast.alice, organization=cast.acme, email="charlie@example.com", role=Role.MEMBER
    ).invitation
    in_parallel(
        lambda: accept_invitation(actor=cast.charlie, invitation=invitation),
        lambda: revoke_invitation(actor=cast.alice, invitation=invitation),
    )
    invitation.refresh_from_db()
    member = Membership.objects.filter(organization=cast.acme, user=cast.charlie).exists()
    assert (invitation.accepted_at is None) is not member
    assert (invitation.revoked_at is None) is member

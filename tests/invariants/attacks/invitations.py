"""Gaining access by writing invitations."""

from collections.abc import Iterator

from django.utils import timezone

from accounts.models import User
from orgs.errors import InvitationUnusable
from orgs.models import Invitation, Membership
from orgs.roles import Role
from orgs.services import invite_member
from orgs.services.invitations import accept_invitation, open_invitation, revoke_invitation
from orgs.services.memberships import remove_member
from tests.cast import Cast
from tests.invariants import attacker as sql
from tests.invariants.attacks.stage import INVITATION, SOON, attack, membership_of
from tests.sealing import change


def invited(cast: Cast, *, role: Role = Role.VIEWER) -> tuple[Invitation, str]:
    """An invitation for charlie, and its token."""
    made = invite_member(actor=cast.alice, organization=cast.acme, email=cast.charlie.email, role=role)
    return made.invitation, made.link.rpartition("#")[2]


def joins(cast: Cast, token: str, person: User) -> Membership | None:
    """The membership that a token brings, if it does."""
    try:
        return accept_invitation(actor=person, invitation=open_invitation(actor=person, token=token))
    except InvitationUnusable:
        return None


@attack("prolong an invitation that is too old")
def prolong_invitation(cast: Cast) -> Iterator[bool]:
    invitation, token = invited(cast)
    change([invitation], expires_at=timezone.now() - SOON)
    sql.update(INVITATION, {"uid": invitation.uid}, expires_at=timezone.now() + SOON)
    yield joins(cast, token, cast.charlie) is not None


@attack("raise the role of an invitation")
def raise_invitation(cast: Cast) -> Iterator[bool]:
    invitation, token = invited(cast)
    sql.update(INVITATION, {"uid": invitation.uid}, role="owner")
    yield joins(cast, token, cast.charlie) is not None


@attack("put one's own address into an invitation")
def readdress_invitation(cast: Cast) -> Iterator[bool]:
    invitation, token = invited(cast)
    sql.update(INVITATION, {"uid": invitation.uid}, email=cast.sam.email, email_key=cast.sam.email_key)
    yield joins(cast, token, cast.sam) is not None


@attack("make an accepted invitation open again")
def reopen_accepted_invitation(cast: Cast) -> Iterator[bool]:
    invitation, token = invited(cast)
    assert joins(cast, token, cast.charlie)
    remove_member(actor=cast.alice, membership=membership_of(cast, cast.charlie))
    sql.update(INVITATION, {"uid": invitation.uid}, accepted_at=None, accepted_by_id=None)
    yield joins(cast, token, cast.charlie) is not None


@attack("make a revoked invitation open again")
def reopen_revoked_invitation(cast: Cast) -> Iterator[bool]:
    invitation, token = invited(cast)
    revoke_invitation(actor=cast.alice, invitation=invitation)
    sql.update(INVITATION, {"uid": invitation.uid}, revoked_at=None)
    yield joins(cast, token, cast.charlie) is not None


@attack("put the token of one's own invitation into another's")
def exchange_tokens(cast: Cast) -> Iterator[bool]:
    _, token = invited(cast)
    mine = sql.one(INVITATION, email_key=cast.charlie.email_key)
    other = invite_member(actor=cast.alice, organization=cast.acme, email="o@example.com", role=Role.OWNER).invitation
    sql.update(INVITATION, {"uid": mine["uid"]}, token_mac=b"\x00" * 48)
    sql.update(INVITATION, {"uid": other.uid}, token_mac=mine["token_mac"])
    yield joins(cast, token, cast.charlie) is not None


@attack("move an invitation to another organization")
def move_invitation(cast: Cast) -> Iterator[bool]:
    made = invite_member(actor=cast.charlie, organization=cast.initech, email=cast.sam.email, role=Role.OWNER)
    token = made.link.rpartition("#")[2]
    sql.update(INVITATION, {"uid": made.invitation.uid}, organization_id=cast.acme.uid)
    yield joins(cast, token, cast.sam) is not None


@attack("name an owner as the one who invited")
def name_another_inviter(cast: Cast) -> Iterator[bool]:
    made = invite_member(actor=cast.adam, organization=cast.acme, email=cast.charlie.email, role=Role.VIEWER)
    remove_member(actor=cast.alice, membership=membership_of(cast, cast.adam))
    sql.update(INVITATION, {"uid": made.invitation.uid}, invited_by_id=cast.alice.uid)
    yield joins(cast, made.link.rpartition("#")[2], cast.charlie) is not None

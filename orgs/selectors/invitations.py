"""Invitations, and whether they can still be taken up."""

from enum import StrEnum
from uuid import UUID

from django.utils import timezone

from orgs.models import Invitation, Membership, Organization
from orgs.permissions import ROLE_PERMISSIONS, Permission, decide, may_give
from orgs.roles import Role
from orgs.selectors.fetching import membership_of
from vault import tenancy
from vault.seals import genuine, is_genuine, with_seal


class InvitationState(StrEnum):
    """Whether an invitation can be taken up, and if not, why."""

    USABLE = "usable"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"
    POWERLESS = "inviter lost the authority"


def invitation_state(invitation: Invitation, inviter: Membership | None) -> InvitationState:
    """The state now; `inviter` is the membership (with its person) of whoever invited.

    An invitation gives no more than its author could give at this moment: a removed administrator leaves no way back
    in behind.
    """
    if invitation.accepted_at:
        return InvitationState.USED
    if invitation.revoked_at:
        return InvitationState.REVOKED
    if invitation.expires_at <= timezone.now():
        return InvitationState.EXPIRED
    if (
        inviter is None
        or not inviter.user.is_active
        or not _may_invite(inviter)
        or not may_give(Role(inviter.role), Role(invitation.role))
    ):
        return InvitationState.POWERLESS
    return InvitationState.USABLE


def _may_invite(inviter: Membership) -> bool:
    """By the role, or by a grant, which takes a closer look."""
    return (
        Permission.MEMBER_INVITE in ROLE_PERMISSIONS[Role(inviter.role)]
        or decide(inviter.user, Permission.MEMBER_INVITE, inviter, here=False).allowed
    )


def inviter_of(invitation: Invitation) -> Membership | None:
    """The active membership of whoever invited, with the person."""
    if invitation.invited_by is None:
        return None
    return membership_of(invitation.invited_by, invitation.organization)


def invitations_of(organization: Organization) -> list[tuple[Invitation, InvitationState]]:
    """The invitations that were neither accepted nor revoked, the newest first, with their states (two queries)."""
    found = Invitation.objects.filter(organization=organization, accepted_at__isnull=True, revoked_at__isnull=True)
    invitations = genuine(with_seal(found.select_related("invited_by").order_by("-created_at", "uid")))
    members = Membership.objects.filter(organization=organization, status=Membership.Status.ACTIVE)
    members = members.filter(user__in={each.invited_by_id for each in invitations}).select_related("user")
    inviters = {membership.user_id: membership for membership in genuine(with_seal(members))}
    return [
        (each, invitation_state(each, inviters.get(each.invited_by_id) if each.invited_by_id else None))
        for each in invitations
    ]


def invitation_with(uid: UUID) -> Invitation | None:
    """The invitation that a session has opened with its token: possession was proved, no membership is needed."""
    with tenancy.everywhere("whom a token let in belongs to no organization yet"):
        found = with_seal(Invitation.objects.select_related("organization", "invited_by").filter(pk=uid)).first()
        return found if is_genuine(found) else None

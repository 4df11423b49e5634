"""Inviting people, and taking an invitation up: once, by the person it was made for, while it lasts.

Whoever invited must still be able to give the role when it is taken up: a removed administrator cannot leave a way
back in behind.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.emails import normalize_email
from accounts.models import User
from accounts.services import create_account
from accounts.services.accounts import clean_email
from audit.actions import Action, Outcome, ResourceKind
from audit.actor import Actor
from audit.services import append, record
from orgs.errors import AccountExists, AlreadyMember, InvitationForOtherPerson, InvitationUnusable, RoleOutOfReach
from orgs.models import Invitation, Membership, Organization
from orgs.permissions import Permission, may_give
from orgs.roles import Role
from orgs.selectors import InvitationState, invitation_state, inviter_of, membership_of, require
from orgs.services.authority import lock_organization
from orgs.tokens import TokenUse, new_token, token_link, token_mac, token_mac_candidates, well_formed
from vault import tenancy
from vault.seals import is_genuine, with_seal


@dataclass(frozen=True, slots=True)
class Invited:
    """A fresh invitation and its link, which exists nowhere else and is shown once."""

    invitation: Invitation
    link: str = field(repr=False)


@transaction.atomic
def invite_member(*, actor: User, organization: Organization, email: str, role: Role) -> Invited:
    """Offers membership to an address; an open invitation for the same address is replaced and its link dies.

    Raises `AccessDenied` without `member:invite`, `RoleOutOfReach` for a role above the actor's own or a replaced
    invitation to one, `AlreadyMember`, `ValidationError` for the address.
    """
    role = Role(role)
    locked = lock_organization(organization.pk)
    require(actor, Permission.MEMBER_INVITE, locked, kind=ResourceKind.ORGANIZATION)
    _may_give(actor, locked, role)
    email = clean_email(email)
    email_key = normalize_email(email)
    if Membership.objects.filter(
        organization=locked, user__email_key=email_key, status=Membership.Status.ACTIVE
    ).exists():
        raise AlreadyMember
    now = timezone.now()
    before = Invitation.objects.filter(
        organization=locked, email_key=email_key, accepted_at__isnull=True, revoked_at__isnull=True
    )
    replaced = _replace(actor, locked, before, now)
    token = new_token()
    invitation = Invitation.objects.create(
        organization=locked,
        email=email,
        email_key=email_key,
        role=role,
        token_mac=token_mac(TokenUse.INVITATION, token),
        invited_by=actor,
        created_at=now,
        expires_at=now + timedelta(hours=settings.INVITATION_HOURS),
    )
    append(
        actor=actor.audit_actor,
        action=Action.INVITATION_CREATED,
        organization_id=locked.uid,
        resource=invitation.audit_resource,
        details={"role": role, "replaced": replaced},
    )
    return Invited(invitation, token_link(TokenUse.INVITATION, token))


@transaction.atomic
def revoke_invitation(*, actor: User, invitation: Invitation) -> Invitation:
    """Ends an open invitation; nothing happens when it was taken up or revoked before.

    Raises `AccessDenied` without `member:invite`, `RoleOutOfReach` for a role above the actor's own.
    """
    organization = lock_organization(invitation.organization_id)
    require(actor, Permission.MEMBER_INVITE, organization, kind=ResourceKind.ORGANIZATION)
    locked = Invitation.objects.select_for_update(of=("self",), no_key=True).get(pk=invitation.pk)
    _may_give(actor, organization, Role(locked.role))
    if locked.accepted_at or locked.revoked_at:
        return locked
    locked.revoked_at = timezone.now()
    locked.save(update_fields=["revoked_at"])
    append(
        actor=actor.audit_actor,
        action=Action.INVITATION_REVOKED,
        organization_id=organization.uid,
        resource=locked.audit_resource,
        details={"role": locked.role},
    )
    return locked


def open_invitation(*, actor: User | AnonymousUser, token: str) -> Invitation:
    """The invitation that `token` opens, which is not used up by opening it.

    Raises `InvitationUnusable` (400 no token, 404 unknown, 410 used, revoked or too old), and records that.
    """
    token = token.strip()
    if not well_formed(token):
        raise _refused(actor, None, "not a token", status=400)
    with tenancy.everywhere("a token says which invitation it opens, and that in which organization"):
        invitation = with_seal(
            Invitation.objects.select_related("organization", "invited_by").filter(
                token_mac__in=token_mac_candidates(TokenUse.INVITATION, token)
            )
        ).first()
        found = invitation is not None and is_genuine(invitation)
    if invitation is None or not found:
        raise _refused(actor, None, "unknown", status=404)
    with tenancy.within(invitation.organization_id):
        state = invitation_state(invitation, inviter_of(invitation))
    if state is not InvitationState.USABLE:
        raise _refused(actor, invitation, state, status=410)
    return invitation


@transaction.atomic
def accept_invitation(*, actor: User, invitation: Invitation) -> Membership:
    """Makes the signed-in person a member. Somebody who was removed before becomes a member again.

    Raises `InvitationForOtherPerson`, `InvitationUnusable`.
    """
    with tenancy.within(invitation.organization_id):
        locked = _lock_usable(invitation)
        if actor.email_key != locked.email_key:
            raise InvitationForOtherPerson
        return _take_up(locked, actor)


@transaction.atomic
def join_with_invitation(*, invitation: Invitation, name: str, password: str) -> Membership:
    """Creates the invited person's account and makes them a member; `membership.user` is the new person.

    Raises `InvitationUnusable`, `AccountExists`, `ValidationError` for the name and the password.
    """
    with tenancy.within(invitation.organization_id):
        locked = _lock_usable(invitation)
        if User.objects.filter(email_key=locked.email_key).exists():
            raise AccountExists
        person = create_account(email=locked.email, name=name, password=password)
        return _take_up(locked, person)


def _lock_usable(invitation: Invitation) -> Invitation:
    """The invitation under the organization's lock: of two people who take it up at once, the second finds it used."""
    lock_organization(invitation.organization_id)
    locked = with_seal(
        Invitation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organization", "invited_by")
        .filter(pk=invitation.pk)
    ).get()
    if not is_genuine(locked):
        raise InvitationUnusable("not genuine", status=404)
    state = invitation_state(locked, inviter_of(locked))
    if state is not InvitationState.USABLE:
        raise InvitationUnusable(state, status=410)
    return locked


def _take_up(invitation: Invitation, person: User) -> Membership:
    now = timezone.now()
    membership, created = Membership.objects.select_related("user").get_or_create(
        organization=invitation.organization, user=person, defaults={"role": invitation.role, "joined_at": now}
    )
    if not created and membership.status == Membership.Status.REMOVED:
        membership.role, membership.status, membership.joined_at = invitation.role, Membership.Status.ACTIVE, now
        membership.save(update_fields=["role", "status", "joined_at", "changed_at"])
    invitation.accepted_at, invitation.accepted_by = now, person
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    append(
        actor=person.audit_actor,
        action=Action.INVITATION_ACCEPTED,
        organization_id=invitation.organization_id,
        resource=invitation.audit_resource,
        details={"role": membership.role},
    )
    return membership


def _replace(actor: User, organization: Organization, open_ones: QuerySet[Invitation], now: datetime) -> bool:
    """Revokes the open invitation of an address, if there is one. One that nobody here wrote opens nothing and would
    only stand in the way: it is reported, and deleted."""
    before = with_seal(open_ones.select_related("organization", "invited_by")).first()
    if before is None:
        return False
    if not is_genuine(before):
        before.delete()
        return False
    _may_replace(actor, organization, before)
    before.revoked_at = now
    before.save(update_fields=["revoked_at"])
    return True


def _may_replace(actor: User, organization: Organization, before: Invitation) -> None:
    """Replacing an invitation that still opens something is revoking it, and asks for the same authority."""
    if invitation_state(before, inviter_of(before)) is not InvitationState.USABLE:
        return
    own = membership_of(actor, organization)
    if own is None or not may_give(Role(own.role), Role(before.role)):
        raise RoleOutOfReach(
            f"This address has an open invitation with the role {Role(before.role).label}, which only an owner may "
            "replace. Ask an owner."
        )


def _may_give(actor: User, organization: Organization, role: Role) -> None:
    own = membership_of(actor, organization)
    if own is None or not may_give(Role(own.role), role):
        raise RoleOutOfReach(f"Only an owner may give or take away the role {role.label}. Choose another role.")


def _refused(
    actor: User | AnonymousUser, invitation: Invitation | None, reason: str, *, status: int
) -> InvitationUnusable:
    """The refusal, after recording it in a transaction of its own."""
    record(
        actor=actor.audit_actor if isinstance(actor, User) else Actor.anonymous(),
        action=Action.INVITATION_REFUSED,
        outcome=Outcome.FAILURE,
        organization_id=invitation.organization_id if invitation else None,
        resource=invitation.audit_resource if invitation else None,
        details={"reason": reason},
    )
    return InvitationUnusable(reason, status=status)

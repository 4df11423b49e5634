"""Giving a new instance its first owner: by the one-time set-up link, or by the command on the server itself.

Nobody can claim an instance without that link or a shell on the machine, and it can be claimed once.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Instance, User
from accounts.services import create_account
from audit.actions import Action, ResourceKind
from audit.actor import Actor
from audit.resource import Resource
from audit.services import append
from orgs.errors import SetupRefused
from orgs.models import Membership
from orgs.roles import Role
from orgs.services.organizations import found_organization
from orgs.tokens import TokenUse, new_token, token_link, token_mac, token_mac_candidates, well_formed
from vault import tenancy
from vault.seals import locked_row

_WHOLE = "an instance is claimed if any organization has an owner"
_INSTANCE = Resource(ResourceKind.INSTANCE, "1", "This instance")


@dataclass(frozen=True, slots=True)
class SetupLink:
    """A fresh set-up link, which exists nowhere else."""

    link: str = field(repr=False)
    expires_at: datetime


@tenancy.everywhere(_WHOLE)
@transaction.atomic
def create_setup_link() -> SetupLink:
    """A new one-time link to claim the instance; the one before loses its force.

    Raises `SetupRefused` (410) once the instance has an owner. The system acts: only a command asks for this.
    """
    instance = _lock_unclaimed()
    token = new_token()
    instance.setup_mac = token_mac(TokenUse.SETUP, token)
    instance.setup_expires_at = timezone.now() + timedelta(hours=settings.SETUP_LINK_HOURS)
    instance.save(update_fields=["setup_mac", "setup_expires_at"])
    append(
        actor=Actor.system(),
        action=Action.INSTANCE_SETUP_LINK_CREATED,
        resource=_INSTANCE,
        details={"expires_at": instance.setup_expires_at.isoformat(timespec="seconds")},
    )
    return SetupLink(token_link(TokenUse.SETUP, token), instance.setup_expires_at)


@tenancy.everywhere(_WHOLE)
@transaction.atomic
def claim_instance(*, token: str, email: str, name: str, password: str, organization_name: str) -> Membership:
    """Makes whoever holds the set-up link the first owner; of two who try at once, the second is refused.

    The membership's `user` and `organization` are the new ones. Raises `SetupRefused` (404 wrong link, 410 too old or
    claimed), `ValidationError` for the names, the address and the password.
    """
    instance = _lock_unclaimed()
    token = token.strip()
    stored = bytes(instance.setup_mac) if instance.setup_mac else None
    # An exact match of 384-bit keyed hashes: their comparison tells nothing about the token.
    if not well_formed(token) or stored not in token_mac_candidates(TokenUse.SETUP, token):
        raise SetupRefused(
            "This set-up link is not the current one. Run `manage.py setup_link` on the server and use the link that "
            "it prints.",
            status=404,
        )
    if instance.setup_expires_at is None or instance.setup_expires_at <= timezone.now():
        raise SetupRefused(
            "This set-up link is too old. Run `manage.py setup_link` on the server for a new one.", status=410
        )
    return _claim(instance, email=email, name=name, password=password, organization_name=organization_name)


@tenancy.everywhere(_WHOLE)
@transaction.atomic
def bootstrap_instance(*, email: str, name: str, password: str, organization_name: str) -> Membership:
    """The same without a link, for whoever has a shell on the server.

    Raises `SetupRefused` (410) once the instance has an owner, `ValidationError` as `claim_instance` does.
    """
    instance = _lock_unclaimed()
    return _claim(instance, email=email, name=name, password=password, organization_name=organization_name)


@tenancy.everywhere(_WHOLE)
def is_claimed() -> bool:
    """Whether the instance has an owner."""
    return Instance.objects.filter(claimed_at__isnull=False).exists() or _has_owner()


def _has_owner() -> bool:
    return Membership.objects.filter(role=Role.OWNER).exists()


def _lock_unclaimed() -> Instance:
    """The instance's row, held until the end of the transaction. Raises `SetupRefused` once there is an owner."""
    instance = locked_row(Instance, 1)
    if instance is None:
        raise SetupRefused(
            "The settings of this instance were changed from outside, so it cannot be set up. Run `manage.py access "
            "verify` on the server.",
            status=409,
        )
    if instance.claimed_at is not None or _has_owner():
        raise SetupRefused("This instance has an owner already. Sign in, or ask for an invitation.", status=410)
    return instance


def _claim(instance: Instance, *, email: str, name: str, password: str, organization_name: str) -> Membership:
    person: User = create_account(email=email, name=name, password=password)
    person.is_instance_admin = True
    person.save(update_fields=["is_instance_admin"])
    organization, key_id = found_organization(owner=person, name=organization_name)
    instance.claimed_at, instance.setup_mac, instance.setup_expires_at = timezone.now(), None, None
    instance.save(update_fields=["claimed_at", "setup_mac", "setup_expires_at"])
    append(
        actor=person.audit_actor,
        action=Action.INSTANCE_CLAIMED,
        organization_id=organization.uid,
        resource=_INSTANCE,
        key_id=key_id,
        details={"name": organization.name},
    )
    return Membership.objects.select_related("user", "organization").get(user=person)

"""Who may act on which keys: decided in the transaction of the act, under the lock that orders such acts."""

from uuid import UUID

from django.core.exceptions import PermissionDenied

from accounts.models import Instance, User
from audit.actions import ActorKind, ResourceKind
from audit.actor import Actor
from orgs.models import Organization
from orgs.permissions import Permission
from orgs.selectors import object_for
from vault.custody.errors import KeysDestroyed
from vault.custody.selectors import shredded_at
from vault.keys.purposes import SYSTEM_SCOPE

Requester = User | Actor
"""A person, whose right is decided here; or the operator on the server and the housekeeper, who need none."""

OPERATOR = Actor.system("Operator on the server")
HOUSEKEEPER = Actor.system("Housekeeping")


class InstanceAdministratorsOnly(PermissionDenied):
    """Keys of the whole instance are the instance administrators' business. Answered with 403 and this sentence."""

    def __init__(self) -> None:
        super().__init__("Only instance administrators look after the keys of the whole instance.")


def audit_actor(actor: Requester) -> Actor:
    """How the log names whoever acts. Raises `TypeError` for a person in the form of a log actor: no right was
    decided for such a one."""
    if isinstance(actor, User):
        return actor.audit_actor
    if actor.kind is not ActorKind.SYSTEM:
        raise TypeError("A person acts on keys as a User, so that the right to it is decided.")
    return actor


def authorize_scope(actor: Requester, scope: str) -> UUID | None:
    """Locks what orders acts on the keys of `scope`, and decides; returns the organization's uid, None for the system.

    Raises `AccessDenied` without `key:rotate` in the organization, `InstanceAdministratorsOnly`, `KeysDestroyed`.
    """
    audit_actor(actor)
    if scope == SYSTEM_SCOPE:
        authorize_instance(actor)
        return None
    uid = UUID(scope)
    organizations = Organization.objects.select_for_update(no_key=True)
    if isinstance(actor, User):
        object_for(actor, Permission.KEY_ROTATE, organizations, uid, kind=ResourceKind.ORGANIZATION)
    else:
        organizations.get(pk=uid)
    refuse_shredded(uid)
    return uid


def authorize_instance(actor: Requester) -> None:
    """The same for what concerns the whole instance. Raises `InstanceAdministratorsOnly`."""
    audit_actor(actor)
    Instance.objects.select_for_update().get(pk=1)
    administrators = User.objects.filter(is_active=True, is_instance_admin=True)
    if isinstance(actor, User) and not administrators.filter(pk=actor.pk).exists():
        raise InstanceAdministratorsOnly


def refuse_shredded(organization_id: UUID) -> None:
    """Raises `KeysDestroyed` for an organization whose keys were destroyed: it never gets new ones."""
    destroyed = shredded_at(organization_id)
    if destroyed is not None:
        raise KeysDestroyed(
            f"The keys of this organization were destroyed on {destroyed:%d %B %Y}. "
            "Its values cannot be read any more, and nothing new can be stored."
        )

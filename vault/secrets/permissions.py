"""Access to secrets, decided by `orgs.permissions` alone; here it is asked again under the lock of a transaction."""

from collections.abc import Collection, Iterable

from django.utils import timezone

from accounts.models import User
from audit.resource import Resource
from orgs.models import Environment
from orgs.permissions import AccessDenied, Decision, Permission, decide, hold_authority, judge, standing_of
from orgs.places import Place
from vault.secrets.models import Secret


def authorize_all(
    actor: User, permissions: Collection[Permission], environment: Environment, places: Iterable[Place]
) -> None:
    """Raises AccessDenied, about the environment, unless `actor` may do all of `permissions` to all of `places` in it.

    As `authorize`, with as many queries for many as for one.
    """
    hold_authority(environment.organization_id)
    standing = standing_of(actor, environment.organization_id, permissions=permissions, place=environment.place)
    now = timezone.now()
    for permission in permissions:
        for place in places:
            decision = judge(standing, permission, place, at=now)
            if not decision.allowed:
                named: Resource = environment.audit_resource
                raise AccessDenied(decision, permission, named, organization_id=environment.organization_id)


def authorize(
    actor: User, permission: Permission, resource: Secret | Environment, *, place: Place | None = None
) -> Decision:
    """The allowing decision about `resource` now, or about a secret that is going to be at `place` in it.

    For services, inside their transaction: nobody's authority in the organization changes until its end, so that a
    revocation under way is either seen here or waits until what is done here is committed and recorded. Raises
    AccessDenied.
    """
    decision = decide(actor, permission, resource if place is None else place, lock=True)
    if not decision.allowed:
        named: Resource = resource.audit_resource
        raise AccessDenied(decision, permission, named, organization_id=resource.organization_id)
    return decision

"""Access to secrets, decided by `orgs.permissions` alone; here it is asked again under the lock of a transaction."""

from collections.abc import Collection, Iterable, Mapping

from django.utils import timezone

from accounts.models import User
from audit.resource import Resource
from orgs.models import Environment
from orgs.permissions import AccessDenied, Decision, Permission, decide, hold_authority, judge, standing_of
from orgs.places import Place
from vault.secrets.models import Secret


def authorize_all(
    actor: User, permissions: Collection[Permission], environment: Environment, places: Iterable[Place]
) -> Mapping[tuple[Permission, Place], Decision]:
    """The allowing decisions about all of `permissions` on all of `places` in the environment.

    As `authorize`, with as many queries for many as for one. Raises AccessDenied, about the environment.
    """
    hold_authority(environment.organization_id)
    standing = standing_of(actor, environment.organization_id, permissions=permissions, place=environment.place)
    now = timezone.now()
    decisions: dict[tuple[Permission, Place], Decision] = {}
    for permission in permissions:
        for place in places:
            decision = judge(standing, permission, place, at=now)
            if not decision.allowed:
                named: Resource = environment.audit_resource
                raise AccessDenied(decision, permission, named, organization_id=environment.organization_id)
            decisions[permission, place] = decision
    return decisions


def authorize(
    actor: User,
    permission: Permission,
    resource: Secret | Environment,
    *,
    place: Place | None = None,
    held: bool = False,
) -> Decision:
    """The allowing decision about `resource` now, or about a secret that is going to be at `place` in it.

    For services, inside their transaction: nobody's authority in the organization changes until its end, so that a
    revocation under way is either seen here or waits until what is done here is committed and recorded. `held`: the
    caller has called `hold_authority` already, in order to read what it asks about after that. Raises AccessDenied.
    """
    decision = decide(actor, permission, resource if place is None else place, lock=not held)
    if not decision.allowed:
        named: Resource = resource.audit_resource
        raise AccessDenied(decision, permission, named, organization_id=resource.organization_id)
    return decision


def authorize_opening(actor: User, secret: Secret) -> Decision:
    """The allowing decision about opening the secret now, by somebody who may know of it.

    As `authorize`, after `hold_authority`, with one reading of what the actor holds.
    """
    asked = (Permission.SECRET_LIST, Permission.SECRET_REVEAL)
    place = secret.place
    standing = standing_of(actor, secret.organization_id, permissions=asked, place=place)
    now = timezone.now()
    seeing, opening = (judge(standing, permission, place, at=now) for permission in asked)
    for permission, decision in zip(asked, (seeing, opening), strict=True):
        if not decision.allowed:
            raise AccessDenied(decision, permission, secret.audit_resource, organization_id=secret.organization_id)
    return opening


def event_details(decision: Decision) -> dict[str, object]:
    """How the event of what was done says why it was allowed."""
    return {"because": decision.because, **({"grant": str(decision.grant)} if decision.grant else {})}

"""Access to secrets, decided by `orgs.permissions` alone; here it is asked again under the lock of a transaction."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from django.utils import timezone

from accounts.models import User
from audit.resource import Resource
from orgs.classification import Classification
from orgs.models import Environment
from orgs.permissions import (
    AccessDenied,
    Decision,
    Permission,
    decide,
    decide_lowering,
    hold_authority,
    judge,
    standing_of,
)
from orgs.places import Place
from vault.secrets.models import Secret

ABOUT_SECRETS = tuple(each for each in Permission if each.startswith("secret:"))


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


def authorize_lowering(actor: User, secret: Secret, place: Place, before: Classification) -> None:
    """Raises AccessDenied unless `actor` may bring the secret, at `place`, down from the class `before`."""
    decision = decide_lowering(actor, place, before)
    if not decision.allowed:
        permission, named = Permission.PROJECT_CONFIGURE, secret.audit_resource
        raise AccessDenied(decision, permission, named, organization_id=secret.organization_id)


def refuse_gain(actor: User, secret: Secret, before: Place, name: str) -> None:
    """Raises AccessDenied if `actor` could do anything to the secret by another name that they could not by the one it
    has at `before`, now or at any later moment: paths say who reaches what, and a name is no grant.

    The caller holds the authority in the organization.
    """
    after = replace(before, name=name)
    standing = standing_of(actor, before.organization, permissions=ABOUT_SECRETS, place=before)
    near = tuple(held for held in standing.holdings if held.scope.covers(before) or held.scope.covers(after))
    standing, now = replace(standing, holdings=near), timezone.now()
    edges = {edge for held in near for edge in (held.starts_at, held.ends_at) if edge is not None and edge > now}
    for moment in (now, *sorted(edges)):
        for permission in ABOUT_SECRETS:
            gained = judge(standing, permission, after, at=moment)
            if gained.allowed and not judge(standing, permission, before, at=moment).allowed:
                since = "" if moment == now else " for longer"
                because = f"by its new name you would hold {permission} on it{since}, and by the one it has you do not"
                decision = Decision(allowed=False, because=because, visible=True, grant=gained.grant)
                raise AccessDenied(decision, permission, secret.audit_resource, organization_id=secret.organization_id)


def event_details(decision: Decision) -> dict[str, object]:
    """How the event of what was done says why it was allowed."""
    return {"because": decision.because, **({"grant": str(decision.grant)} if decision.grant else {})}

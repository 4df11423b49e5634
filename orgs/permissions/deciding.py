"""The one access decision: may this actor do this to that?

Everything asks `decide`, or a queryset built from the same reaches (`orgs.permissions.querysets`). Nothing here
outlives a call: what was taken away is gone at the next decision, and what ends at a moment ends at that moment.
"""

from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.utils import timezone

from audit.resource import Resource
from orgs.classification import Classification
from orgs.models import Organization
from orgs.permissions.catalogue import Permission
from orgs.permissions.loading import Actor, hold_authority, standing_of
from orgs.permissions.standing import NOTHING_THERE, Decision, Standing, judge, ways
from orgs.places import Place


class Belonging(Protocol):
    """Anything that an organization owns. If it has a `place` in it, access is asked about exactly that."""

    @property
    def organization_id(self) -> UUID: ...


class AccessDenied(Exception):
    """A refused decision on its way to the middleware, which records it and answers 404 (not visible) or 403."""

    def __init__(
        self, decision: Decision, permission: Permission, resource: Resource, *, organization_id: UUID | None = None
    ) -> None:
        super().__init__(f"{permission}: {decision.because}")
        self.decision = decision
        self.permission = permission
        self.resource = resource
        self.organization_id = organization_id

    @property
    def visible(self) -> bool:
        """Whether the actor may learn that the resource exists."""
        return self.decision.visible


def denied_as_missing(actor: Actor, permission: Permission, resource: Resource) -> AccessDenied:
    """The refusal of what does not exist, after the same work as for what is another organization's: one decision,
    one recorded denial."""
    decide(actor, permission, Place(UUID(resource.id)))
    return AccessDenied(NOTHING_THERE, permission, resource)


def organization_id_of(resource: Organization | Belonging) -> UUID:
    """The organization that owns `resource`, which may be the organization itself."""
    return resource.uid if isinstance(resource, Organization) else resource.organization_id


def place_of(resource: Organization | Belonging) -> Place:
    """What access to `resource` is asked about: its own place, or else the whole organization, the strictest of all."""
    place = getattr(resource, "place", None)
    return place if isinstance(place, Place) else Place(organization_id_of(resource))


def decide(
    actor: Actor,
    permission: Permission,
    resource: Organization | Belonging | Place,
    *,
    lock: bool = False,
    partly: bool = False,
    here: bool = True,
) -> Decision:
    """Whether `actor` may do `permission` to `resource`, and why. Denied unless something allows it.

    At most eight queries, never remembered. With `lock` (inside a transaction) nobody's authority in the organization
    changes until it ends, so that a revocation under way is either seen here or waits: the check before a reveal.
    `partly`: whether there is any part of the resource; see `judge`. `here`: see `standings_of`.
    Raises `ValueError` for an unknown permission.
    """
    permission = Permission(permission)
    place = resource if isinstance(resource, Place) else place_of(resource)
    if lock:
        hold_authority(place.organization)
    standing = standing_of(actor, place.organization, permissions=(permission,), place=place, here=here)
    return judge(standing, permission, place, at=timezone.now(), partly=partly)


def decide_lowering(actor: Actor, resource: Organization | Belonging | Place, before: Classification) -> Decision:
    """Whether `actor` may give a lower class than `before` to what is at a place: `project:configure` there, by
    something that reaches that high, so that nobody brings down to his own ceiling what lies above it.

    Where the class asks for the consent of others, it takes that as well, or who could change its policy.
    """
    permission = Permission.PROJECT_CONFIGURE
    place = resource if isinstance(resource, Place) else place_of(resource)
    asked = (permission, Permission.SECRET_REVEAL, Permission.ORG_DELETE)
    standing, now = standing_of(actor, place.organization, permissions=asked, place=place), timezone.now()
    decision = judge(standing, permission, place, at=now)
    if not decision.allowed:
        return decision
    label, demands = before.label.lower(), standing.demands.get(before)
    because = ""
    if all(reach.holding.highest < before for reach in ways(standing, permission, place, at=now)):
        because = f"{decision.because} does not reach what is {label}"
    elif not judge(standing, Permission.ORG_DELETE, Place(place.organization), at=now).allowed:
        if demands is None:
            because = f"the organization's policy for what is {label} is missing; an owner has to save it again first"
        elif demands.approvals and not _opens(standing, place, before, now):
            others = f"{demands.approvals} other{'' if demands.approvals == 1 else 's'}"
            because = f"what is {label} needs an access that {others} approved, to be lowered as well"
    return Decision(allowed=False, because=because, visible=True, grant=decision.grant) if because else decision


def _opens(standing: Standing, place: Place, classification: Classification, at: datetime) -> bool:
    return judge(standing, Permission.SECRET_REVEAL, replace(place, classification=classification), at=at).allowed


def permissions_of(actor: Actor, resource: Organization | Belonging | Place) -> frozenset[Permission]:
    """Everything `actor` may do to `resource`; what is about secrets, to a part of it.

    For pages, which show what can be done; what is done then is decided again, for exactly that.
    """
    place = resource if isinstance(resource, Place) else place_of(resource)
    return permitted(standing_of(actor, place.organization, permissions=tuple(Permission), place=place), place)


def permitted(standing: Standing, place: Place) -> frozenset[Permission]:
    """The same for a standing that is known: no query. It must have been loaded for every permission."""
    now = timezone.now()
    return frozenset(
        each for each in Permission if judge(standing, each, place, at=now, partly=each.startswith("secret:")).allowed
    )

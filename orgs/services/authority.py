"""What all services that change authority have in common: their queue, and the one check that nobody gives, changes or
takes away more than they hold.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.utils import formats, timezone

from orgs.classification import Classification
from orgs.errors import BeyondReach, NameTaken
from orgs.models import CustomRole, Grant, Machine, Organization, Team
from orgs.permissions import ROLE_PERMISSIONS, Actor, Permission, Standing, standing_of
from orgs.permissions.authority import permissions_named, scope_label
from orgs.permissions.giving import Portion, Shortfall, shortfall
from orgs.permissions.naming import UNSEEN
from orgs.permissions.words import LABELS
from orgs.places import Scope
from orgs.roles import Role
from orgs.selectors import told_grants

NAMED = 3
"""So many of what stands in the way are named, the rest is counted."""


def lock_organization(uid: UUID) -> Organization:
    """The organization's row, held until the end of the transaction: the queue of everything that changes authority.

    Those who use authority at that moment hold the same row shared (`orgs.permissions.hold_authority`), so that each
    either sees a change or is done before it.
    """
    return Organization.objects.select_for_update(no_key=True).get(pk=uid)


def within_reach(
    actor: Actor,
    organization_id: UUID,
    permissions: Collection[Permission],
    scope: Scope,
    highest: Classification,
    until: datetime | None,
    *,
    approvals: int = 0,
) -> None:
    """Raises `BeyondReach` unless `actor` holds all of `permissions` in all of `scope`, for secrets up to `highest`,
    at every moment from now `until` then (None: without end).

    The one check of whoever gives, changes or takes away authority. To be asked under `lock_organization`.
    """
    portion = Portion(frozenset(permissions), scope, Classification(highest), until, approvals)
    _refuse_beyond(_standing(actor, organization_id), [portion])


def within_reach_of(actor: Actor, organization_id: UUID, grants: Iterable[Grant], *, taking: bool = False) -> None:
    """The same about all that these grants give, whose roles are loaded: for whoever changes or revokes them, or
    brings somebody into, or out of, a team that has them. What others approved was for those who had it then, and is
    given on by nobody, not by those who have it either.

    `taking`: away. That asks for no approvals, which others gave to the subject, and which nobody holds for another;
    nor to hold it until the grant's end: whoever manages access for a time has to be able to stop what lasts longer,
    and gains nothing by it. What they must hold at this moment is as much as they take.
    """
    grants = list(grants)
    if not taking and any(grant.approvals for grant in grants):
        raise BeyondReach(
            "Others approved access that comes with this, for those who were to have it, and nobody gives that on. "
            "Wait until it has ended, or let whoever needs it ask for access.",
            field="role",
        )
    if grants:
        _refuse_beyond(_standing(actor, organization_id), [_portion_of(grant, taking) for grant in grants])


def _portion_of(grant: Grant, taking: bool) -> Portion:
    role = Role(grant.role) if grant.custom_role is None else grant.custom_role
    until, approvals = (timezone.now(), 0) if taking else (grant.ends_at, grant.approvals)
    return Portion(permissions_in(role), grant.scope, Classification(grant.highest), until, approvals)


def permissions_in(role: Role | CustomRole) -> frozenset[Permission]:
    """What a role allows. One of the organization's own must be genuine."""
    return permissions_named(role.permissions) if isinstance(role, CustomRole) else ROLE_PERMISSIONS[role]


def named_grants(actor: Actor, grants: Sequence[Grant]) -> str:
    """Grants of an organization in a sentence: “Developer on Website (Bob), Viewer on Shop (Ops) and 3 more”; without
    the names of places that `actor` need not know."""
    shown = told_grants(actor, grants[0].organization_id, grants[:NAMED]) if grants else []
    named = [
        f"{each.grant.role_label} on {scope_label(each.grant) if each.named else UNSEEN} ({subject_label(each.grant)})"
        for each in shown
    ]
    if len(grants) > NAMED:
        return f"{', '.join(named)} and {len(grants) - NAMED} more"
    return " and ".join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else "".join(named)


def subject_label(grant: Grant) -> str:
    """Who has a grant, as people call them."""
    if grant.membership is not None:
        return grant.membership.user.name
    return str(grant.team or grant.machine or "every member")


def refuse_taken(row: Team | CustomRole | Machine, what: str) -> None:
    """Raises `NameTaken` if another such row of the organization has the name. Under its lock none comes later."""
    others = type(row)._default_manager.filter(organization_id=row.organization_id, name_key=row.name_key)
    if others.exclude(pk=row.pk).exists():
        raise NameTaken(f"There is a {what} with this name already. Choose another name.")


def _standing(actor: Actor, organization_id: UUID) -> Standing:
    return standing_of(actor, organization_id, permissions=tuple(Permission))


def _refuse_beyond(standing: Standing, portions: Iterable[Portion]) -> None:
    now = timezone.now()
    for portion in portions:
        lacking = shortfall(standing, portion, now)
        if lacking is not None:
            raise _beyond(standing, portion, lacking, now)


def _beyond(standing: Standing, portion: Portion, lacking: Shortfall, now: datetime) -> BeyondReach:
    what = f"“{LABELS[lacking.permission]}”"
    if lacking.since is not None:
        moment = formats.date_format(timezone.localtime(lacking.since), "j M Y, H:i e")
        return BeyondReach(
            f"You hold {what} there yourself only until {moment}. Choose an end no later than that, or ask somebody "
            "whose access lasts longer.",
            field="ends_at",
        )
    for lower in sorted(Classification.up_to(portion.highest - 1), reverse=True):
        less = Portion(portion.permissions, portion.scope, lower, portion.until, portion.approvals)
        if shortfall(standing, less, now) is None:
            return BeyondReach(
                f"You hold {what} there yourself only for what is {lower.label.lower()} or less. Choose that as the "
                "highest classification, or ask somebody who reaches more.",
                field="highest",
            )
    return BeyondReach(
        f"You do not hold {what} there yourself, and nobody gives, changes or takes away more than they have. Ask "
        "somebody who holds it, such as an owner.",
        field="role",
    )

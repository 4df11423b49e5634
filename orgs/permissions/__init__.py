"""Who may do what, and why. `decide` is the only place that decides; the lists are made of the same reaches."""

from orgs.permissions.catalogue import (
    NEEDS_APPROVAL,
    ROLE_PERMISSIONS,
    Permission,
    may_give,
    roles_given_by,
    roles_with,
)
from orgs.permissions.deciding import (
    AccessDenied,
    Belonging,
    decide,
    decide_lowering,
    denied_as_missing,
    organization_id_of,
    permissions_of,
    permitted,
    place_of,
)
from orgs.permissions.loading import Actor, hold_authority, standing_of, standings_in, standings_of
from orgs.permissions.standing import NOTHING_THERE, Decision, Reach, Standing, judge, reaches, ways

__all__ = [
    "NEEDS_APPROVAL",
    "NOTHING_THERE",
    "ROLE_PERMISSIONS",
    "AccessDenied",
    "Actor",
    "Belonging",
    "Decision",
    "Permission",
    "Reach",
    "Standing",
    "decide",
    "decide_lowering",
    "denied_as_missing",
    "hold_authority",
    "judge",
    "may_give",
    "organization_id_of",
    "permissions_of",
    "permitted",
    "place_of",
    "reaches",
    "roles_given_by",
    "roles_with",
    "standing_of",
    "standings_in",
    "standings_of",
    "ways",
]

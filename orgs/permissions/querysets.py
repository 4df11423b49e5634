"""The decision as conditions of a query, from the very reaches that `judge` looks at.

The ids are in the query as they are: what decides was read and its seals were checked before.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from functools import reduce
from operator import and_, or_
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Left
from django.db.models.lookups import Exact

from orgs.classification import ALL_CLASSES, Classification
from orgs.demands import Demands
from orgs.permissions.catalogue import NEEDS_APPROVAL, Permission, roles_with
from orgs.permissions.standing import Reach
from orgs.places import Place

NOTHING = Q(pk__in=[])


def places_touched(reaches: Iterable[Reach], *, project: str, environment: str | None = None) -> Q:
    """Which projects (or, with `environment`, environments) hold anything that is reached.

    The arguments name the columns, such as ``uid`` and ``project_id``; the organization's is ``organization_id``.
    """
    parts: list[Q] = []
    for reach in reaches:
        part = Q(organization_id=reach.scope.organization)
        if reach.scope.project is not None:
            part &= Q(**{project: reach.scope.project})
        if environment is not None and reach.scope.environment is not None:
            part &= Q(**{environment: reach.scope.environment})
        parts.append(part)
    return _any(parts)


def secrets_reached(reaches: Iterable[Reach], *, prefix: str = "") -> Q:
    """Which secrets are reached: for a model with ``organization``, ``project``, ``environment``, ``name`` and
    ``classification`` (null: the environment's), or for one that has such in a relation, whose name is the `prefix`."""
    parts: list[Q] = []
    for reach in reaches:
        scope = reach.scope
        part = Q(**{f"{prefix}organization_id": scope.organization})
        if scope.project is not None:
            part &= Q(**{f"{prefix}project_id": scope.project})
        if scope.environment is not None:
            part &= Q(**{f"{prefix}environment_id": scope.environment})
        if scope.path:
            below = f"{scope.path}/"  # not by LIKE, in which SQLite tells no capital letter from a small one
            part &= Q(**{f"{prefix}name": scope.path}) | Q(Exact(Left(f"{prefix}name", len(below)), below))
        if reach.classes != ALL_CLASSES:
            inherited = {
                f"{prefix}classification__isnull": True,
                f"{prefix}environment__classification__in": reach.classes,
            }
            part &= Q(**{f"{prefix}classification__in": reach.classes}) | Q(**inherited)
        parts.append(part)
    return _any(parts)


def grants_giving(
    permission: Permission,
    place: Place,
    *,
    at: datetime,
    custom_roles: Collection[UUID],
    demands: Mapping[Classification, Demands],
    partly: bool = False,
) -> Q:
    """Which grants give `permission` on all of `place`, or with `partly` on a part of it: for finding those whom they
    reach among many. Whether each is genuine is for `judge` to see, of those that are shown.

    `custom_roles`: the organization's own roles that hold the permission. `demands`: what the policies ask for.
    """
    found = Q(organization_id=place.organization, revoked_at__isnull=True, starts_at__lte=at)
    found &= Q(ends_at__isnull=True) | Q(ends_at__gt=at)
    found &= Q(role__in=[role.value for role in roles_with(permission)]) | Q(custom_role_id__in=custom_roles)
    for column, uid in (("project_id", place.project), ("environment_id", place.environment)):
        if uid is not None:
            found &= Q(**{f"{column}__isnull": True}) | Q(**{column: uid})
        elif not partly:
            found &= Q(**{f"{column}__isnull": True})
    if place.name is not None:
        parts = place.name.split("/")
        found &= Q(path__in=["", *("/".join(parts[:end]) for end in range(1, len(parts) + 1))])
    elif not partly:
        found &= Q(path="")
    if not permission.startswith("secret:"):
        return found
    classes = ALL_CLASSES if place.classification is None else {place.classification}
    each = [_gives(permission, classification, demands) for classification in classes]
    return found & (_any(each) if partly else reduce(and_, each))


def _gives(permission: Permission, classification: Classification, demands: Mapping[Classification, Demands]) -> Q:
    reached = Q(highest__gte=classification)
    if permission not in NEEDS_APPROVAL:
        return reached
    asked = demands.get(classification)
    return NOTHING if asked is None else reached & Q(approvals__gte=asked.approvals)


def _any(parts: list[Q]) -> Q:
    return reduce(or_, parts, NOTHING)

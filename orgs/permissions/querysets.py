"""The decision as conditions of a query, from the very reaches that `judge` looks at.

The ids are in the query as they are: what decides was read and its seals were checked before.
"""

from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.db.models import Q

from orgs.classification import ALL_CLASSES
from orgs.permissions.standing import Reach

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
            part &= Q(**{f"{prefix}name": scope.path}) | Q(**{f"{prefix}name__startswith": f"{scope.path}/"})
        if reach.classes != ALL_CLASSES:
            inherited = {
                f"{prefix}classification__isnull": True,
                f"{prefix}environment__classification__in": reach.classes,
            }
            part &= Q(**{f"{prefix}classification__in": reach.classes}) | Q(**inherited)
        parts.append(part)
    return _any(parts)


def _any(parts: list[Q]) -> Q:
    return reduce(or_, parts, NOTHING)

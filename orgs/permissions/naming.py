"""What may be named to whom: not every place that somebody is told of is one in which they list names. Pure."""

from collections.abc import Iterable
from datetime import datetime

from orgs.classification import ALL_CLASSES
from orgs.permissions.catalogue import Permission
from orgs.permissions.standing import Reach, Standing, reaches
from orgs.places import Scope

UNSEEN = "somewhere that you cannot see"
"""Said of a scope that may not be named."""


def names_seen(standing: Standing, at: datetime) -> list[Reach]:
    """Where somebody may list names at a moment."""
    return list(reaches(standing, Permission.SECRET_LIST, at))


def may_be_named(scope: Scope, seen: Iterable[Reach]) -> bool:
    """Whether somebody who may list names in `seen` may know that `scope` exists.

    Members know their organization, and whoever lists anything of a project or an environment knows that. A path is
    the name of a secret, or what several begin with, of whatever classes: to know it takes names of all classes there,
    or to hold something on that very path.
    """
    if scope.project is None:
        return True
    place = scope.place
    return any(
        each.scope.touches(place) and (not scope.path or each.classes == ALL_CLASSES or each.scope.path == scope.path)
        for each in seen
    )

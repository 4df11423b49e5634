"""The calls of the services by which somebody leaves, for `tests.invariants.services`."""

from typing import TYPE_CHECKING

import vault.access.services as access
from orgs.roles import Role

if TYPE_CHECKING:
    from tests.invariants.services import Prepare

LEAVING_CASES: "dict[str, Prepare]" = {
    "access.end_membership": lambda w: (
        lambda: access.end_membership(actor=w.cast.adam, membership=w.member(w.cast.bob), confirmation=w.cast.bob.email)
    ),
    "access.export_seen": lambda w: lambda: access.export_seen(actor=w.cast.adam, membership=w.member(w.cast.bob)),
}

LEAVING_COMPOSED = {"access.end_membership": ["membership.removed", "membership.settled"]}

LEAVING_LEAST = {"access.end_membership": Role.ADMIN, "access.export_seen": Role.ADMIN}

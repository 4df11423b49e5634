"""Ways to gain access for somebody who can write to the database: the list of test_attackers_with_sql.

Each is a generator: it prepares what the application does beforehand, does its SQL, and yields whether the attacker has
what the attack is for. A new kind of sealed row gets its attacks here, as functions with `@attack`.
"""

from tests.invariants.attacks import absences, accounts, grants, invitations, memberships, networks, places, sessions
from tests.invariants.attacks.stage import ATTACKS, Attack

__all__ = [
    "ATTACKS",
    "Attack",
    "absences",
    "accounts",
    "grants",
    "invitations",
    "memberships",
    "networks",
    "places",
    "sessions",
]

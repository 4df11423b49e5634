"""What every attack on the list of test_attackers_with_sql is made of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from accounts.models import User
from orgs.models import Membership
from orgs.permissions import Permission, decide
from tests.cast import Cast
from tests.invariants import attacker as sql

MEMBERSHIP, INVITATION, GRANT = "orgs_membership", "orgs_invitation", "orgs_grant"
USER, SESSION, DEVICE, CODE = "accounts_user", "accounts_session", "accounts_totpdevice", "accounts_recoverycode"
SEAL, TALLY = "seals_seal", "seals_tally"
SOON = timedelta(days=1)

Play = Callable[[Cast], Iterator[bool]]


@dataclass(frozen=True)
class Attack:
    """`refused`: whether the application must refuse it at once. What it cannot refuse, a verification lists.

    `noticed`: whether an alert or a verification must tell; not so where the signature of something else refuses it.
    """

    name: str
    play: Play
    refused: bool = True
    noticed: bool = True


ATTACKS: list[Attack] = []


def attack(name: str, *, refused: bool = True, noticed: bool = True) -> Callable[[Play], Play]:
    """Puts a way to gain access on the list."""

    def listed(play: Play) -> Play:
        ATTACKS.append(Attack(name, play, refused, noticed))
        return play

    return listed


def may(person: Any, permission: Permission, place: Any) -> bool:
    """Whether the application lets somebody do something."""
    fresh = type(person)._default_manager.get(pk=person.pk)
    return decide(fresh, permission, place).allowed


def membership_of(cast: Cast, person: User) -> Membership:
    return Membership.objects.get(organization=cast.acme, user=person)


def seal_of(row: Any) -> sql.Row:
    return sql.one(SEAL, kind=row.seal_kind(), row=row.seal_row())

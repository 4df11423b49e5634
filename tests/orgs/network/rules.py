"""Networks in tests."""

import time

from accounts.models import User
from accounts.services import Proof
from orgs.models import Machine, NetworkRule, Organization
from orgs.services import add_network

OFFICE = "203.0.113.9"
HOME = "198.51.100.7"
NETWORK = "203.0.113.0/24"


def proof_of(person: User) -> Proof:
    """That the person proved himself just now."""
    return Proof(person=person.pk, at=int(time.time()), method="password")


def let_in(actor: User, organization: Organization, *cidrs: str, machine: Machine | None = None) -> list[NetworkRule]:
    """Puts networks on the list, as somebody who comes from nowhere."""
    return [
        add_network(
            actor=actor,
            organization=organization,
            cidr=cidr,
            machine=machine.pk if machine else None,
            proof=proof_of(actor),
        )
        for cidr in cidrs
    ]

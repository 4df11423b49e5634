"""The calls of the services by which an organization gives authority, for `tests.invariants.services`."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

import orgs.services as orgs
from accounts.services import Proof
from orgs.models import CustomRole, Grant, Machine, Membership, NetworkRule, Team
from orgs.permissions import Permission
from orgs.places import Scope
from orgs.roles import Role
from orgs.services.grants import Terms

if TYPE_CHECKING:
    from tests.invariants.services import Prepare, World


def team(world: "World", name: str = "Operations") -> Team:
    return orgs.create_team(actor=world.cast.alice, organization=world.cast.acme, name=name)


def role(world: "World") -> CustomRole:
    return orgs.create_role(
        actor=world.cast.alice, organization=world.cast.acme, name="Names", permissions=[Permission.SECRET_LIST]
    )


def machine(world: "World") -> Machine:
    return orgs.create_machine(actor=world.cast.alice, organization=world.cast.acme, name="Deployer")


def grant(world: "World") -> Grant:
    """To vera, of no more than a viewer has in an open project anyway."""
    return orgs.give_grant(actor=world.cast.alice, subject=_vera(world), role=Role.VIEWER, terms=Terms(_shop(world)))


def _shop(world: "World") -> Scope:
    return Scope(world.cast.acme.uid, world.project.uid)


def _vera(world: "World") -> Membership:
    return world.member(world.cast.vera)


def _disabled(world: "World") -> Callable[[], object]:
    made = machine(world)
    orgs.disable_machine(actor=world.cast.alice, machine=made)
    return lambda: orgs.enable_machine(actor=world.cast.adam, machine=made)


def _placed(world: "World") -> Callable[[], object]:
    made = team(world)
    orgs.add_team_members(actor=world.cast.alice, team=made, members=[_vera(world)])
    return lambda: orgs.remove_team_member(actor=world.cast.adam, team=made, membership=_vera(world))


def _moved(world: "World") -> Callable[[], object]:
    made, above = team(world), team(world, "Engineering")
    return lambda: orgs.move_team(actor=world.cast.adam, team=made, parent=above)


def _changed(world: "World") -> Callable[[], object]:
    given, ends = grant(world), timezone.now() + timedelta(days=1)
    return lambda: orgs.change_grant(actor=world.cast.adam, grant=given, starts_at=None, ends_at=ends)


def _revoked(world: "World") -> Callable[[], object]:
    given = grant(world)
    return lambda: orgs.revoke_grants(actor=world.cast.adam, grants=[given])


def _proof(world: "World") -> Proof:
    return Proof(person=world.cast.adam.pk, at=int(time.time()), method="password")


def network(world: "World", machine: Machine | None = None) -> NetworkRule:
    return orgs.add_network(
        actor=world.cast.adam,
        organization=world.cast.acme,
        cidr="203.0.113.0/24",
        machine=machine.pk if machine else None,
        proof=_proof(world),
    )


def _listed(world: "World") -> Callable[[], object]:
    made = network(world)
    return lambda: orgs.remove_network(actor=world.cast.adam, rule=made, proof=_proof(world))


def _with_team(call: Callable[["World", Team], object]) -> "Prepare":
    def prepare(world: "World") -> Callable[[], object]:
        made = team(world)
        return lambda: call(world, made)

    return prepare


def _with_role(call: Callable[["World", CustomRole], object]) -> "Prepare":
    def prepare(world: "World") -> Callable[[], object]:
        made = role(world)
        return lambda: call(world, made)

    return prepare


def _with_machine(call: Callable[["World", Machine], object]) -> "Prepare":
    def prepare(world: "World") -> Callable[[], object]:
        made = machine(world)
        return lambda: call(world, made)

    return prepare


AUTHORITY_CASES: "dict[str, Prepare]" = {
    "orgs.add_network": lambda w: lambda: network(w),
    "orgs.add_team_members": _with_team(
        lambda w, made: orgs.add_team_members(actor=w.cast.adam, team=made, members=[_vera(w)])
    ),
    "orgs.change_grant": _changed,
    "orgs.change_open_role": lambda w: (
        lambda: orgs.change_open_role(actor=w.cast.adam, project=w.project, role=Role.VIEWER)
    ),
    "orgs.create_machine": lambda w: (
        lambda: orgs.create_machine(actor=w.cast.adam, organization=w.cast.acme, name="Deployer")
    ),
    "orgs.create_role": lambda w: (
        lambda: orgs.create_role(
            actor=w.cast.adam, organization=w.cast.acme, name="Names", permissions=[Permission.SECRET_LIST]
        )
    ),
    "orgs.create_team": lambda w: (
        lambda: orgs.create_team(actor=w.cast.adam, organization=w.cast.acme, name="Operations")
    ),
    "orgs.delete_role": _with_role(lambda w, made: orgs.delete_role(actor=w.cast.adam, role=made)),
    "orgs.delete_team": _with_team(lambda w, made: orgs.delete_team(actor=w.cast.adam, team=made)),
    "orgs.disable_machine": _with_machine(lambda w, made: orgs.disable_machine(actor=w.cast.adam, machine=made)),
    "orgs.enable_machine": _disabled,
    "orgs.give_grant": lambda w: (
        lambda: orgs.give_grant(actor=w.cast.adam, subject=_vera(w), role=Role.MEMBER, terms=Terms(_shop(w)))
    ),
    "orgs.move_team": _moved,
    "orgs.remove_network": _listed,
    "orgs.remove_team_member": _placed,
    "orgs.restrict_project": lambda w: lambda: orgs.restrict_project(actor=w.cast.adam, project=w.project),
    "orgs.revoke_grants": _revoked,
    "orgs.update_machine": _with_machine(
        lambda w, made: orgs.update_machine(actor=w.cast.adam, machine=made, name="Runner", description="")
    ),
    "orgs.update_role": _with_role(
        lambda w, made: orgs.update_role(
            actor=w.cast.adam, role=made, name="Watch", permissions=[Permission.AUDIT_VIEW], description=""
        )
    ),
    "orgs.update_team": _with_team(
        lambda w, made: orgs.update_team(actor=w.cast.adam, team=made, name="Support", description="")
    ),
}

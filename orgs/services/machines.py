"""Machines: programs with access of their own, which is what they were granted and nothing else."""

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import Action, ResourceKind
from audit.services import append
from orgs.models import Machine, Organization
from orgs.names import AUTHORITY_DESCRIPTION_LENGTH, MACHINE_NAME_LENGTH, clean_authority_named
from orgs.permissions import Permission
from orgs.selectors import live_grants_of, machine_for, require
from orgs.services.authority import lock_organization, refuse_taken, within_reach_of
from vault.names import clean_text


@transaction.atomic
def create_machine(*, actor: User, organization: Organization, name: str, description: str = "") -> Machine:
    """A machine, which may do nothing before it is granted something.

    Raises `AccessDenied` without `machine:manage`, `NameTaken`, `ValidationError`.
    """
    locked = lock_organization(organization.pk)
    require(actor, Permission.MACHINE_MANAGE, locked, kind=ResourceKind.ORGANIZATION)
    machine = Machine(organization=locked, created_by=actor)
    _name(machine, name, description)
    machine.save()
    _append(actor, Action.MACHINE_CREATED, machine)
    return machine


@transaction.atomic
def update_machine(*, actor: User, machine: Machine, name: str, description: str) -> Machine:
    """Renames or describes a machine; nothing happens when nothing differs.

    Raises `AccessDenied` without `machine:manage`, `NameTaken`, `ValidationError`.
    """
    locked = _lock(actor, machine)
    before = (locked.name, locked.description)
    _name(locked, name, description)
    if before == (locked.name, locked.description):
        return locked
    locked.save(update_fields=["name", "name_key", "description"])
    details: dict[str, object] = {"description_changed": before[1] != locked.description}
    if before[0] != locked.name:
        details |= {"from": before[0], "to": locked.name}
    _append(actor, Action.MACHINE_UPDATED, locked, details)
    return locked


@transaction.atomic
def disable_machine(*, actor: User, machine: Machine) -> Machine:
    """Lets a machine do nothing any more, until it is enabled again; nothing happens when it is disabled.

    Asks for no more than `machine:manage`, whatever the machine may do: whoever finds that one is out of hand must be
    able to stop it. Raises `AccessDenied` without it.
    """
    locked = _lock(actor, machine)
    if locked.disabled_at is not None:
        return locked
    locked.disabled_at = timezone.now()
    locked.save(update_fields=["disabled_at"])
    _append(actor, Action.MACHINE_DISABLED, locked)
    return locked


@transaction.atomic
def enable_machine(*, actor: User, machine: Machine) -> Machine:
    """Gives a machine back what it was granted; nothing happens when it is not disabled.

    Raises `AccessDenied` without `machine:manage`, `BeyondReach` for what the machine was granted.
    """
    locked = _lock(actor, machine)
    if locked.disabled_at is None:
        return locked
    held = live_grants_of(machines=[locked.pk])
    within_reach_of(actor, locked.organization_id, held)
    locked.disabled_at = None
    locked.save(update_fields=["disabled_at"])
    _append(actor, Action.MACHINE_ENABLED, locked, {"grants": len(held)})
    return locked


def _lock(actor: User, machine: Machine) -> Machine:
    """The machine as it is now, under the organization's lock."""
    organization = lock_organization(machine.organization_id)
    return machine_for(actor, organization.pk, machine.pk, Permission.MACHINE_MANAGE)


def _name(machine: Machine, name: str, description: str) -> None:
    machine.name, machine.name_key = clean_authority_named(name, field="Machine name", max_length=MACHINE_NAME_LENGTH)
    machine.description = clean_text(description, field="Description", max_length=AUTHORITY_DESCRIPTION_LENGTH)
    refuse_taken(machine, "machine")


def _append(actor: User, action: Action, machine: Machine, details: dict[str, object] | None = None) -> None:
    append(
        actor=actor.audit_actor,
        action=action,
        organization_id=machine.organization_id,
        resource=machine.audit_resource,
        details=details,
    )

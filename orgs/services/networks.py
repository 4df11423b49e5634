"""From which networks an organization, and each of its machines, may be used.

The rules and what they have to come to are written together, under the organization's lock: whoever opens something at
that moment is done, or is asked by the new rules.
"""

import time
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.services import Proof
from audit.actions import Action, ActorKind, ResourceKind
from audit.actor import Actor
from audit.services import append
from orgs.demands import LOWERING_MINUTES
from orgs.errors import InvalidNetwork, LockedOut, ProofNeeded
from orgs.models import Machine, NetworkPolicy, NetworkRule, Organization
from orgs.models.network import NOTE_LENGTH
from orgs.networks import MAX_RULES, clean_network, fingerprint_of, is_inside
from orgs.permissions import Permission
from orgs.selectors import object_for, require, sealed_for
from orgs.selectors.networks import rules_in
from orgs.services.authority import lock_organization
from vault.context import current
from vault.names import clean_text
from vault.seals import genuine, locked_row, with_seal


@transaction.atomic
def add_network(
    *,
    actor: User,
    organization: Organization,
    cidr: str,
    note: str = "",
    machine: UUID | None = None,
    proof: Proof | None = None,
    confirmation: str = "",
) -> NetworkRule:
    """Puts a network on the list: of the organization, or of one of its machines. With the first one, everywhere else
    is outside.

    Takes a `proof` of the last LOWERING_MINUTES. `confirmation`: the organization's name, typed by whoever would be
    outside themselves. Raises `AccessDenied` without `org:configure`, or for a machine that is not there;
    `ProofNeeded`, `LockedOut`, `InvalidNetwork` for one that is on the list, `ValidationError` for the network and the
    note.
    """
    locked = _lock(actor, organization)
    named = None
    if machine is not None:
        machines = Machine.objects.filter(organization=locked)
        named = sealed_for(actor, Permission.ORG_CONFIGURE, machines, machine, kind=ResourceKind.MACHINE)
    network = clean_network(cidr)
    about = clean_text(note, field="Note", max_length=NOTE_LENGTH)
    before = _rules(locked)
    if any((rule.machine_id, rule.cidr) == (machine, network) for rule in before):
        raise InvalidNetwork(f"{network} is on the list already.")
    if len(before) >= MAX_RULES:
        raise InvalidNetwork(f"There are {MAX_RULES} networks already. Take some off, or write fewer, wider ones.")
    rule = NetworkRule(organization=locked, machine=named, cidr=network, note=about, created_by=actor)
    forced = _refuse_lock_out([*before, rule], locked, confirmation) if named is None else False
    _refuse_without(proof, actor)
    rule.save()
    _promise(locked, [*before, rule])
    _append(actor, Action.NETWORK_ADDED, rule, forced=forced)
    return rule


@transaction.atomic
def remove_network(
    *, actor: User, rule: NetworkRule, proof: Proof | None = None, confirmation: str = ""
) -> NetworkRule:
    """Takes a network off the list. Without the last one, people, or the machine, come from anywhere.

    Raises as `add_network` does, and `AccessDenied` for a rule that is not there.
    """
    locked = _lock(actor, rule.organization)
    rules = NetworkRule.objects.select_related("machine")
    found = object_for(actor, Permission.ORG_CONFIGURE, rules, rule.pk, kind=ResourceKind.NETWORK)
    before = _rules(locked)
    left = [each for each in before if each.pk != found.pk]
    forced = _refuse_lock_out(left, locked, confirmation) if found.machine_id is None else False
    _refuse_without(proof, actor)
    uid = found.pk
    found.delete()
    found.pk = uid  # Django empties it; the event names the row
    _promise(locked, left)
    _append(actor, Action.NETWORK_REMOVED, found, forced=forced)
    return found


@transaction.atomic
def clear_networks(*, actor: Actor, organization: Organization) -> int:
    """Lets people in from anywhere again, whatever was wrong with the list; how many networks went. For the operator on
    the server: the way back in. Genuine networks of machines stay. Raises `TypeError` for a person."""
    if actor.kind is not ActorKind.SYSTEM:
        raise TypeError("A person takes networks off the list one by one.")
    locked = lock_organization(organization.pk)
    stored = NetworkRule.objects.filter(organization=locked)
    kept = genuine(with_seal(stored.filter(machine__isnull=False)))
    gone = stored.filter(Q(machine__isnull=True) | ~Q(pk__in=[rule.pk for rule in kept]))
    number = gone.count()
    gone.delete()
    _promise(locked, kept)
    append(
        actor=actor,
        action=Action.NETWORKS_CLEARED,
        organization_id=locked.pk,
        resource=locked.audit_resource,
        details={"removed": number, "remaining": len(kept)},
    )
    return number


def _lock(actor: User, organization: Organization) -> Organization:
    locked = lock_organization(organization.pk)
    require(actor, Permission.ORG_CONFIGURE, locked, kind=ResourceKind.ORGANIZATION)
    return locked


def _rules(organization: Organization) -> list[NetworkRule]:
    """The rules as they are, under lock. Raises `InvalidNetwork` if they do not come to what was promised: to save a
    change would make them genuine."""
    rules = rules_in(organization.pk)
    if rules is None:
        raise InvalidNetwork(
            "The networks are not as this program wrote them. Whoever runs the server finds out why, and clears them "
            "with `manage.py access networks`."
        )
    return rules


def _promise(organization: Organization, rules: list[NetworkRule]) -> None:
    """Writes what the rules have to come to. A policy that is missing, or not genuine, is made anew."""
    stored = NetworkPolicy.objects.filter(organization=organization).first()
    policy = locked_row(NetworkPolicy, stored.pk) if stored is not None else None
    if policy is None:
        if stored is not None:
            stored.delete()
        policy = NetworkPolicy(organization=organization)
    policy.fingerprint = fingerprint_of((rule.machine_id, rule.cidr) for rule in rules)
    policy.save()


def _refuse_lock_out(rules: list[NetworkRule], organization: Organization, confirmation: str) -> bool:
    """Whether the actor goes outside on purpose. Raises `LockedOut` if they would go without having said so."""
    request = current()
    shared = [rule.cidr for rule in rules if rule.machine_id is None]
    if not request.is_request or not shared or is_inside(request.ip, shared):
        return False
    if not constant_time_compare(confirmation.strip(), organization.name):
        raise LockedOut(request.ip)
    return True


def _refuse_without(proof: Proof | None, actor: User) -> None:
    if proof is None or not proof.holds(actor, minutes=LOWERING_MINUTES, now=time.time()):
        raise ProofNeeded


def _append(actor: User, action: Action, rule: NetworkRule, *, forced: bool) -> None:
    details: dict[str, object] = {"forced": forced}
    if rule.machine is not None:
        details |= {"subject": rule.machine.name, "subject_id": str(rule.machine_id), "subject_kind": "machine"}
    append(
        actor=actor.audit_actor,
        action=action,
        organization_id=rule.organization_id,
        resource=rule.audit_resource,
        details=details,
    )

"""What an organization demands for each class of secrets, and the classes of its environments."""

import time
from dataclasses import asdict
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.services import Proof
from audit.actions import Action, ResourceKind
from audit.services import append
from orgs.classification import Classification
from orgs.demands import BOUNDS, DEFAULTS, DEMANDS, LOWERING_MINUTES, Demands, worded
from orgs.errors import InvalidPolicy, LoweringNotConfirmed, ProofNeeded
from orgs.models import ClassPolicy, Environment, NetworkPolicy, Organization
from orgs.permissions import AccessDenied, Permission, decide_lowering
from orgs.permissions.authority import demands_of
from orgs.selectors import object_for, require
from orgs.services.authority import lock_organization
from vault.seals import locked_row

CHANGES_POLICIES = Permission.ORG_DELETE
"""What only owners hold: whoever may end an organization answers for what guards its values."""


def create_policies(organization: Organization) -> None:
    """The policy of every class, and the one of networks, with their defaults: an organization is founded with them,
    because nothing of a class opens without, and nobody is let in."""
    for classification, demands in DEFAULTS.items():
        ClassPolicy(organization=organization, classification=classification, **asdict(demands)).save()
    NetworkPolicy(organization=organization).save()


@transaction.atomic
def change_policy(
    *,
    actor: User,
    organization: Organization,
    classification: Classification,
    demands: Demands,
    proof: Proof | None = None,
) -> ClassPolicy:
    """What opening a secret of this class demands from now on; nothing happens when nothing differs.

    One that is missing, or not genuine, is made anew, which counts as lowering: nothing opened without it. Lowering a
    demand takes a `proof` of the last LOWERING_MINUTES. Raises `AccessDenied` for whoever is no owner, `InvalidPolicy`,
    `ProofNeeded`.
    """
    classification = Classification(classification)
    locked = lock_organization(organization.uid)
    require(actor, CHANGES_POLICIES, locked, kind=ResourceKind.ORGANIZATION)
    _refuse_out_of_bounds(demands)
    policy = _held(locked.uid, classification)
    before = None if policy is None else demands_of(policy)
    changed = list(DEMANDS) if before is None else demands.differing_from(before)
    if policy is not None and not changed:
        return policy
    lowered = before is None or bool(demands.lowered_from(before))
    if lowered:
        _refuse_without(proof, actor)
    if policy is None:
        policy = ClassPolicy(organization=locked, classification=classification, **asdict(demands))
    for name in changed:
        setattr(policy, name, getattr(demands, name))
    policy.save()
    append(
        actor=actor.audit_actor,
        action=Action.POLICY_LOWERED if lowered else Action.POLICY_CHANGED,
        organization_id=locked.uid,
        resource=policy.audit_resource,
        details={
            "classification": classification.word,
            "from": ["nothing opened"] if before is None else [worded(before, name) for name in changed],
            "to": [worded(demands, name) for name in changed],
        },
    )
    return policy


@transaction.atomic
def classify_environment(
    *,
    actor: User,
    environment: Environment,
    classification: Classification,
    confirmed: bool = False,
    proof: Proof | None = None,
) -> Environment:
    """The class of all secrets of an environment that have none of their own; nothing happens when it has it already.

    Lowering it takes a `proof` of the last LOWERING_MINUTES, and where there are such secrets somebody who has
    `confirmed` it. Raises `AccessDenied` without `project:configure`, which has to reach the class that is lowered;
    `ProofNeeded`, `LoweringNotConfirmed`.
    """
    classification = Classification(classification)
    lock_organization(environment.organization_id)  # whoever opens a value now is done, or sees the new class
    environments = Environment.objects.select_for_update(of=("self",), no_key=True).select_related("project")
    locked = object_for(
        actor, Permission.PROJECT_CONFIGURE, environments, environment.pk, kind=ResourceKind.ENVIRONMENT
    )
    before = Classification(locked.classification)
    if classification == before:
        return locked
    inheriting = locked.secrets.filter(classification__isnull=True).count()
    if classification < before:
        decision = decide_lowering(actor, locked, before)
        if not decision.allowed:
            named = locked.audit_resource
            raise AccessDenied(decision, Permission.PROJECT_CONFIGURE, named, organization_id=locked.organization_id)
        if inheriting and not confirmed:
            raise LoweringNotConfirmed(inheriting)
        _refuse_without(proof, actor)
    locked.classification = classification
    locked.save(update_fields=["classification"])
    append(
        actor=actor.audit_actor,
        action=Action.ENVIRONMENT_DECLASSIFIED if classification < before else Action.ENVIRONMENT_CLASSIFIED,
        organization_id=locked.organization_id,
        resource=locked.audit_resource,
        details={
            "project": locked.project.name,
            "from": before.word,
            "to": classification.word,
            "count": inheriting,
        },
    )
    return locked


def _held(organization_id: UUID, classification: Classification) -> ClassPolicy | None:
    """The policy of the class, locked. One that is not genuine is reported and deleted: None, as if it were missing."""
    stored = ClassPolicy.objects.filter(organization_id=organization_id, classification=classification).first()
    if stored is None:
        return None
    policy = locked_row(ClassPolicy, stored.pk)
    if policy is None:
        stored.delete()
    return policy


def _refuse_without(proof: Proof | None, actor: User) -> None:
    if proof is None or not proof.holds(actor, minutes=LOWERING_MINUTES, now=time.time()):
        raise ProofNeeded


def _refuse_out_of_bounds(demands: Demands) -> None:
    for name, (least, most) in BOUNDS.items():
        number = getattr(demands, name)
        optional = name in ("step_up_minutes", "longest_grant_days")
        if number is None and optional:
            continue
        if type(number) is not int or not least <= number <= most:
            raise InvalidPolicy(f"Enter a whole number from {least} to {most}.", field=name)
    if type(demands.reason_required) is not bool:
        raise InvalidPolicy("Either a reason is needed, or none.", field="reason_required")

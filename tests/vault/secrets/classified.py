"""Secrets of a class, and what it demands, as tests set them up: past the services, which have tests of their own."""

import time
from typing import Any

from accounts.models import User
from accounts.services import Proof
from orgs.classification import Classification
from orgs.models import ClassPolicy, Environment, Grant, Membership, Organization
from tests.sealing import change
from vault.secrets.models import Secret


def classify(what: Secret | Environment, classification: Classification | None) -> None:
    """With its seal, but only in the database: whoever has fetched it before knows the class that it had."""
    change(type(what)._default_manager.filter(pk=what.pk), classification=classification)


def demand(organization: Organization, classification: Classification, **demands: Any) -> None:
    """Changes the policy of a class, with its seal."""
    everything = {"step_up_minutes": None, "approvals": 0, "reason_required": False, "reveal_seconds": 30}
    rows = ClassPolicy.objects.filter(organization=organization, classification=classification)
    assert change(rows, **{**everything, **demands}) == 1


def proof_of(person: User, *, age: float = 0) -> Proof:
    """What a session would remember of a proof `age` seconds ago; negative: from the future."""
    return Proof(person.pk, int(time.time() - age), "authenticator")


def approved_grant(person: User, secret: Secret, *, approvals: int = 1) -> Grant:
    """A grant of Member on the secret's project that others approved."""
    grant = Grant(
        organization_id=secret.organization_id,
        subject_kind=Grant.SubjectKind.MEMBER,
        membership=Membership.objects.get(organization_id=secret.organization_id, user=person),
        role="member",
        project_id=secret.project_id,
        approvals=approvals,
        origin=Grant.Origin.REQUESTED,
        granted_by=person,
    )
    grant.save()
    return grant

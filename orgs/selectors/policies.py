"""What is asked about the policies of an organization."""

from collections.abc import Mapping
from uuid import UUID

from django.utils import timezone

from orgs.classification import Classification
from orgs.demands import Demands
from orgs.models import ClassPolicy, Membership
from orgs.permissions import Permission, reaches
from orgs.permissions.authority import demands_of
from orgs.permissions.loading import authority_in
from vault.seals import genuine, with_seal


def policies_in(organization_id: UUID) -> Mapping[Classification, Demands]:
    """By class, what opening demands. A policy that is missing, or not genuine, is not among them."""
    policies = ClassPolicy.objects.filter(organization_id=organization_id)
    return {Classification(each.classification): demands_of(each) for each in genuine(with_seal(policies))}


def approvers_in(organization_id: UUID) -> int:
    """How many members may approve access somewhere in the organization."""
    now = timezone.now()
    known: dict[int, bool] = {}
    number = 0
    for subject, standing in authority_in(organization_id).standings():
        if not isinstance(subject, Membership):
            continue
        if id(standing) not in known:
            known[id(standing)] = any(reaches(standing, Permission.REQUEST_APPROVE, now))
        number += known[id(standing)]
    return number

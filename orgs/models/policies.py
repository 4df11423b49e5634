"""What an organization demands of those who open secrets of a class."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.classification import Classification
from orgs.models.organizations import Organization
from vault.seals import SealedModel


class ClassPolicy(SealedModel):
    """The demands for one classification. An organization has one row for each; where one is missing nothing opens."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="class_policies")
    classification = models.PositiveSmallIntegerField(choices=Classification.choices)
    step_up_minutes = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How long ago one may have proved oneself again; empty: not asked for."
    )
    approvals = models.PositiveSmallIntegerField(default=0, help_text="How many others must have approved the access.")
    reason_required = models.BooleanField(default=False)
    reveal_seconds = models.PositiveSmallIntegerField(default=30, help_text="How long a shown value stays on screen.")
    longest_grant_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The longest that a grant of this class may hold; empty: no limit."
    )
    changed_at = models.DateTimeField(auto_now=True)

    SEALED = (
        "organization_id",
        "classification",
        "step_up_minutes",
        "approvals",
        "reason_required",
        "reveal_seconds",
        "longest_grant_days",
    )
    SEAL_EXEMPT: ClassVar = {"changed_at": "tells people, and decides nothing"}
    SEAL_RESOURCE = ResourceKind.POLICY

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "classification"], name="one_policy_per_class"),
            models.CheckConstraint(condition=Q(classification__in=Classification.values), name="policy_class_known"),
        ]

    def __str__(self) -> str:
        return f"Policy for {self.get_classification_display()}"

    @property
    def audit_resource(self) -> Resource:
        return Resource(ResourceKind.POLICY, str(self.uid), self.get_classification_display())

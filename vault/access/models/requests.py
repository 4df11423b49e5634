"""Requests for access, and the approvals of them."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.classification import Classification
from orgs.models import CustomRole, Environment, Grant, Membership, Organization, Project, Team
from orgs.permissions import Permission
from orgs.permissions.authority import permissions_named
from orgs.places import Place, Scope
from vault.seals import SealedModel

_WORDS = "tells people, and decides nothing"
REASON_LENGTH = 500
LABEL_LENGTH = 500


class RequestedRole(models.TextChoices):
    """What can be asked for."""

    REVEAL = "reveal", "Reader"
    VIEWER = "viewer", "Viewer"
    MEMBER = "member", "Member"
    CUSTOM = "custom", "A role of the organization's own"


class AccessRequest(SealedModel):
    """Somebody's wish for a role in a scope, for a time, up to a classification: for themselves, or for a team of
    theirs.

    `permissions` are those that the role had when it was asked for: a role that has come to hold more since is not
    what anybody approved. `minutes` run from the last approval. Whether it is still open is for `is_open`, at a moment.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        APPROVED = "approved", "Approved"
        DENIED = "denied", "Denied"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Expired"

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", help_text="Who asks.")
    team = models.ForeignKey(Team, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    requested = models.CharField(max_length=16, choices=RequestedRole.choices)
    custom_role = models.ForeignKey(
        CustomRole, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    role_label = models.CharField(max_length=100)
    permissions = models.JSONField(help_text="Names of permissions, sorted.")
    project = models.ForeignKey(Project, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    environment = models.ForeignKey(
        Environment, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    path = models.CharField(max_length=200, blank=True)
    scope_label = models.CharField(max_length=LABEL_LENGTH, help_text="Where, in the words of that time.")
    highest = models.PositiveSmallIntegerField(choices=Classification.choices)
    minutes = models.PositiveIntegerField()
    reason = models.CharField(max_length=REASON_LENGTH)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.OPEN)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    answer = models.CharField(max_length=REASON_LENGTH, blank=True, help_text="Why it was denied.")
    grant = models.OneToOneField(
        Grant, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="access_request"
    )

    SEALED = (
        "organization_id",
        "membership_id",
        "team_id",
        "requested",
        "custom_role_id",
        "role_label",
        "permissions",
        "project_id",
        "environment_id",
        "path",
        "scope_label",
        "highest",
        "minutes",
        "reason",
        "asked_at",
        "expires_at",
        "status",
        "closed_at",
        "grant_id",
    )
    SEAL_EXEMPT: ClassVar = {"closed_by_id": _WORDS, "answer": _WORDS}
    SEAL_RESOURCE = ResourceKind.REQUEST

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(requested="custom", custom_role__isnull=False)
                | Q(requested__in=["reveal", "viewer", "member"], custom_role__isnull=True),
                name="request_has_one_role",
            ),
            models.CheckConstraint(
                condition=Q(environment__isnull=True) | Q(project__isnull=False), name="request_environment_in_project"
            ),
            models.CheckConstraint(
                condition=Q(path="") | Q(environment__isnull=False), name="request_path_in_environment"
            ),
            models.CheckConstraint(condition=Q(highest__in=Classification.values), name="request_class_known"),
            models.CheckConstraint(condition=Q(minutes__gte=1), name="request_lasts"),
            models.CheckConstraint(
                condition=Q(status="approved", grant__isnull=False) | (~Q(status="approved") & Q(grant__isnull=True)),
                name="request_approved_with_grant",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "status", "asked_at"], name="request_by_status"),
            models.Index(fields=["membership", "asked_at"], name="request_by_member"),
        ]

    def __str__(self) -> str:
        return f"Request {self.uid}"

    @property
    def scope(self) -> Scope:
        """Where the grant would hold."""
        return Scope(self.organization_id, self.project_id, self.environment_id, self.path)

    @property
    def place(self) -> Place:
        """What access to it is asked about: all of its scope."""
        return self.scope.place

    @property
    def highest_class(self) -> Classification:
        return Classification(self.highest)

    @property
    def wanted(self) -> frozenset[Permission]:
        """The permissions that the role had when it was asked for."""
        return permissions_named(self.permissions)

    @property
    def audit_resource(self) -> Resource:
        return Resource(ResourceKind.REQUEST, str(self.uid), f"{self.role_label} on {self.scope_label}")

    def state_at(self, at: datetime) -> "AccessRequest.Status":
        """What has become of it by a moment: an open one expires without anybody having to mark it."""
        status = AccessRequest.Status(self.status)
        over = status is AccessRequest.Status.OPEN and self.expires_at <= at
        return AccessRequest.Status.EXPIRED if over else status

    def is_open(self, at: datetime) -> bool:
        """Whether it can still be answered."""
        return self.state_at(at) is AccessRequest.Status.OPEN


class RequestApproval(SealedModel):
    """One person's yes to a request, for `minutes` at the most."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    request = models.ForeignKey(AccessRequest, on_delete=models.CASCADE, related_name="approvals")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", help_text="Who approves.")
    minutes = models.PositiveIntegerField()
    given_at = models.DateTimeField(default=timezone.now, editable=False)

    SEALED = ("organization_id", "request_id", "membership_id", "minutes", "given_at")
    SEAL_RESOURCE = ResourceKind.REQUEST

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "membership"], name="one_approval_per_person"),
            models.CheckConstraint(condition=Q(minutes__gte=1), name="approval_lasts"),
        ]

    def __str__(self) -> str:
        return f"Approval {self.uid}"

    @property
    def is_of_a_member(self) -> bool:
        """Whether it was given in the membership as it is now: not in one that ended and began anew since."""
        return self.membership.joined_at <= self.given_at

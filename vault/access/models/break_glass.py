"""Break-glass: who may take access at once, each time that somebody did, and the review of it."""

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.models import Grant, Membership, Organization, Project
from orgs.places import Place, Scope
from vault.access.models.requests import LABEL_LENGTH, REASON_LENGTH
from vault.seals import SealedModel

_WORDS = "tells people, and decides nothing"
REVIEW_DAYS = 7
"""How long a review may be owed before it is overdue."""


class BreakGlassPerson(SealedModel):
    """A member whom an owner named: in an emergency they take access at once, to the organization or a project.

    Of a place that has ended stays the row. A membership that ended and began anew was not named anew: see `holds_for`.
    """

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    named_at = models.DateTimeField(default=timezone.now, editable=False)
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    SEALED = ("organization_id", "membership_id", "project_id", "named_at", "ended_at")
    SEAL_EXEMPT: ClassVar = {"named_by_id": _WORDS, "ended_by_id": _WORDS}
    SEAL_RESOURCE = ResourceKind.MEMBERSHIP

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["membership", "project"],
                condition=Q(ended_at__isnull=True, project__isnull=False),
                name="named_once_for_a_project",
            ),
            models.UniqueConstraint(
                fields=["membership"],
                condition=Q(ended_at__isnull=True, project__isnull=True),
                name="named_once_for_everything",
            ),
        ]
        indexes = [models.Index(fields=["organization", "ended_at"], name="break_glass_people")]

    def __str__(self) -> str:
        return f"Break-glass person {self.uid}"

    @property
    def scope(self) -> Scope:
        """What they may take access to."""
        return Scope(self.organization_id, self.project_id)

    @property
    def scope_label(self) -> str:
        """The same in words. Needs the organization and the project: selectors load them."""
        if self.project_id is None:
            return self.organization.name
        return self.project.name if self.project is not None else "a project that was deleted"

    def holds_for(self, membership: Membership) -> bool:
        """Whether it names this very membership as it is: not one that ended and began anew since."""
        return (
            self.ended_at is None
            and membership.pk == self.membership_id
            and membership.status == Membership.Status.ACTIVE
            and membership.joined_at <= self.named_at
        )


class BreakGlassUse(SealedModel):
    """One time that somebody broke the glass, and its review, which somebody else owes.

    `unreviewed_before`: whether a review of an earlier use of the same person was owed at that time. The review is
    given once and for all.
    """

    class Verdict(models.TextChoices):
        CONFIRMED = "confirmed", "Confirmed"
        ABUSE = "abuse", "Abuse"

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", help_text="Who did.")
    project = models.ForeignKey(Project, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    scope_label = models.CharField(max_length=LABEL_LENGTH, help_text="Where, in the words of that time.")
    reason = models.CharField(max_length=REASON_LENGTH)
    unreviewed_before = models.BooleanField(default=False)
    used_at = models.DateTimeField(default=timezone.now, editable=False)
    ends_at = models.DateTimeField(help_text="When the access ends, or was ended.")
    grant = models.OneToOneField(
        Grant, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="break_glass_use"
    )
    verdict = models.CharField(max_length=16, choices=Verdict.choices, blank=True)
    review = models.CharField(max_length=REASON_LENGTH, blank=True, help_text="What the reviewer found.")
    reviewed_at = models.DateTimeField(null=True)
    reviewer = models.ForeignKey(Membership, null=True, on_delete=models.PROTECT, related_name="+")
    reminded_at = models.DateTimeField(null=True, help_text="When owners were last told that the review is overdue.")

    SEALED = (
        "organization_id",
        "membership_id",
        "project_id",
        "scope_label",
        "reason",
        "unreviewed_before",
        "used_at",
        "ends_at",
        "grant_id",
        "verdict",
        "review",
        "reviewed_at",
        "reviewer_id",
    )
    SEAL_EXEMPT: ClassVar = {"reminded_at": "keeps mails apart, and decides nothing"}
    SEAL_RESOURCE = ResourceKind.GRANT

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="", reviewed_at__isnull=True, reviewer__isnull=True)
                | (~Q(verdict="") & Q(reviewed_at__isnull=False, reviewer__isnull=False)),
                name="break_glass_reviewed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(reviewer__isnull=True) | ~Q(reviewer=models.F("membership")),
                name="break_glass_reviewed_by_another",
            ),
        ]
        indexes = [models.Index(fields=["organization", "reviewed_at", "used_at"], name="break_glass_by_review")]

    def __str__(self) -> str:
        return f"Break-glass use {self.uid}"

    @property
    def scope(self) -> Scope:
        """What the access reached."""
        return Scope(self.organization_id, self.project_id)

    @property
    def place(self) -> Place:
        """What access to it is asked about."""
        return self.scope.place

    @property
    def audit_resource(self) -> Resource:
        return Resource(ResourceKind.GRANT, str(self.grant_id or self.uid), f"Break-glass on {self.scope_label}")

    @property
    def is_owed(self) -> bool:
        """Whether nobody has reviewed it yet."""
        return self.reviewed_at is None

    @property
    def due_at(self) -> datetime:
        """When the review is overdue."""
        return self.used_at + timedelta(days=REVIEW_DAYS)

    def is_overdue(self, at: datetime) -> bool:
        return self.is_owed and self.due_at <= at

    def is_running(self, at: datetime) -> bool:
        """Whether the access holds at a moment. Needs the grant: selectors load it."""
        return at < self.ends_at and self.grant is not None and self.grant.is_live(at)

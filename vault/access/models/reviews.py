"""Reviews: a frozen list of who has what, and what people decided about each line of it.

Lines and decisions are written once. That nobody changes or removes them is held by the services, which never do, by
their seals, and by triggers of the database (`vault.access.triggers`).
"""

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
from orgs.models import Membership, Organization, Project
from orgs.places import Place, Scope
from vault.access.models.requests import LABEL_LENGTH, REASON_LENGTH
from vault.seals import SealedModel

NAME_LENGTH = 100
STATE_LENGTH = 64
"""Hex digits of a SHA-256."""
_WORDS = "tells people, and decides nothing"


class Campaign(SealedModel):
    """One review of who has what in an organization, or in one of its projects, as of `begun_at`.

    `line_count`: how many lines it began with, so that one that is missing is noticed.
    """

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    scope_label = models.CharField(max_length=LABEL_LENGTH, help_text="What it is about, in the words of that time.")
    name = models.CharField(max_length=NAME_LENGTH)
    line_count = models.PositiveIntegerField()
    begun_at = models.DateTimeField(default=timezone.now, editable=False)
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    begun_label = models.CharField(max_length=LABEL_LENGTH, help_text="Who began it.")
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    closed_label = models.CharField(max_length=LABEL_LENGTH, blank=True, help_text="Who closed it.")

    SEALED = (
        "organization_id",
        "project_id",
        "scope_label",
        "name",
        "line_count",
        "begun_at",
        "begun_label",
        "due_at",
        "closed_at",
        "closed_label",
    )
    SEAL_EXEMPT: ClassVar = {"begun_by_id": _WORDS, "closed_by_id": _WORDS}
    SEAL_RESOURCE = ResourceKind.REVIEW

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(line_count__gte=1), name="review_has_lines")]
        indexes = [models.Index(fields=["organization", "closed_at", "due_at"], name="review_by_due")]

    def __str__(self) -> str:
        return self.name

    @property
    def scope(self) -> Scope:
        """What it is about."""
        return Scope(self.organization_id, self.project_id)

    @property
    def about(self) -> Place:
        """Where its reviewers hold `grant:manage`. (No `place`: to read it is asked of the whole organization.)"""
        return self.scope.place

    @property
    def audit_resource(self) -> Resource:
        return Resource(ResourceKind.REVIEW, str(self.uid), self.name)

    @property
    def is_open(self) -> bool:
        """Whether lines can still be decided. A campaign that is overdue stays open."""
        return self.closed_at is None

    def is_overdue(self, at: datetime) -> bool:
        return self.is_open and self.due_at <= at


class Reviewer(SealedModel):
    """A member who decides about the lines of a campaign."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="reviewers")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    chosen_at = models.DateTimeField(default=timezone.now, editable=False)
    reminded_at = models.DateTimeField(null=True, help_text="When they were last told that lines are overdue.")

    SEALED = ("organization_id", "campaign_id", "membership_id", "chosen_at")
    SEAL_EXEMPT: ClassVar = {"reminded_at": "keeps mails apart, and decides nothing"}
    SEAL_RESOURCE = ResourceKind.REVIEW

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "membership"], name="reviewer_once_in_a_review")]

    def __str__(self) -> str:
        return f"Reviewer {self.uid}"

    @property
    def is_of_a_member(self) -> bool:
        """Whether the membership was chosen as it is now: not one that ended and began anew since."""
        return self.membership.joined_at <= self.chosen_at


class ReviewLine(SealedModel):
    """One thing that somebody had when the campaign began, in the words of that time.

    `source`: the uid of the row that gave it, a grant, a place in a team or a membership. `about`: the membership that
    it is about, if it is one member's alone: nobody decides about a line of their own. `singly`: too much is at stake
    to be confirmed along with others. `state`: what the source said, in one hash (`vault.access.selectors.sources`).
    """

    class Kind(models.TextChoices):
        GRANT = "grant", "Grant"
        PLACE = "place", "Place in a team"
        ROLE = "role", "Role in the organization"

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField(help_text="From 1, in the order in which the campaign shows them.")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    source = models.UUIDField()
    subject_kind = models.CharField(max_length=16)
    about = models.UUIDField(null=True)
    subject_label = models.CharField(max_length=LABEL_LENGTH)
    role_label = models.CharField(max_length=LABEL_LENGTH)
    scope_label = models.CharField(max_length=LABEL_LENGTH)
    highest = models.PositiveSmallIntegerField(choices=Classification.choices)
    singly = models.BooleanField()
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    granted_at = models.DateTimeField(null=True)
    granted_label = models.CharField(max_length=LABEL_LENGTH, blank=True)
    last_used_at = models.DateTimeField(null=True, help_text="By the log of that time; null for never.")
    state = models.CharField(max_length=STATE_LENGTH)

    SEALED = (
        "organization_id",
        "campaign_id",
        "number",
        "kind",
        "source",
        "subject_kind",
        "about",
        "subject_label",
        "role_label",
        "scope_label",
        "highest",
        "singly",
        "starts_at",
        "ends_at",
        "granted_at",
        "granted_label",
        "last_used_at",
        "state",
    )
    WRITTEN_ONCE = True
    SEAL_RESOURCE = ResourceKind.REVIEW

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="review_line_number_once"),
            models.CheckConstraint(condition=Q(highest__in=Classification.values), name="review_line_class_known"),
        ]

    def __str__(self) -> str:
        return f"Line {self.number}"

    @property
    def words(self) -> str:
        """What it says in one line, for messages and events."""
        return f"{self.subject_label}: {self.role_label} on {self.scope_label}"


class ReviewDecision(SealedModel):
    """What somebody decided about a line, once and for all.

    `changed`: the source was no longer what the line says; `decided_about` is what it was then, in words.
    """

    class Verdict(models.TextChoices):
        CONFIRMED = "confirmed", "Confirmed"
        REVOKED = "revoked", "Revoked"
        GONE = "gone", "Gone already"

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    line = models.OneToOneField(ReviewLine, on_delete=models.PROTECT, related_name="decision")
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    note = models.CharField(max_length=REASON_LENGTH, blank=True)
    changed = models.BooleanField(default=False)
    decided_about = models.CharField(max_length=LABEL_LENGTH, blank=True)
    together = models.BooleanField(default=False, help_text="Whether it was one of several confirmed at once.")
    decided_at = models.DateTimeField(default=timezone.now, editable=False)
    reviewer = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+")
    reviewer_label = models.CharField(max_length=LABEL_LENGTH)

    SEALED = (
        "organization_id",
        "line_id",
        "verdict",
        "note",
        "changed",
        "decided_about",
        "together",
        "decided_at",
        "reviewer_id",
        "reviewer_label",
    )
    WRITTEN_ONCE = True
    SEAL_RESOURCE = ResourceKind.REVIEW

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=["confirmed", "revoked", "gone"]), name="review_verdict_known"
            ),
        ]

    def __str__(self) -> str:
        return f"Decision {self.uid}"

"""What is remembered about the care of keys: operations, reports, escrow, and requests to shred."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from orgs.models import Organization
from vault.crypto.fingerprint import KEY_ID_SIZE, fingerprint
from vault.custody.kinds import MOVING, OperationKind, OperationState, ReportKind
from vault.keys.peppers import KeyedHashField
from vault.keys.purposes import Purpose


class KeyOperation(models.Model):
    """Work on keys that takes longer than a request, and what came of it.

    `scope`: of the keys (an organization's uid as text, or `system`), empty for the whole instance. `purpose`: empty
    where it is not about one. `total`, `done`, `skipped`: values. `problem`: a sentence, empty if there is none.
    `result`: what the kind of operation found, with stable keys, never a value. The rows of values themselves say what
    is left to do, so a killed operation loses nothing but its progress in these numbers.
    """

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=OperationKind.choices)
    scope = models.CharField(max_length=64, blank=True)
    organization_id = models.UUIDField(null=True)
    purpose = models.CharField(max_length=16, blank=True)
    state = models.CharField(max_length=16, choices=OperationState.choices, default=OperationState.RUNNING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)
    result = models.JSONField(default=dict)
    requested_by_id = models.CharField(max_length=64, blank=True)
    requested_by_label = models.CharField(max_length=254, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    heartbeat_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "purpose"],
                condition=Q(state=OperationState.RUNNING.value, kind__in=[kind.value for kind in MOVING]),
                name="one_moving_operation",
            ),
            models.UniqueConstraint(
                fields=["kind", "scope", "purpose"],
                condition=Q(state=OperationState.RUNNING.value),
                name="one_operation_of_a_kind",
            ),
            models.CheckConstraint(condition=Q(kind__in=OperationKind.values), name="operation_kind_known"),
            models.CheckConstraint(condition=Q(state__in=OperationState.values), name="operation_state_known"),
            models.CheckConstraint(
                condition=Q(purpose="") | Q(purpose__in=[purpose.value for purpose in Purpose]),
                name="operation_purpose_known",
            ),
        ]
        indexes = [models.Index(fields=["scope", "-started_at"], name="operation_of_scope")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.uid}"

    @property
    def running(self) -> bool:
        return self.state == OperationState.RUNNING.value

    @property
    def percent(self) -> int:
        """How much is done, from 0 to 100; 100 only at the end."""
        if self.state == OperationState.DONE.value:
            return 100
        return min(99, 100 * (self.done + self.skipped) // self.total) if self.total else 0


class KeyReport(models.Model):
    """A signed report (a C2SP note), kept as it was signed."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=ReportKind.choices)
    organization_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    text = models.TextField()

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(condition=Q(kind__in=ReportKind.values), name="report_kind_known")]
        indexes = [models.Index(fields=["organization_id", "-created_at"], name="report_of_organization")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.uid}"


class EscrowSet(models.Model):
    """One splitting of one root key into shares, of which `threshold` rebuild it. The shares are on paper alone."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    root_key_id = models.BinaryField(max_length=KEY_ID_SIZE)
    threshold = models.PositiveSmallIntegerField()
    shares = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(threshold__gte=1, shares__gte=models.F("threshold")), name="escrow_sane")
        ]

    def __str__(self) -> str:
        return f"{self.threshold} of {self.shares} shares of the root key {self.root_fingerprint}"

    @property
    def root_fingerprint(self) -> str:
        return fingerprint(bytes(self.root_key_id))


class EscrowShare(models.Model):
    """One share, known by a keyed hash of its words alone. `index` counts from 1; `confirmed_at`: last read back."""

    escrow = models.ForeignKey(EscrowSet, on_delete=models.CASCADE, related_name="members")
    index = models.PositiveSmallIntegerField()
    mac = KeyedHashField(purpose=Purpose.TOKEN, unique=True, editable=False)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["index"]
        constraints = [models.UniqueConstraint(fields=["escrow", "index"], name="share_once_per_set")]

    def __str__(self) -> str:
        return f"Share {self.index}"


class ShredRequest(models.Model):
    """An owner's wish to destroy the organization's keys, which another owner must share within a day."""

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="shred_requests")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    executed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=models.F("requested_by")),
                name="shred_needs_two_people",
            ),
            models.CheckConstraint(
                condition=Q(executed_at__isnull=True) | Q(approved_at__isnull=False), name="shred_needs_approval"
            ),
        ]

    def __str__(self) -> str:
        return f"Request to destroy the keys of {self.organization_id}"

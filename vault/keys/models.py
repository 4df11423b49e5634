"""The key table: tenant keys, each wrapped by a root key that is not in the database."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from vault.crypto.fingerprint import KEY_ID_SIZE, fingerprint
from vault.crypto.rootkey import WRAPPED_SIZE
from vault.keys.purposes import KeyState, Purpose


class WrappedKey(models.Model):
    """One tenant key, as it rests: wrapped by a root key, bound to its scope, purpose and version.

    ``scope``: an organization's uid as text, or ``system``. ``version``: 1, 2, … within scope and purpose.
    ``key_id``, ``root_key_id``: 16 bytes, public. ``wrapped``: 77 bytes (vault/crypto/FORMAT.md), empty once destroyed.
    ``next_root_key_id``, ``next_wrapped``: a second wrapping of the same key, while the root key is being rotated.
    ``wraps``: data keys wrapped so far, never fewer than were stored; ``vault.keys.counting`` has the whole count.
    Rows are written by ``vault.keys`` only: ``services``, ``lifecycle``, ``rootkeys`` and ``counting``.
    """

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scope = models.CharField(max_length=64)
    purpose = models.CharField(max_length=16, choices=[(purpose.value, purpose.value) for purpose in Purpose])
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=[(state.value, state.value) for state in KeyState])
    key_id = models.BinaryField(max_length=KEY_ID_SIZE, unique=True)
    root_key_id = models.BinaryField(max_length=KEY_ID_SIZE)
    wrapped = models.BinaryField(max_length=WRAPPED_SIZE)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    activated_at = models.DateTimeField(null=True, blank=True)
    next_root_key_id = models.BinaryField(max_length=KEY_ID_SIZE, null=True)
    next_wrapped = models.BinaryField(max_length=WRAPPED_SIZE, null=True)
    wraps = models.PositiveBigIntegerField(default=0)
    superseded_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    destroyed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["scope", "purpose", "version"]
        constraints = [
            models.UniqueConstraint(fields=["scope", "purpose", "version"], name="one_key_per_version"),
            models.UniqueConstraint(
                fields=["scope", "purpose"], condition=Q(state=KeyState.ACTIVE.value), name="one_active_key"
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=[purpose.value for purpose in Purpose]), name="key_purpose_known"
            ),
            models.CheckConstraint(condition=Q(state__in=[state.value for state in KeyState]), name="key_state_known"),
            models.CheckConstraint(condition=Q(version__gte=1), name="key_version_from_one"),
            models.CheckConstraint(
                condition=Q(state=KeyState.DESTROYED.value, wrapped=b"")
                | (~Q(state=KeyState.DESTROYED.value) & ~Q(wrapped=b"")),
                name="only_destroyed_keys_are_empty",
            ),
            models.CheckConstraint(
                condition=Q(next_root_key_id=None, next_wrapped=None)
                | (
                    ~Q(state=KeyState.DESTROYED.value)
                    & Q(next_root_key_id__isnull=False, next_wrapped__isnull=False)
                    & ~Q(next_wrapped=b"")
                ),
                name="next_wrapping_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} key of {self.scope}, version {self.version}, {self.fingerprint} ({self.state})"

    @property
    def fingerprint(self) -> str:
        """How this key is named to people."""
        return fingerprint(bytes(self.key_id))


class KeyGeneration(models.Model):
    """One row with a number that every change of a key's state makes larger: how processes notice (``keyrings``)."""

    SINGLETON = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=SINGLETON, editable=False)
    number = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_key_generation")]

    def __str__(self) -> str:
        return f"generation {self.number}"


class KnownRootKey(models.Model):
    """A root key that this instance has been started with: its id and where it came from, never the key.

    ``wrapping_since``: since when new tenant keys are wrapped under it. The latest one that is not retired wraps.
    ``retired_at``: since when no tenant key is wrapped under it; it never wraps again. Written by ``rootkeys`` only.
    """

    key_id = models.BinaryField(max_length=KEY_ID_SIZE, unique=True)
    source = models.CharField(max_length=255)
    first_seen_at = models.DateTimeField(default=timezone.now, editable=False)
    wrapping_since = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["first_seen_at", "id"]

    def __str__(self) -> str:
        return f"root key {self.fingerprint} ({self.source})"

    @property
    def fingerprint(self) -> str:
        """How this root key is named to people."""
        return fingerprint(bytes(self.key_id))


class ServingProcess(models.Model):
    """A process that answers requests, and the root keys that it holds. Written by ``processes`` only.

    ``root_key_ids``: hex, in the order of its configuration. ``seen_at``: at most a minute older than its last use of
    a key.
    """

    uid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    seen_at = models.DateTimeField(default=timezone.now, db_index=True)
    root_key_ids = models.JSONField(default=list)

    class Meta:
        ordering = ["host", "started_at", "uid"]
        verbose_name_plural = "serving processes"

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"

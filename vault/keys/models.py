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
    Rows are written by ``vault.keys.services`` only.
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
        ]

    def __str__(self) -> str:
        return f"{self.purpose} key of {self.scope}, version {self.version}, {self.fingerprint} ({self.state})"

    @property
    def fingerprint(self) -> str:
        """How this key is named to people."""
        return fingerprint(bytes(self.key_id))

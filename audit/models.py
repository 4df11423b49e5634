"""What happened: one row per event, written once and never touched again.

An event names other things by plain ids and labels, not by foreign keys, so that it outlives them. The Merkle log that
is built over events keeps the order of leaves in a table of its own: sealing an event does not update it.
"""

import uuid
from collections.abc import Iterable
from typing import Any, ClassVar, NoReturn

from django.db import models
from django.utils import timezone

from audit.actions import Action, ActorKind, Outcome, ResourceKind, Risk
from audit.canonical import FORMAT, Body
from vault.keys.peppers import KeyedHashField
from vault.keys.purposes import Purpose


class AppendOnly(Exception):
    """Something tried to change or remove an event."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Events are append-only: {what} is refused. Append another event that says what is so now.")


class EventQuerySet(models.QuerySet["Event"]):
    """Reads events. The database's triggers refuse what this refuses, and what goes around it."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly("update()")

    def delete(self) -> NoReturn:
        raise AppendOnly("delete()")

    def _raw_delete(self, using: str | None) -> NoReturn:
        raise AppendOnly("delete()")

    def _update(self, values: Any) -> NoReturn:
        raise AppendOnly("update()")

    def bulk_update(self, objs: Iterable["Event"], fields: Iterable[str], batch_size: int | None = None) -> NoReturn:
        raise AppendOnly("bulk_update()")

    def bulk_create(
        self,
        objs: Iterable["Event"],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Any = None,
        unique_fields: Any = None,
    ) -> list["Event"]:
        if ignore_conflicts or update_conflicts:
            raise AppendOnly("bulk_create() that ignores or updates conflicts")
        return super().bulk_create(objs, batch_size)

    def update_or_create(self, defaults: Any = None, create_defaults: Any = None, **kwargs: Any) -> NoReturn:
        raise AppendOnly("update_or_create()")


class Event(models.Model):
    """One thing that happened. `audit.services.append` and `record` write it; FORMAT.md has its canonical bytes."""

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    format = models.PositiveSmallIntegerField(default=FORMAT)
    occurred_at = models.DateTimeField(default=timezone.now)
    # No `choices` on the vocabularies: `append` admits nothing else, and a new word is not a change of the table.
    action = models.CharField(max_length=48)
    outcome = models.CharField(max_length=16)
    risk = models.CharField(max_length=8)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_label = models.CharField(max_length=254, blank=True)
    organization_id = models.UUIDField(null=True)
    resource_kind = models.CharField(max_length=32, blank=True)
    resource_id = models.CharField(max_length=64, blank=True)
    resource_label = models.CharField(max_length=254, blank=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=200, blank=True)
    correlation_id = models.CharField(max_length=32, blank=True)
    key_id = models.BinaryField(max_length=16, null=True, help_text="The tenant key that was used, if one was.")
    details = models.JSONField(default=dict)
    leaf_hash = models.BinaryField(max_length=32, help_text="SHA-256 over 0x00 and the canonical body (RFC 6962).")
    mac = KeyedHashField(
        purpose=Purpose.AUDIT, help_text="The id of the audit key and its HMAC over the canonical body."
    )

    objects: ClassVar[models.Manager["Event"]] = EventQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        indexes = [
            models.Index("organization_id", models.F("id").desc(), name="event_of_organization"),
            models.Index("resource_kind", "resource_id", models.F("id").desc(), name="event_of_resource"),
            models.Index("actor_id", models.F("id").desc(), name="event_of_actor"),
            models.Index(fields=["correlation_id"], name="event_of_request"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(format=FORMAT), name="event_format_known"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.uid}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Inserts. Raises AppendOnly for an event that is already stored."""
        if not self._state.adding or kwargs.get("force_update") or kwargs.get("update_fields") is not None:
            raise AppendOnly("save() of a stored event")
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("delete()")

    @property
    def body(self) -> Body:
        """What the stored row says, in the form whose canonical bytes `leaf_hash` and `mac` cover."""
        return Body(
            uid=self.uid,
            occurred_at=self.occurred_at,
            action=Action(self.action),
            outcome=Outcome(self.outcome),
            risk=Risk(self.risk),
            actor_kind=ActorKind(self.actor_kind),
            actor_id=self.actor_id,
            actor_label=self.actor_label,
            organization_id=self.organization_id,
            resource_kind=ResourceKind(self.resource_kind) if self.resource_kind else None,
            resource_id=self.resource_id,
            resource_label=self.resource_label,
            ip=self.ip,
            user_agent=self.user_agent,
            correlation_id=self.correlation_id,
            key_id=bytes(self.key_id) if self.key_id is not None else None,
            details=self.details,
        )

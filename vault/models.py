"""The limiter's counters, shared by all processes without another service."""

from datetime import datetime

from django.db import models


class Counter(models.Model):
    """One entry of `vault.cache.LockingDatabaseCache`: a number under a key, until it expires."""

    key = models.CharField(max_length=255, primary_key=True)
    value = models.BigIntegerField()
    expires_at = models.DateTimeField(null=True, db_index=True, help_text="Empty: never.")

    class Meta:
        db_table = "holdfast_cache"

    def __str__(self) -> str:
        return self.key

    def is_live(self, now: datetime) -> bool:
        return self.expires_at is None or self.expires_at > now

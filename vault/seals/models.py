"""Where seals lie: beside the rows that they authenticate, so that bringing back an old row alone matches nothing."""

from django.db import models

from vault.keys.peppers import KeyedHashField
from vault.keys.purposes import Purpose

ROW_LENGTH = 64
SUM_SIZE = 32
NONCE_SIZE = 16


class Seal(models.Model):
    """The seal of one row. Written by ``vault.seals`` only.

    ``kind``: the model, as ``orgs.membership``. ``row``: its primary key as text, a UUID in 32 hex digits.
    ``organization_id``: whose row it is, None for the instance's own. ``version``: one more with each change.
    ``mac``: over the canonical bytes of all that (``canonical``, FORMAT.md).
    """

    kind = models.CharField(max_length=64)
    row = models.CharField(max_length=ROW_LENGTH)
    organization_id = models.UUIDField(null=True)
    version = models.PositiveBigIntegerField()
    mac = KeyedHashField(purpose=Purpose.ROW)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "row"], name="one_seal_per_row"),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="seal_version_from_one"),
        ]
        indexes = [models.Index(fields=["organization_id"], name="seal_of_organization")]

    def __str__(self) -> str:
        return f"Seal of {self.kind} {self.row}, version {self.version}"


class Tally(models.Model):
    """How many seals there are in an organization, or of the instance, and which: one number that any change changes.

    ``scope``: an organization's uid as text, or ``system``. ``rows``: how many. ``sum``: 32 bytes, the sum of a keyed
    hash of each seal's kind, row and version modulo 2^256, and of one of the nonce, which hides it. ``mac``: over all
    that. Written by ``vault.seals.tally`` only.
    """

    scope = models.CharField(max_length=64, unique=True)
    organization_id = models.UUIDField(null=True)
    rows = models.PositiveBigIntegerField()
    sum = models.BinaryField(max_length=SUM_SIZE)
    nonce = models.BinaryField(max_length=NONCE_SIZE)
    version = models.PositiveBigIntegerField()
    mac = KeyedHashField(purpose=Purpose.ROW)

    class Meta:
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"Tally of {self.scope}, version {self.version}"

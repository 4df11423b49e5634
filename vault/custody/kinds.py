"""The closed vocabularies of custody."""

from django.db import models


class OperationKind(models.TextChoices):
    """What is being done to keys or to what they protect."""

    REWRAP = "rewrap", "New wrapping"
    REENCRYPT = "reencrypt", "New encryption"
    VERIFY = "verify", "Verification"
    COMPROMISE = "compromise", "Answer to a compromised organization key"
    ROOT_COMPROMISE = "root_compromise", "Answer to a compromised root key"


MOVING = (OperationKind.REWRAP, OperationKind.REENCRYPT)
"""Operations that rewrite rows, a batch at a time; `advance_operation` drives them."""


class OperationState(models.TextChoices):
    """Where an operation is. One that was killed stays `running`, and the next run goes on with it."""

    RUNNING = "running", "Under way"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"


class ReportKind(models.TextChoices):
    """What a signed report is about."""

    COMPROMISE = "compromise", "Compromised organization key"
    ROOT_COMPROMISE = "root_compromise", "Compromised root key"
    SHRED = "shred", "Destroyed organization keys"

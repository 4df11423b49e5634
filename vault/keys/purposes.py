"""What tenant keys are for, who they belong to, and the states of their lives: closed vocabularies."""

from enum import StrEnum
from uuid import UUID

from vault.crypto.keyring import KeyUse

SYSTEM_SCOPE = "system"
"""The scope of keys that belong to the instance. An organization's scope is ``str(organization.uid)``."""


class Purpose(StrEnum):
    """The one thing that a tenant key is for."""

    DATA = "data"
    """Values that an organization's people store."""
    TOTP = "totp"
    """Seeds of second factors."""
    TOKEN = "token"
    """The pepper of tokens, links and recovery codes."""
    AUDIT = "audit"
    """Authentication of audit events."""
    ROW = "row"
    """Authentication of rows that grant authority."""
    SIGN = "sign"
    """Signatures of reports about keys, which can be checked without any key of ours."""

    @property
    def use(self) -> KeyUse:
        """The one job of this purpose's keys: wrap data keys, authenticate, or sign."""
        return _USES.get(self, KeyUse.MAC)


_USES = {Purpose.DATA: KeyUse.WRAP, Purpose.TOTP: KeyUse.WRAP, Purpose.SIGN: KeyUse.SIGN}

SYSTEM_PURPOSES = tuple(purpose for purpose in Purpose if purpose is not Purpose.DATA)
"""Purposes whose key belongs to the instance; ``data`` keys belong to organizations."""


class KeyState(StrEnum):
    """Where a tenant key is in its life, in order."""

    PENDING = "pending"
    """Made, and not yet known to every process: reads, does not write."""
    ACTIVE = "active"
    """The one that writes."""
    DECRYPT_ONLY = "decrypt_only"
    """Superseded: still reads."""
    RETIRED = "retired"
    """No row needs it. Kept for backups that do."""
    DESTROYED = "destroyed"
    """Its wrapped bytes are gone, and every value under it with them."""


LIVE_STATES = (KeyState.PENDING, KeyState.ACTIVE, KeyState.DECRYPT_ONLY)
"""States in which a key reads."""


def check_scope(scope: str, purpose: Purpose) -> None:
    """Raise ValueError unless keys of this purpose can belong to this scope.

    ``data`` keys belong to an organization (its uid as text, as ``str(uuid)`` writes it), all others to the instance.
    """
    if purpose is not Purpose.DATA:
        if scope != SYSTEM_SCOPE:
            raise ValueError(f"A {purpose} key belongs to the instance: its scope is {SYSTEM_SCOPE!r}.")
        return
    try:
        canonical = str(UUID(scope)) == scope
    except (ValueError, AttributeError, TypeError):
        canonical = False
    if not canonical:
        raise ValueError("A data key belongs to an organization: its scope is the organization's uid as text.")

"""What to do when a key was seen by somebody: new keys, new encryption, a proof, a list, a mail, a signed report."""

from collections.abc import Callable
from datetime import datetime

from vault.custody.models import KeyOperation
from vault.custody.services.authority import Requester


def declare_compromise(*, actor: Requester, scope: str | None, since: datetime | None = None) -> KeyOperation:
    """Begins the answer to a compromised key of an organization (None: to a compromised root key), or finds the one
    that is under way. `advance_compromise` does the work.

    Raises `AccessDenied`, `InstanceAdministratorsOnly`, `KeysDestroyed`, `RootKeyRefused`.
    """
    raise NotImplementedError


def advance_compromise(
    *,
    actor: Requester,
    operation: KeyOperation,
    seconds: float | None = None,
    force: bool = False,
    progress: Callable[[KeyOperation], None] | None = None,
) -> KeyOperation:
    """Goes on with the answer for about so many seconds (None: to its end). `result["phase"]` says where it is; at the
    end `result["report"]` is the uid of the `KeyReport`."""
    raise NotImplementedError

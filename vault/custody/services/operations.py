"""Moving rows under the active key, a batch at a time: by a page, a command or housekeeping, whoever comes."""

from vault.custody.kinds import OperationKind
from vault.custody.models import KeyOperation
from vault.custody.services.authority import Requester
from vault.keys.purposes import Purpose


def start_operation(*, actor: Requester, kind: OperationKind, scope: str, purpose: Purpose) -> KeyOperation:
    """Begins a rewrapping or reencryption; the one of the same kind that is under way, if there is one.

    A reencryption with nothing under older keys rotates first. Raises `AccessDenied`, `InstanceAdministratorsOnly`,
    `KeysDestroyed`, `OperationUnderWay` (the other kind is at work), `ValueError` for a purpose that moves no rows.
    """
    raise NotImplementedError


def advance_operation(*, actor: Requester, operation: KeyOperation, seconds: float = 1.0) -> KeyOperation:
    """Moves batches of rows for about so many seconds, and returns the operation as it is then.

    At the end (`state` is `done`) the keys that no row needs are retired. `stopped`, with a `problem`: only rows that
    do not open are left; `result["failures"]` lists them. Anybody may go on with what somebody else began, with the
    same right. Any number of callers at once share the rows.
    """
    raise NotImplementedError

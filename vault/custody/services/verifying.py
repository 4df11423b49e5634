"""Opening every value, to know that it opens."""

from collections.abc import Callable

from vault.custody.models import KeyOperation
from vault.custody.services.authority import Requester


def verify_values(
    *,
    actor: Requester,
    scope: str | None = None,
    sample: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> KeyOperation:
    """Opens all values (or a random `sample`) of a scope, or of the whole instance, and remembers what was found.

    The operation's `done` counts values that were opened; `result` has `failures` (a list of objects with `table`,
    `column`, `row`, `version`, `scope`, `key`, `problem`), `failed` (how many) and `by_table`. `progress` is called
    with (checked, total). Raises `AccessDenied`, `InstanceAdministratorsOnly`, `EventNotWritten`.
    """
    raise NotImplementedError

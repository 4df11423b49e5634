"""What must hold before Holdfast serves: every tenant key can be unwrapped with the root keys that are configured."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, ProgrammingError

from vault.crypto.errors import CryptoError
from vault.crypto.fingerprint import fingerprint
from vault.keys.models import WrappedKey
from vault.keys.providers import RootKeyProblem, root_key, root_keys
from vault.keys.purposes import KeyState


def verify_root_keys() -> None:
    """Return if a root key is configured and every wrapped key has a wrapping under one of those configured.

    Raises RootKeyProblem, which names the fingerprints needed and those configured, and what to do. Call it before
    serving. Asks the database once; unwraps nothing.
    """
    available = {key.key_id: key for key in root_keys()}
    rows = WrappedKey.objects.exclude(state=KeyState.DESTROYED.value).order_by()
    wrappings = rows.values_list("root_key_id", "next_root_key_id").distinct()
    needed = [[bytes(root_key_id) for root_key_id in either if root_key_id is not None] for either in wrappings]
    lacking = [either for either in needed if not available.keys() & set(either)]
    # Asked for by name, a root key is looked for again: one that was added since the start counts.
    missing = sorted({either[0] for either in lacking if all(root_key(each) is None for each in either)})
    if not missing:
        return
    raise RootKeyProblem(
        f"The tenant keys in the database need the root key{'s' if len(missing) > 1 else ''} "
        f"{', '.join(fingerprint(key_id) for key_id in missing)}. "
        f"Configured: {', '.join(key.fingerprint for key in available.values())}. "
        "Add each missing root key after the first in HOLDFAST_ROOT_KEY, or in the file that HOLDFAST_ROOT_KEY_FILE "
        "names, and restart. Without it the values under those tenant keys cannot be read; do not replace the database."
    )


@register(Tags.database)
def check_root_keys(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """System check ``keys.E001``: ``verify_root_keys``, where the default database is checked and migrated."""
    if not databases or "default" not in databases:
        return []
    try:
        verify_root_keys()
    except (OperationalError, ProgrammingError):
        return []  # before the first migration there is no key table, and nothing to unwrap
    except (CryptoError, ImproperlyConfigured) as problem:
        return [Error(str(problem), id="keys.E001")]
    return []

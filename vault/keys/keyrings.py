"""The unwrapped tenant keys of this process: frozen keyrings, swapped whole.

Only keys that are committed rows stay here. A key whose transaction was rolled back must not: values encrypted under
it could never be opened again.
"""

from itertools import count

from django.db import transaction

from vault.crypto.errors import KeyUnavailable
from vault.crypto.fingerprint import fingerprint
from vault.crypto.keyring import Keyring, TenantKey
from vault.crypto.rootkey import root_key_id_of, unwrap
from vault.keys.models import WrappedKey
from vault.keys.providers import root_keys
from vault.keys.purposes import LIVE_STATES, KeyState, Purpose

_rings: dict[tuple[str, str], tuple[int, Keyring]] = {}
"""(scope, purpose) → (ticket, keyring). One assignment swaps a keyring: readers need no lock, a fork copies it whole."""

_tickets = count(1)
"""Taken before a load queries. Of two loads that cross, the one that looked later stays."""

_uncommitted: set[bytes] = set()
"""Ids of keys that this process inserted and whose transaction has not committed, or was rolled back."""


class RootKeyUnavailable(KeyUnavailable):
    """A tenant key is wrapped by a root key that is not configured. Says which one, and where to add it."""

    def __init__(self, root_key_id: bytes) -> None:
        configured = ", ".join(key.fingerprint for key in root_keys())
        super().__init__(
            root_key_id,
            kind="root key",
            remedy=(
                f"Configured: {configured}. Add the missing one after the first in HOLDFAST_ROOT_KEY "
                "or in the file that HOLDFAST_ROOT_KEY_FILE names, and restart."
            ),
        )
        self.needed = fingerprint(root_key_id)


def keyring_for(scope: str, purpose: Purpose, *, needing: bytes | None = None) -> Keyring:
    """The keys of one scope and purpose, from memory, else from the database.

    ``needing``: a key id; if the ring in memory lacks it, the database is asked once more, because another process may
    have made that key. A ring without keys is not remembered. Raises RootKeyUnavailable, and what ``unwrap`` raises.
    """
    known = _rings.get((scope, purpose))
    if known is not None and (needing is None or needing in known[1]):
        return known[1]
    return _load(scope, Purpose(purpose))


def forget() -> None:
    """Drop every keyring and the root keys: the next use reads them again. For tests, and after a restore."""
    _rings.clear()
    _uncommitted.clear()
    root_keys.cache_clear()


def expect_commit(key_id: bytes) -> None:
    """Say that this transaction is about to insert a key: no keyring with it is remembered before it commits."""
    _uncommitted.add(key_id)
    transaction.on_commit(lambda: _uncommitted.discard(key_id))


def _load(scope: str, purpose: Purpose) -> Keyring:
    ticket = next(_tickets)
    ring = Keyring(scope, purpose.value)
    rows = WrappedKey.objects.filter(
        scope=scope, purpose=purpose.value, state__in=[state.value for state in LIVE_STATES]
    ).order_by("version")
    for row in rows:
        ring = ring.with_key(_unwrap(row, purpose), active=row.state == KeyState.ACTIVE.value)
    if len(ring) and not any(key.key_id in _uncommitted for key in ring):
        known = _rings.get((scope, purpose.value))
        if known is None or known[0] < ticket:
            _rings[(scope, purpose.value)] = (ticket, ring)
    return ring


def _unwrap(row: WrappedKey, purpose: Purpose) -> TenantKey:
    wrapped = bytes(row.wrapped)
    root_key_id = root_key_id_of(wrapped)
    for root_key in root_keys():
        if root_key.key_id == root_key_id:
            return unwrap(
                root_key,
                wrapped,
                scope=row.scope,
                purpose=purpose.value,
                version=row.version,
                use=purpose.use,
                key_id=bytes(row.key_id),
            )
    raise RootKeyUnavailable(root_key_id)

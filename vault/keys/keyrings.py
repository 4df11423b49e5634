"""The unwrapped tenant keys of this process: frozen keyrings, swapped whole.

Only keys that are committed rows stay here. A key whose transaction was rolled back must not: values encrypted under
it could never be opened again.
"""

import os
from itertools import count
from threading import Lock

from django.db import transaction

from vault.crypto.errors import WrongKey
from vault.crypto.keyring import Keyring, TenantKey
from vault.crypto.rootkey import root_key_id_of, unwrap
from vault.keys.models import WrappedKey
from vault.keys.providers import root_keys
from vault.keys.purposes import LIVE_STATES, KeyState, Purpose

_rings: dict[tuple[str, Purpose], Keyring] = {}
"""One assignment swaps a keyring: readers need no lock, and a fork copies the whole of it."""

_lock = Lock()
_tickets = count(1)
_loaded: dict[tuple[str, Purpose], int] = {}
"""The ticket, taken before its query, of the load that gave a keyring. Of two that cross, the later look stays."""

_uncommitted: set[bytes] = set()
"""Ids of keys that this process inserted and whose transaction has not committed, or was rolled back."""


class WrongRootKey(WrongKey):
    """A tenant key is wrapped by a root key that is not among those configured. Says which, and where to add it."""

    def __init__(self, needed: bytes) -> None:
        configured = ", ".join(key.fingerprint for key in root_keys())
        super().__init__(
            needed,
            what="root key",
            remedy=(
                f"Configured: {configured}. Add the needed one after the first in HOLDFAST_ROOT_KEY, "
                "or in the file that HOLDFAST_ROOT_KEY_FILE names, and restart."
            ),
        )


def keyring_for(scope: str, purpose: Purpose, *, needing: bytes | None = None) -> Keyring:
    """The keys of one scope and purpose, from memory, else from the database.

    ``needing``: a key id; if the ring in memory lacks it, the database is asked once more, because another process may
    have made that key. A ring without keys is not remembered.

    Raises RootKeyProblem, WrongRootKey, and what ``unwrap`` raises.
    """
    known = _rings.get((scope, purpose))
    if known is not None and (needing is None or needing in known):
        return known
    return _load(scope, Purpose(purpose))


def forget() -> None:
    """Drop every keyring and the root keys: the next use reads them again. For tests, and after a restore."""
    _rings.clear()
    _loaded.clear()
    _uncommitted.clear()
    root_keys.cache_clear()


def refresh() -> None:
    """Look now whether another process changed a key, and forget what is out of date."""
    _rings.clear()


def changed(scope: str, purpose: Purpose) -> None:
    """Say that this transaction changed a key of a scope and purpose."""
    _rings.pop((scope, purpose), None)
    transaction.on_commit(lambda: _rings.pop((scope, purpose), None))


def expect_commit(key_id: bytes) -> None:
    """Say that this transaction is about to insert a key: no keyring with it is remembered before it commits."""
    _uncommitted.add(key_id)
    transaction.on_commit(lambda: _uncommitted.discard(key_id))


def _unlock_after_fork() -> None:
    global _lock  # noqa: PLW0603 - a fork while another thread held the lock would leave it held for ever
    _lock = Lock()


os.register_at_fork(after_in_child=_unlock_after_fork)


def _load(scope: str, purpose: Purpose) -> Keyring:
    ticket = next(_tickets)
    ring = Keyring(scope, purpose.value)
    rows = WrappedKey.objects.filter(
        scope=scope, purpose=purpose.value, state__in=[state.value for state in LIVE_STATES]
    ).order_by("version")
    for row in rows:
        ring = ring.with_key(_unwrap(row, purpose), active=row.state == KeyState.ACTIVE.value)
    if len(ring) and not any(key.key_id in _uncommitted for key in ring):
        with _lock:
            if _loaded.get((scope, purpose), 0) < ticket:
                _loaded[scope, purpose] = ticket
                _rings[scope, purpose] = ring
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
    raise WrongRootKey(root_key_id)

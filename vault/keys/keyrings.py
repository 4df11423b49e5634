"""The unwrapped tenant keys of this process: frozen keyrings, swapped whole.

What stays here is only what is committed. A transaction that makes or changes keys reads the database for itself until
it ends: a key of a transaction that was rolled back must not be used, values under it could never be opened again.

A change by another process is seen when the generation is looked at (``generation``), and before that when a value
names a key that is not here. A keyring that is out of date is read again; the keys in it that are still there are not
unwrapped again, so that what a process has in memory outlives a source of root keys that fails.
"""

import logging
import os
import threading
from itertools import count
from threading import Lock

from django.db import connection, transaction
from django.db.models import Q

from vault.crypto.errors import CryptoError, UnsupportedFormat, WrongKey
from vault.crypto.keyring import Keyring, KeyUse, TenantKey
from vault.crypto.rootkey import root_key_id_of, unwrap
from vault.keys import generation, processes, providers
from vault.keys.models import WrappedKey
from vault.keys.providers import RootKeyProblem, RootKeyUnavailable, on_dropped, root_keys
from vault.keys.purposes import LIVE_STATES, KeyState, Purpose

logger = logging.getLogger(__name__)

_LIVE = [state.value for state in LIVE_STATES]

_rings: dict[tuple[str, Purpose], Keyring] = {}
"""One assignment swaps a keyring: readers need no lock, and a fork copies the whole of it."""

_spare: dict[bytes, TenantKey] = {}
"""Keys of rings that are out of date, until the rings are read again."""

_lock = Lock()
_tickets = count(1)
_loaded: dict[tuple[str, Purpose], int] = {}
"""The ticket, taken before its query, of the load that gave a keyring. Of two that cross, the later look stays."""

_outdated = 0
"""The last ticket when everything became out of date: what was read before it is not remembered."""

_generation: int | None = None
"""The generation that the keyrings belong to."""


class _Here(threading.local):
    changing = False
    """Whether this thread's transaction may have changed keys."""


_here = _Here()


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


class _OwnChange:
    """A mark in a transaction: it changed keys of one scope and purpose. Dropped with a rollback, also to a savepoint.

    While it is there, every use reads the database, and nothing of it is remembered.
    """

    def __init__(self, scope: str, purpose: Purpose, made: bytes | None) -> None:
        self.place = (scope, purpose)
        self.made = made

    def __call__(self) -> None:
        """The transaction is committed."""
        _expire([self.place])


def keyring_for(scope: str, purpose: Purpose, *, needing: bytes | None = None) -> Keyring:
    """The keys of one scope and purpose, from memory, else from the database.

    ``needing``: a key id; if the ring in memory lacks it, the database is asked once more, because another process may
    have made that key. A retired key is given only when it is needed, with a warning in the log. A ring without keys is
    not remembered. To encrypt, take ``writing.keyring_to_write``.

    Raises RootKeyProblem (RootKeyUnavailable while a provider does not answer), WrongRootKey, and what ``unwrap``
    raises.
    """
    if _here.changing and is_changed_here(scope, purpose):
        return _read(scope, Purpose(purpose), needing)
    if generation.is_due():
        refresh()
    known = _rings.get((scope, purpose))
    if known is not None and (needing is None or needing in known):
        return known
    return _load(scope, Purpose(purpose), needing)


def reload(scope: str, purpose: Purpose) -> Keyring:
    """As ``keyring_for``, from the database as it is now."""
    return (_read if is_changed_here(scope, purpose) else _load)(scope, purpose, None)


def refresh() -> None:
    """Look now whether another process changed a key, and forget what is out of date.

    Does nothing in a transaction that changed keys itself: what it sees of the number may be rolled back.
    """
    global _generation  # noqa: PLW0603 - the one number that the module is about
    if _own_changes():
        return
    number = generation.number()
    generation.looked()
    if number != _generation:
        _expire(list(_rings))
        _generation = number
        if _spare:
            destroyed = WrappedKey.objects.filter(state=KeyState.DESTROYED.value)
            for key_id in destroyed.values_list("key_id", flat=True):
                _spare.pop(bytes(key_id), None)
    processes.seen()


def changed(scope: str, purpose: Purpose, *, made: bytes | None = None) -> None:
    """Say that this transaction makes or changes a key: until it ends, it reads the keys of this place for itself.

    ``made``: the id of the key, if it is new.
    """
    _here.changing = True
    transaction.on_commit(_OwnChange(scope, purpose, made))


def is_changed_here(scope: str, purpose: Purpose) -> bool:
    """Whether this transaction made or changed a key of a scope and purpose."""
    return _here.changing and any(mark.place == (scope, purpose) for mark in _own_changes())


def is_made_here(key_id: bytes) -> bool:
    """Whether this transaction made that key: nobody else has it, and nobody will if it is rolled back."""
    return _here.changing and any(mark.made == key_id for mark in _own_changes())


def drop() -> None:
    """Forget every tenant key in memory: the next use unwraps it again, with root keys that must be there."""
    global _outdated, _generation
    with _lock:
        _outdated, _generation = next(_tickets), None
        _rings.clear()
        _loaded.clear()
        _spare.clear()


def forget() -> None:
    """``drop``, and the root keys as well: the next use reads them again. For tests, and after a restore."""
    drop()
    providers.forget()


def _expire(places: list[tuple[str, Purpose]]) -> None:
    """Have keyrings read again at their next use; what somebody is reading just now is not remembered either."""
    global _outdated  # noqa: PLW0603 - as in refresh
    with _lock:
        _outdated = next(_tickets)
        for place in places:
            for key in _rings.pop(place, ()):
                _spare[key.key_id] = key


def _after_fork() -> None:
    global _lock  # noqa: PLW0603 - a fork while another thread held the lock would leave it held for ever
    _lock = Lock()


os.register_at_fork(after_in_child=_after_fork)
on_dropped(drop)


def _own_changes() -> list[_OwnChange]:
    """The marks in this transaction."""
    if not _here.changing:
        return []
    entries = [entry[1] for entry in connection.run_on_commit]
    marks = [entry for entry in entries if isinstance(entry, _OwnChange)]
    _here.changing = bool(marks)
    return marks


def _load(scope: str, purpose: Purpose, needing: bytes | None) -> Keyring:
    ticket = next(_tickets)
    ring = _read(scope, purpose, needing)
    if len(ring):
        with _lock:
            if max(_loaded.get((scope, purpose), 0), _outdated) < ticket:
                _loaded[scope, purpose] = ticket
                _rings[scope, purpose] = ring
                for key in ring:
                    _spare.pop(key.key_id, None)
    return ring


def _read(scope: str, purpose: Purpose, needing: bytes | None) -> Keyring:
    """The live keys, and of the retired ones those that were needed before or are now.

    An older key that does not open, and that nobody needs now, is left out: it must not close what is under the others.
    Not so a pepper, without which a lookup would find nothing, silently.
    """
    in_memory = {key.key_id: key for key in _rings.get((scope, purpose), ())}
    wanted = [*in_memory, *([needing] if needing is not None else [])]
    rows = WrappedKey.objects.filter(scope=scope, purpose=purpose.value).filter(
        Q(state__in=_LIVE) | Q(state=KeyState.RETIRED.value, key_id__in=wanted)
    )
    ring = Keyring(scope, purpose.value)
    for row in rows.order_by("version"):
        key_id = bytes(row.key_id)
        if row.state == KeyState.RETIRED.value and key_id not in in_memory:
            logger.warning(
                "The retired %s key %s of %s is still needed: a row names it. It opens what it wrapped until it is "
                "destroyed; run `manage.py keys reencrypt` first.",
                purpose.value,
                row.fingerprint,
                scope,
            )
        try:
            key = in_memory.get(key_id) or _spare.get(key_id) or _unwrap(row, purpose)
        except (CryptoError, RootKeyProblem) as problem:
            if key_id == needing or row.state == KeyState.ACTIVE.value or purpose.use is KeyUse.MAC:
                raise
            logger.error(  # noqa: TRY400 - the message says all, and a traceback has no place in the log of a read
                "The older key %s does not open, nor what is under it: %s", row.fingerprint, problem
            )
            continue
        ring = ring.with_key(key, active=row.state == KeyState.ACTIVE.value)
    return ring


def _unwrap(row: WrappedKey, purpose: Purpose) -> TenantKey:
    """The key in a row, from the first of its wrappings that opens. Raises as ``keyring_for``."""
    problem: CryptoError | RootKeyProblem | None = None
    for wrapped in (row.wrapped, row.next_wrapped):
        if wrapped is None:
            continue
        try:
            return _unwrap_one(row, bytes(wrapped), purpose)
        except (CryptoError, RootKeyProblem) as failure:
            # What waiting mends, and after that what is wrong with a wrapping, says more than a missing root key.
            if problem is None or isinstance(failure, RootKeyUnavailable) or isinstance(problem, WrongRootKey):
                problem = failure
    raise problem or UnsupportedFormat(None, what="wrapped key")


def _unwrap_one(row: WrappedKey, wrapped: bytes, purpose: Purpose) -> TenantKey:
    root_key = providers.root_key(root_key_id_of(wrapped))
    if root_key is None:
        raise WrongRootKey(root_key_id_of(wrapped))
    return unwrap(
        root_key,
        wrapped,
        scope=row.scope,
        purpose=purpose.value,
        version=row.version,
        use=purpose.use,
        key_id=bytes(row.key_id),
    )

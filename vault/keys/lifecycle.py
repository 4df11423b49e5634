"""The states of a tenant key's life, one after the other: the only code that changes them.

pending -> active -> decrypt_only -> retired -> destroyed. Every step takes the lock of the generation first, so that
steps never deadlock with each other, makes its number larger, so that every process looks again, and does nothing if
it was done before.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from vault.crypto.errors import CryptoError, KeyUnavailable
from vault.crypto.fingerprint import KEY_ID_SIZE
from vault.keys import generation, keyrings
from vault.keys.models import WrappedKey
from vault.keys.purposes import KeyState, Purpose, check_scope
from vault.keys.services import insert_key

PATIENCE_SECONDS = 15
"""How long a key is not given up because somebody writes under it. Who makes or changes any other key waits as well."""


class WrongKeyState(CryptoError):
    """A key is not in the state in which this can be done. Names the key, its state and the states that would do."""

    def __init__(self, key: WrappedKey, *wanted: KeyState) -> None:
        super().__init__(
            f"The {key.purpose} key {key.fingerprint} of {key.scope} is {key.state}; "
            f"this is for a key that is {' or '.join(wanted)}."
        )


class KeyStillNeeded(CryptoError):
    """Rows are still under a key that was to be given up. ``rows``: how many."""

    def __init__(self, key: WrappedKey, rows: int) -> None:
        self.rows = rows
        super().__init__(
            f"{rows:,} row{'s are' if rows != 1 else ' is'} still under the {key.purpose} key {key.fingerprint} of "
            f"{key.scope}. Move them to the active key first."
        )


class KeyInUse(KeyUnavailable):
    """Somebody has been writing under a key for long. Nothing was changed; trying again may help."""

    def __init__(self, scope: str) -> None:
        self.key_id = bytes(KEY_ID_SIZE)
        Exception.__init__(
            self,
            f"Somebody is writing under a key of {scope} at this moment, and has not finished within "
            f"{PATIENCE_SECONDS} seconds. Nothing was changed. Try again in a minute.",
        )


class Activation(NamedTuple):
    """What ``activate`` did. ``active``: the key that writes now. ``superseded``: the one that wrote before; None if
    there was none, or nothing to do."""

    active: WrappedKey
    superseded: WrappedKey | None


@transaction.atomic
def add_pending_key(*, scope: str, purpose: Purpose) -> WrappedKey:
    """The pending key of a scope and purpose, made now if there is none. Commit it before ``activate``.

    Raises ValueError if such keys cannot belong to the scope, RootKeyProblem without a root key.
    """
    purpose = Purpose(purpose)
    check_scope(scope, purpose)
    generation.advance()
    pending = WrappedKey.objects.filter(scope=scope, purpose=purpose.value, state=KeyState.PENDING.value).first()
    if pending is not None:
        return pending
    return insert_key(scope, purpose, state=KeyState.PENDING)


@transaction.atomic
def activate(key: WrappedKey) -> Activation:
    """Make a pending key the one that writes; the one that wrote before only reads from now on.

    Does nothing if it was activated before, also when another one has superseded it since: two who rotate at once may
    have the same pending key in hand. Raises WrongKeyState for a key that was destroyed.
    """
    generation.advance()
    key = _locked(key)
    now = timezone.now()
    superseded = (
        WrappedKey.objects.select_for_update(no_key=True)
        .filter(scope=key.scope, purpose=key.purpose, state=KeyState.ACTIVE.value)
        .first()
    )
    if key.state != KeyState.PENDING.value:
        if superseded is None or key.state == KeyState.DESTROYED.value:
            raise WrongKeyState(key, KeyState.PENDING)
        return Activation(superseded, None)
    if superseded is not None:
        superseded.state, superseded.superseded_at = KeyState.DECRYPT_ONLY.value, now
        superseded.save(update_fields=["state", "superseded_at"])
    key.state, key.activated_at = KeyState.ACTIVE.value, now
    key.save(update_fields=["state", "activated_at"])
    _changed(key, *([superseded] if superseded else []))
    return Activation(key, superseded)


@transaction.atomic
def retire(key: WrappedKey, *, rows_left: Callable[[WrappedKey], int]) -> WrappedKey:
    """Give up a superseded key that no row needs. It still opens what turns up after all, until it is destroyed.

    ``rows_left(key)``: the rows under a key, counted after everybody who was writing under it has committed. Does
    nothing to a key that is retired. Raises KeyStillNeeded, WrongKeyState, KeyInUse.
    """
    generation.advance()
    key = _locked(key, against_writers=True)
    if key.state == KeyState.RETIRED.value:
        return key
    if key.state != KeyState.DECRYPT_ONLY.value:
        raise WrongKeyState(key, KeyState.DECRYPT_ONLY)
    _refuse_if_needed(key, rows_left)
    key.state, key.retired_at = KeyState.RETIRED.value, timezone.now()
    key.save(update_fields=["state", "retired_at"])
    _changed(key)
    return key


@transaction.atomic
def destroy(key: WrappedKey, *, rows_left: Callable[[WrappedKey], int]) -> WrappedKey:
    """Empty a retired key for ever: not even backups of the rows open without a backup of this table.

    Does nothing to a key that is destroyed. Raises KeyStillNeeded, WrongKeyState, KeyInUse.
    """
    generation.advance()
    key = _locked(key, against_writers=True)
    if key.state == KeyState.DESTROYED.value:
        return key
    if key.state != KeyState.RETIRED.value:
        raise WrongKeyState(key, KeyState.RETIRED)
    _refuse_if_needed(key, rows_left)
    _empty(key)
    return key


@transaction.atomic
def destroy_scope(scope: str) -> list[WrappedKey]:
    """Empty every key of an organization, in whatever state and whoever needs it: shreds all its values.

    Gives the keys that this call destroyed. Raises ValueError for the scope of the instance, KeyInUse.
    """
    check_scope(scope, Purpose.DATA)
    generation.advance()
    alive = WrappedKey.objects.filter(scope=scope).exclude(state=KeyState.DESTROYED.value)
    with _patience(scope):
        keys = list(alive.select_for_update().order_by("version"))
    for key in keys:
        _empty(key)
    return keys


def _locked(key: WrappedKey, *, against_writers: bool = False) -> WrappedKey:
    """The row as it is now. ``against_writers``: wait for all that hold the fence of this key (``writing``)."""
    if not against_writers:
        return WrappedKey.objects.select_for_update(no_key=True).get(pk=key.pk)
    with _patience(key.scope):
        return WrappedKey.objects.select_for_update().get(pk=key.pk)


@contextmanager
def _patience(scope: str) -> Iterator[None]:
    """Wait for locks so long and no longer: a writer whose machine is gone is there until the database notices."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{PATIENCE_SECONDS}s"])
        try:
            yield
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise KeyInUse(scope) from None
            raise
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])


def _refuse_if_needed(key: WrappedKey, rows_left: Callable[[WrappedKey], int]) -> None:
    rows = rows_left(key)
    if rows:
        raise KeyStillNeeded(key, rows)


def _empty(key: WrappedKey) -> None:
    key.state, key.destroyed_at = KeyState.DESTROYED.value, timezone.now()
    key.wrapped, key.next_root_key_id, key.next_wrapped = b"", None, None
    key.save(update_fields=["state", "destroyed_at", "wrapped", "next_root_key_id", "next_wrapped"])
    _changed(key)


def _changed(*keys: WrappedKey) -> None:
    for key in keys:
        keyrings.changed(key.scope, Purpose(key.purpose))

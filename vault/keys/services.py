"""Making tenant keys: the only code that writes the key table."""

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from vault.keys import keyrings
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_PURPOSES, SYSTEM_SCOPE, KeyState, Purpose, check_scope
from vault.keys.rootkeys import wrap_new


def create_tenant_key(*, scope: str, purpose: Purpose) -> WrappedKey:
    """The active key of a scope and purpose, made now if there is none.

    Any number of processes may ask at once: the database admits one active key, and the others get that one. Raises
    ValueError if such keys cannot belong to the scope, RootKeyProblem without a root key.
    """
    purpose = Purpose(purpose)
    check_scope(scope, purpose)
    existing = _active_key(scope, purpose)
    if existing is not None:
        return existing
    try:
        with transaction.atomic():
            return insert_key(scope, purpose, state=KeyState.ACTIVE)
    except IntegrityError:
        # Another process was first: its transaction has ended, or the INSERT would still be waiting for it.
        existing = _active_key(scope, purpose)
        if existing is None:
            raise
        return existing


def ensure_system_keys() -> list[WrappedKey]:
    """The active keys that the instance itself needs, one per purpose, made now where there is none."""
    return [create_tenant_key(scope=SYSTEM_SCOPE, purpose=purpose) for purpose in SYSTEM_PURPOSES]


def _active_key(scope: str, purpose: Purpose) -> WrappedKey | None:
    return WrappedKey.objects.filter(scope=scope, purpose=purpose.value, state=KeyState.ACTIVE.value).first()


def insert_key(scope: str, purpose: Purpose, *, state: KeyState) -> WrappedKey:
    """A new key of the next version in this transaction, ``ACTIVE`` or ``PENDING``. For this module and ``lifecycle``.

    Raises IntegrityError if another transaction inserts one at the same time, RootKeyProblem without a root key.
    """
    versions = WrappedKey.objects.filter(scope=scope, purpose=purpose.value).aggregate(last=Max("version"))
    version = (versions["last"] or 0) + 1
    key_id, wrappings = wrap_new(scope=scope, purpose=purpose, version=version)
    keyrings.changed(scope, purpose, made=key_id)
    now = timezone.now()
    return WrappedKey.objects.create(
        scope=scope,
        purpose=purpose.value,
        version=version,
        state=state.value,
        key_id=key_id,
        **wrappings,
        created_at=now,
        activated_at=now if state is KeyState.ACTIVE else None,
    )

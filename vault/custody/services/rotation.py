"""New versions of tenant keys, and the end of old ones."""

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from audit.actions import Action
from audit.services import append
from audit.system_keys import key_resource
from vault.custody.errors import ConfirmationMismatch, KeyRefused
from vault.custody.services.authority import HOUSEKEEPER, Requester, audit_actor, authorize_scope
from vault.fields import census
from vault.keys import counting, lifecycle
from vault.keys.models import WrappedKey
from vault.keys.purposes import KeyState, Purpose


def rotate_key(*, actor: Requester, scope: str, purpose: Purpose) -> WrappedKey:
    """A new active key of that scope and purpose, in two phases; the one before still reads. Returns the new one.

    Killed between the phases, the next call goes on with the key that is pending; of two calls at once, one rotates.
    Raises `AccessDenied`, `InstanceAdministratorsOnly`, `KeysDestroyed`, `EventNotWritten`, `ValueError` for a purpose
    that the scope has no keys of.
    """
    purpose = Purpose(purpose)
    with transaction.atomic(durable=True):  # durable: every process can read the key before anybody writes under it
        organization_id = authorize_scope(actor, scope)
        waiting = _in_state(scope, purpose, KeyState.PENDING)
        pending = lifecycle.add_pending_key(scope=scope, purpose=purpose)
        if waiting is None:
            _append(actor, Action.KEY_CREATED, pending, organization_id)
    with transaction.atomic(durable=True):
        organization_id = authorize_scope(actor, scope)
        now = WrappedKey.objects.get(pk=pending.pk)
        if now.state != KeyState.PENDING.value:  # somebody else activated it meanwhile, with the event
            return _in_state(scope, purpose, KeyState.ACTIVE) or now
        active, superseded = lifecycle.activate(now)
        _append(
            actor,
            Action.KEY_ROTATED,
            active,
            organization_id,
            {"from": superseded.version if superseded else None, "to": active.version},
        )
    return active


def retire_unneeded(*, actor: Requester, scope: str, purpose: Purpose) -> list[WrappedKey]:
    """Retires every superseded key of that scope and purpose that no row needs, and returns those.

    Never a key that signed: what it signed is out in the world, and is checked with it. Raises `AccessDenied`,
    `InstanceAdministratorsOnly`, `KeysDestroyed`, `EventNotWritten`.
    """
    if purpose is Purpose.SIGN:
        return []
    retired = []
    with transaction.atomic(durable=True):
        organization_id = authorize_scope(actor, scope)
        superseded = list(
            WrappedKey.objects.filter(scope=scope, purpose=purpose, state=KeyState.DECRYPT_ONLY.value).order_by(
                "version"
            )
        )
        rows = census.rows_under(superseded)
        for key in superseded:
            if rows.get(key.uid, 0):
                continue
            try:
                retired.append(lifecycle.retire(key, rows_left=census.rows_left))
            except lifecycle.KeyStillNeeded:
                continue  # somebody was writing under it when it was counted the first time
            _append(actor, Action.KEY_RETIRED, key, organization_id)
    return retired


def destroy_key(*, actor: Requester, key: WrappedKey, confirmation: str) -> WrappedKey:
    """Destroys a retired key for good, with its fingerprint typed as `confirmation`. Backups under it never open again.

    Nothing happens to one that is destroyed. Raises `ConfirmationMismatch`, `KeyRefused` for a key that is not retired
    or that a row needs, `AccessDenied`, `InstanceAdministratorsOnly`, `EventNotWritten`.
    """
    with transaction.atomic():
        organization_id = authorize_scope(actor, key.scope)
        if confirmation.strip().lower() != key.fingerprint:
            raise ConfirmationMismatch("This is not the fingerprint of the key. Type it exactly as it is shown.")
        if WrappedKey.objects.filter(pk=key.pk, state=KeyState.DESTROYED.value).exists():
            return WrappedKey.objects.get(pk=key.pk)
        try:
            destroyed = lifecycle.destroy(key, rows_left=census.rows_left)
        except (lifecycle.WrongKeyState, lifecycle.KeyStillNeeded) as refused:
            raise KeyRefused(f"{refused} Only a retired key that no row needs can be destroyed.") from refused
        _append(actor, Action.KEY_DESTROYED, destroyed, organization_id)
    return destroyed


def rotate_due_keys() -> list[WrappedKey]:
    """Rotates the keys that have wrapped `KEY_WRAP_ROTATE_AT` times, and returns the new ones. For housekeeping."""
    bound = settings.KEY_WRAP_ROTATE_AT
    beyond = [key_id for key_id, wraps in counting.reserved().items() if wraps >= bound]
    worn = WrappedKey.objects.filter(Q(wraps__gte=bound) | Q(key_id__in=beyond), state=KeyState.ACTIVE.value)
    return [rotate_key(actor=HOUSEKEEPER, scope=key.scope, purpose=Purpose(key.purpose)) for key in worn]


def _in_state(scope: str, purpose: Purpose, state: KeyState) -> WrappedKey | None:
    return WrappedKey.objects.filter(scope=scope, purpose=purpose.value, state=state.value).first()


def _append(
    actor: Requester,
    action: Action,
    key: WrappedKey,
    organization_id: UUID | None,
    details: dict[str, object] | None = None,
) -> None:
    append(
        actor=audit_actor(actor),
        action=action,
        organization_id=organization_id,
        resource=key_resource(key),
        key_id=bytes(key.key_id),
        details={"purpose": key.purpose, **(details or {})},
    )

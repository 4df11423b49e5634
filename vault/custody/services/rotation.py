"""New versions of tenant keys, and the end of old ones."""

from vault.custody.services.authority import Requester
from vault.keys.models import WrappedKey
from vault.keys.purposes import Purpose


def rotate_key(*, actor: Requester, scope: str, purpose: Purpose) -> WrappedKey:
    """A new active key of that scope and purpose, in two phases; the one before still reads. Returns the new one.

    Killed between the phases, the next call goes on with the key that is pending. Raises `AccessDenied`,
    `InstanceAdministratorsOnly`, `KeysDestroyed`, `EventNotWritten`.
    """
    raise NotImplementedError


def retire_unneeded(*, actor: Requester, scope: str, purpose: Purpose) -> list[WrappedKey]:
    """Retires every superseded key of that scope and purpose that no row needs, and returns those."""
    raise NotImplementedError


def destroy_key(*, actor: Requester, key: WrappedKey, confirmation: str) -> WrappedKey:
    """Destroys a retired key for good, with its fingerprint typed as `confirmation`. Backups under it never open again.

    Raises `ConfirmationMismatch`, `KeyRefused` for a key that is not retired or that a row needs.
    """
    raise NotImplementedError


def rotate_due_keys() -> list[WrappedKey]:
    """Rotates the keys that have wrapped `KEY_WRAP_ROTATE_AT` times, and returns the new ones. For housekeeping."""
    raise NotImplementedError

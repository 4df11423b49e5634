"""PKCS#11: an AES-256 key in a hardware security module (or smart card) encrypts the root key with AES-GCM.

Ciphertext: ``nonce 12 | ciphertext 32 | tag 16``; the AAD is the context.
"""

import hashlib
import os
import threading
from contextlib import suppress
from typing import Any

from vault.crypto import aead
from vault.crypto.secrecy import scrubbed
from vault.keys.providers.base import RootKeyProblem, RootKeyUnavailable
from vault.keys.providers.remote import library, secret, setting

_EXTRA = "pkcs11"
_module = threading.Lock()
"""A module is initialized without locks of its own, and logged in or not as a whole process."""

_loaded: set[str] = set()
"""The modules that this process has loaded."""

_refused_pins: set[bytes] = set()
"""Digests of PINs that a token refused. They are not tried again: after a few attempts a token locks itself."""


class Pkcs11:
    """The secret key ``HOLDFAST_PKCS11_KEY_LABEL`` on the token ``HOLDFAST_PKCS11_TOKEN``."""

    def __init__(self) -> None:
        self._so = setting("PKCS11_MODULE")
        self._token = setting("PKCS11_TOKEN")
        self._label = setting("PKCS11_KEY_LABEL")

    @property
    def description(self) -> str:
        """As ``RemoteProvider.description``."""
        return f"PKCS#11 key {self._label} on token {self._token}"

    @scrubbed
    def encrypt(self, material: bytes, *, context: bytes) -> bytes:
        """As ``RemoteProvider.encrypt``."""
        nonce = os.urandom(aead.NONCE_SIZE)
        return nonce + self._ask("encrypt", material, nonce, context)

    @scrubbed
    def decrypt(self, ciphertext: bytes, *, context: bytes) -> bytes:
        """As ``RemoteProvider.decrypt``."""
        if len(ciphertext) != aead.NONCE_SIZE + aead.KEY_SIZE + aead.TAG_SIZE:
            raise RootKeyProblem("The sealed root key has not the length of one that PKCS#11 sealed. Restore it.")
        return self._ask("decrypt", ciphertext[aead.NONCE_SIZE :], ciphertext[: aead.NONCE_SIZE], context)

    def _ask(self, operation: str, content: bytes, nonce: bytes, context: bytes) -> bytes:
        pkcs11 = library("pkcs11", extra=_EXTRA)
        pin = secret("PKCS11_PIN")
        digest = hashlib.sha256(f"{self._token}\0{pin}".encode()).digest()
        if digest in _refused_pins:
            raise RootKeyProblem(self._wrong_pin())
        found = False
        try:
            with _module, self._find_token(pkcs11).open(user_pin=pin) as session:
                key = session.get_key(
                    object_class=pkcs11.ObjectClass.SECRET_KEY, key_type=pkcs11.KeyType.AES, label=self._label
                )
                # Modules differ in what they call a tag that does not match, some call it a general error. A key that
                # encrypts at this moment shows that it is the ciphertext.
                found = bool(self._use(pkcs11, key, "encrypt", b"", os.urandom(aead.NONCE_SIZE), b""))
                return self._use(pkcs11, key, operation, content, nonce, context)
        except pkcs11.PinIncorrect:
            _refused_pins.add(digest)
            failure = RootKeyProblem(self._wrong_pin())
        except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
            failure = self._not_opened(type(error).__name__) if found else self._refusal(type(error).__name__)
            self._restart(pkcs11)
        raise failure

    @staticmethod
    def _use(pkcs11: Any, key: Any, operation: str, content: bytes, nonce: bytes, context: bytes) -> bytes:
        parameters = pkcs11.GCMParams(nonce, aad=context, tag_bits=8 * aead.TAG_SIZE)
        answer = getattr(key, operation)(content, mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=parameters)
        return bytes(answer)

    def _find_token(self, pkcs11: Any) -> Any:
        """The token, as the module sees it now: it may have been pulled out and put back."""
        _loaded.add(self._so)
        return pkcs11.lib(self._so).get_token(token_label=self._token)

    def _restart(self, pkcs11: Any) -> None:
        """Have the module begin anew at the next use: some remember a token that has gone even when it is back."""
        with _module, suppress(pkcs11.PKCS11Error):
            pkcs11.lib(self._so).finalize()

    def _wrong_pin(self) -> str:
        return (
            f"{self.description}: the PIN is wrong, and it is not tried again, so that the token does not lock itself. "
            "Correct HOLDFAST_PKCS11_PIN or its file."
        )

    def _not_opened(self, kind: str) -> RootKeyProblem:
        return RootKeyProblem(
            f"{self.description} does not open the sealed root key ({kind}). It was altered, or sealed by another key, "
            "or belongs to another root key. Restore the sealed text."
        )

    def _refusal(self, kind: str) -> RootKeyProblem:
        if kind in {"PinLocked", "PinExpired", "PinLenRange", "PinInvalid", "UserPinNotInitialized"}:
            return RootKeyProblem(f"{self.description}: the token refuses the PIN ({kind}). Set it anew on the token.")
        if kind in {"MultipleObjectsReturned", "MultipleTokensReturned"}:
            return RootKeyProblem(f"{self.description}: there are several of that name. Rename all but one.")
        if kind in {"MechanismInvalid", "KeyTypeInconsistent", "MechanismParamInvalid"}:
            return RootKeyProblem(f"{self.description} cannot do AES-GCM with a nonce of 12 bytes ({kind}).")
        if kind == "NoSuchKey":
            return RootKeyUnavailable(f"{self.description} is not there. Check HOLDFAST_PKCS11_KEY_LABEL.")
        if kind in {"NoSuchToken", "TokenNotPresent", "DeviceRemoved"}:
            return RootKeyUnavailable(f"{self.description}: no such token is present ({kind}).")
        return RootKeyUnavailable(f"{self.description} does not work ({kind}). Check HOLDFAST_PKCS11_MODULE.")


def _begin_anew_after_fork() -> None:
    """A module must be initialized again in a new process (PKCS#11 2.40, section 5.4)."""
    global _module  # noqa: PLW0603 - a fork while another thread held the lock would leave it held for ever
    _module = threading.Lock()
    if _loaded:
        import pkcs11

        for so in _loaded:
            with suppress(pkcs11.PKCS11Error):
                pkcs11.lib(so).finalize()


os.register_at_fork(after_in_child=_begin_anew_after_fork)

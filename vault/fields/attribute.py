"""The attribute of an encrypted field."""

from typing import TYPE_CHECKING, Any

from django.db import models

from vault.crypto.aead import NotAuthentic
from vault.crypto.envelope import decrypt_in_context
from vault.crypto.errors import CryptoError
from vault.fields.stored import Envelope, Opened, Unsaved
from vault.keys.keyrings import keyring_for

if TYPE_CHECKING:
    from vault.fields.base import EncryptedField

_ENVELOPE, _VALUE = Opened.ENVELOPE, Opened.VALUE


class EncryptedValue:
    """The attribute of an encrypted field: decrypts on first access, remembers, and marks what is assigned."""

    def __init__(self, field: "EncryptedField") -> None:
        self.field = field
        self._attname = field.attname
        self._opened_name = field.opened_name
        self._context = field.context
        self._purpose = field.purpose
        self._from_plaintext = field.from_plaintext

    def __repr__(self) -> str:
        return f"<EncryptedValue {self.field}>"

    def __get__(self, instance: models.Model | None, owner: type | None = None) -> Any:
        """The plaintext; None while none was assigned.

        Raises what ``vault.crypto.envelope.decrypt`` and ``vault.keys.keyrings.keyring_for`` raise.
        """
        if instance is None:
            return self
        state = instance.__dict__
        held = state.get(self._attname)
        opened = state.get(self._opened_name)
        if opened is not None and opened[_ENVELOPE] is held:
            return opened[_VALUE]
        if held.__class__ is not bytes:
            held = self.field.held(instance)
            if isinstance(held, Unsaved):
                return held.value
            if held is None:
                return None
        scope, context = self._context(instance)
        try:
            plaintext = decrypt_in_context(keyring_for(scope, self._purpose), held, context)
        except (CryptoError, NotAuthentic):
            plaintext = self.field.decrypt(held, self.field.binding(instance))  # once more, with all that can be told
        value = self._from_plaintext(plaintext)
        state[self._opened_name] = Opened((held, context, value))
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        """Take a plaintext, which the next save encrypts, or an Envelope as it is.

        Raises PlaintextRefused for an expression or a value of another type, ValueError for a text that is not Unicode,
        ValueTooLarge beyond 4 MiB.
        """
        instance.__dict__.pop(self._opened_name, None)
        if value is not None and not isinstance(value, Envelope):
            value = self.field.unsaved(value)
        instance.__dict__[self._attname] = value

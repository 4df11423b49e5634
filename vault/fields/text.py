"""A text, encrypted."""

from contextlib import suppress
from typing import Any

from vault.fields.base import EncryptedField
from vault.keys.purposes import Purpose


class EncryptedTextField(EncryptedField):
    """One text, encrypted. By default a system value under the ``totp`` key, bound to the row's ``uid``."""

    def __init__(
        self,
        verbose_name: str | None = None,
        name: str | None = None,
        *,
        purpose: Purpose = Purpose.TOTP,
        scope: str | None = None,
        row: str = "uid",
        row_version: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(verbose_name, name, purpose=purpose, scope=scope, row=row, row_version=row_version, **options)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path.replace("vault.fields.text.", "vault.fields."), args, kwargs

    def to_plaintext(self, value: Any) -> bytes:
        """UTF-8. Raises PlaintextRefused for anything but a str, ValueError for a lone surrogate."""
        if not isinstance(value, str):
            raise self.refusal(f"takes a text, not {type(value).__name__}")
        return utf8(value, self)

    def from_plaintext(self, plaintext: bytes) -> str:
        """The text."""
        return plaintext.decode()


def utf8(text: str, field: EncryptedField) -> bytes:
    """The text as UTF-8. Raises ValueError for half of a surrogate pair, which no UTF-8 can hold."""
    with suppress(UnicodeEncodeError):
        return text.encode()
    # Not raised from that exception, nor while it is handled: it carries the text.
    raise ValueError(f"{field} has a character that is not valid Unicode (half of a surrogate pair).")

"""A mapping of text to text, encrypted."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from vault.fields.base import EncryptedField
from vault.fields.text import utf8
from vault.keys.purposes import Purpose

_read = json.JSONDecoder().raw_decode


class EncryptedJSONField(EncryptedField):
    """A mapping of text to text, encrypted as one value. By default a version of an organization's secret.

    Takes any mapping; gives a read-only one, because a change inside of it would be lost: assign a new mapping.
    """

    def __init__(
        self,
        verbose_name: str | None = None,
        name: str | None = None,
        *,
        purpose: Purpose = Purpose.DATA,
        scope: str | None = "organization_id",
        row: str = "secret_id",
        row_version: str | None = "number",
        **options: Any,
    ) -> None:
        super().__init__(verbose_name, name, purpose=purpose, scope=scope, row=row, row_version=row_version, **options)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path.replace("vault.fields.mapping.", "vault.fields."), args, kwargs

    def to_plaintext(self, value: Any) -> bytes:
        """JSON without spaces, in UTF-8, in the mapping's order. Raises PlaintextRefused unless text maps to text."""
        if not isinstance(value, Mapping):
            raise self.refusal(f"takes a mapping of text to text, not {type(value).__name__}")
        if not all(isinstance(key, str) and isinstance(text, str) for key, text in value.items()):
            raise self.refusal("takes a mapping of text to text, and found something else in it")
        return utf8(json.dumps(dict(value), ensure_ascii=False, separators=(",", ":")), self)

    def from_plaintext(self, plaintext: bytes) -> Mapping[str, str]:
        """The mapping, read-only. Raises ValueError or TypeError for what is none."""
        text = plaintext.decode()
        mapping, end = _read(text)  # json.loads would look for encodings and white space that are never written
        if end != len(text):
            raise ValueError("There is something behind the mapping.")
        return MappingProxyType(mapping)

"""What an instance holds for an encrypted field: ciphertext, a plaintext that waits for its save, what was opened."""

from typing import Any, NoReturn

from vault.crypto.envelope import key_id_of
from vault.crypto.errors import UnsupportedFormat
from vault.crypto.fingerprint import fingerprint
from vault.crypto.secrecy import Confidential


class PlaintextRefused(TypeError):
    """A plaintext, or an expression, was about to go where only ciphertext may be. Assign to the attribute and save."""


class RowMoved(ValueError):
    """A stored value would be saved where it could not be opened: the row's scope, uid or version was changed."""


class Envelope(bytes):
    """A stored value as it rests. Its bytes are ciphertext, but ``repr`` and ``str`` show only which key it names."""

    __slots__ = ()

    @property
    def key_id(self) -> bytes:
        """The 16-byte id of the tenant key that it names. Raises UnsupportedFormat."""
        return key_id_of(self)

    def __repr__(self) -> str:
        try:
            return f"<Envelope under {fingerprint(self.key_id)}>"
        except UnsupportedFormat:
            return "<Envelope of an unknown format>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)


class Unsaved(Confidential):
    """A plaintext that was assigned and not yet saved: what the attribute gives, and its bytes."""

    __slots__ = ("plaintext", "value")

    plaintext: bytes
    value: Any

    def __init__(self, value: Any, plaintext: bytes) -> None:
        self._set(value=value, plaintext=plaintext)


class Opened(tuple[bytes, bytes, Any]):
    """What this instance decrypted or wrote: the envelope, the context it opens in, and the value.

    Belongs to that very envelope: once the instance holds another, it is forgotten. A pickle or a deep copy of the
    instance leaves it behind: the ciphertext is there and opens again. A plain tuple below, because one is made for
    each value that is read.
    """

    __slots__ = ()

    ENVELOPE, CONTEXT, VALUE = range(3)

    def __repr__(self) -> str:
        return "<opened value: redacted>"

    __str__ = __repr__

    def __iter__(self) -> NoReturn:
        # What walks through containers to show them (JSON, error reporters) would walk into the value.
        raise TypeError("An opened value cannot be walked through.")

    def __reduce_ex__(self, protocol: object) -> Any:
        return _nothing, ()

    def __deepcopy__(self, memo: object) -> None:
        return None


def _nothing() -> None:
    return None

"""Keeping what holds a key or a plaintext out of logs, pickles and copies."""

from typing import NoReturn


class Confidential:
    """Base of every type that holds key bytes or a plaintext: redacted ``repr``, no pickling, no copying, no change.

    Python cannot wipe ``bytes``, so what is left is to have few copies, short-lived ones, and none that leave the
    process (THREATS.md, Memory). Subclasses set their attributes once, through ``_set``.
    """

    __slots__ = ()

    def _set(self, **attributes: object) -> None:
        for name, value in attributes.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed.")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: redacted>"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds a secret and cannot be pickled.")

    def __copy__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds a secret and cannot be copied.")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds a secret and cannot be copied.")

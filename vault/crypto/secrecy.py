"""Keeping what holds a key or a plaintext out of logs, tracebacks, pickles and copies."""

import traceback
from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


def scrub(error: BaseException) -> None:
    """Empty the local variables of every frame that ``error`` passed through, and of what it came from.

    A traceback keeps its frames, with all that their functions held, for as long as the error is kept; a reporter of
    errors prints them. Places and line numbers stay. A frame that is still running cannot be emptied from here: who
    calls this takes its own variables back first, or is ``scrubbed``.
    """
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop()
        if current is not None and id(current) not in seen:
            seen.add(id(current))
            traceback.clear_frames(current.__traceback__)
            waiting += (current.__cause__, current.__context__)


def scrubbed(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """A function whose errors leave with empty frames: for who handles key bytes and is not on the hot path.

    It costs one call. On the hot path the same is written out: ``except BaseException as error``, the function's own
    variables taken back, ``scrub(error)``, ``raise``; which costs nothing as long as nothing is raised.
    """

    @wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            scrub(error)
            raise

    return call


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

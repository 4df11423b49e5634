"""Seals: rows that grant authority are refused unless this program wrote them. FORMAT.md has every byte.

The names below load at first use: Django imports this package before there are models.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vault.seals.errors import SealBroken, SealBypassed
    from vault.seals.sealed import GuardedQuerySet, SealedManager, SealedModel, SealedQuerySet, locked_row
    from vault.seals.verification import (
        Fault,
        genuine,
        is_genuine,
        require_genuine,
        with_seal,
        with_seals_of,
    )

__all__ = [
    "Fault",
    "GuardedQuerySet",
    "SealBroken",
    "SealBypassed",
    "SealedManager",
    "SealedModel",
    "SealedQuerySet",
    "genuine",
    "is_genuine",
    "locked_row",
    "require_genuine",
    "with_seal",
    "with_seals_of",
]

_HOMES = {
    "errors": ("SealBroken", "SealBypassed"),
    "sealed": ("GuardedQuerySet", "SealedManager", "SealedModel", "SealedQuerySet", "locked_row"),
    "verification": ("Fault", "genuine", "is_genuine", "require_genuine", "with_seal", "with_seals_of"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

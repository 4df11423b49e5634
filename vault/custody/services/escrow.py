"""Shares of the root key: making them, and letting a holder confirm one."""

from vault.crypto.secrecy import Confidential
from vault.custody.models import EscrowSet, EscrowShare
from vault.custody.services.authority import Requester


class SplitRoot(Confidential):
    """The words of each share, in order, which exist nowhere else; and the set that knows them by keyed hash."""

    __slots__ = ("escrow", "shares")

    escrow: EscrowSet
    shares: tuple[str, ...]

    def __init__(self, escrow: EscrowSet, shares: tuple[str, ...]) -> None:
        self._set(escrow=escrow, shares=shares)


def split_root_key(*, actor: Requester, shares: int = 5, threshold: int = 3) -> SplitRoot:
    """Splits the wrapping root key into `shares`, of which any `threshold` rebuild it; replaces the set before.

    Raises `InstanceAdministratorsOnly`, `RootKeyRefused`, `ValueError` for numbers that cannot be.
    """
    raise NotImplementedError


def confirm_share(*, actor: Requester, words: str) -> EscrowShare:
    """Notes that a holder still has a share, by its words, and returns it with its set (`share.escrow`).

    Raises `InstanceAdministratorsOnly`, `ShareRefused`.
    """
    raise NotImplementedError

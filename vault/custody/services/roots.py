"""Rotating the root key: every tenant key gets a second wrapping, and later loses the first."""

from dataclasses import dataclass

from vault.custody.services.authority import Requester


@dataclass(frozen=True, slots=True)
class RootRotation:
    """`fingerprint`: of the root key that wraps now. `keys`: how many tenant keys were rewritten by this call.
    `finished`: whether it is the only wrapping of all of them."""

    fingerprint: str
    keys: int
    finished: bool


def rotate_root(*, actor: Requester, fingerprint: str | None = None) -> RootRotation:
    """Phase 1: the next configured root key wraps, beside the present one. Done again, it changes nothing.

    Raises `InstanceAdministratorsOnly`, `RootKeyRefused` (no next root key; the message says how to configure one).
    """
    raise NotImplementedError


def finish_root_rotation(*, actor: Requester, force: bool = False) -> RootRotation:
    """Phase 2: the second wrapping becomes the only one. Raises `RootKeyRefused` while a serving process lacks the
    root key (unless `force`), or when no rotation is under way."""
    raise NotImplementedError

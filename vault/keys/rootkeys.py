"""Root keys over time: which one wraps, and how the next one takes its place."""

from vault.crypto.errors import CryptoError
from vault.crypto.rootkey import RootKey
from vault.keys.models import ServingProcess
from vault.keys.providers import root_keys


class NoNextRootKey(CryptoError):
    """No configured root key could take over the wrapping. Says how to configure one."""


class RootRotationUnderWay(CryptoError):
    """Another root key is already on its way to take over."""


class ProcessesLackRootKey(CryptoError):
    """Processes that are serving do not have the root key. ``processes``: which."""

    def __init__(self, processes: list[ServingProcess]) -> None:
        self.processes = processes
        super().__init__("Processes lack the root key.")


def wrapping_root_key() -> RootKey:
    """The root key under which new tenant keys are wrapped. Raises RootKeyProblem."""
    return root_keys()[0]


def next_root_key(fingerprint: str | None = None) -> RootKey:
    """The configured root key that does not wrap yet and never did. Raises NoNextRootKey."""
    raise NoNextRootKey


def begin_root_rotation(root_key: RootKey) -> int:
    """Give every tenant key a second wrapping under ``root_key``, which wraps new ones from now on.

    Gives the number of rows written. Raises RootRotationUnderWay, WrongRootKey.
    """
    raise NotImplementedError


def finish_root_rotation(root_key: RootKey, *, force: bool = False) -> int:
    """Make the wrapping under ``root_key`` the only one of every tenant key. Gives the number of rows written.

    Raises ProcessesLackRootKey unless ``force``.
    """
    raise NotImplementedError


def processes_lacking(root_key_id: bytes) -> list[ServingProcess]:
    """The processes seen in the last hour that do not have a root key."""
    raise NotImplementedError

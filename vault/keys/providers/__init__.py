"""Where root keys come from: one small interface, and the sources behind it.

Every error names the source and the line or entry in it, and never repeats any of the text found there.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from vault.crypto.rootkey import PREFIX, RootKey
from vault.keys.development import create_development_root_key, is_development_root_key
from vault.keys.providers.base import RootKeyProblem, RootKeyProvider
from vault.keys.providers.environment import EnvironmentProvider
from vault.keys.providers.file import FileProvider

__all__ = [
    "EnvironmentProvider",
    "FileProvider",
    "RootKeyProblem",
    "RootKeyProvider",
    "configured_provider",
    "on_dropped",
    "root_key_text",
    "root_keys",
    "source_description",
]


def configured_provider() -> RootKeyProvider:
    """The provider that the settings ``ROOT_KEY`` (text) or ``ROOT_KEY_FILE`` (path) name. Raises RootKeyProblem.

    In development the default file is made when it does not exist; in production nothing is ever made up.
    """
    if settings.ROOT_KEY and settings.ROOT_KEY_FILE:
        raise RootKeyProblem(
            "Both HOLDFAST_ROOT_KEY and HOLDFAST_ROOT_KEY_FILE are set, so it is not clear which key is first. "
            "Set one of them; each can hold several keys."
        )
    if settings.ROOT_KEY:
        return EnvironmentProvider(settings.ROOT_KEY)
    if settings.ROOT_KEY_FILE:
        path = Path(settings.ROOT_KEY_FILE)
        if PREFIX in str(path):
            raise RootKeyProblem(
                "HOLDFAST_ROOT_KEY_FILE holds the text of a root key instead of the name of a file. Write the key into "
                "a file of mode 0600 and name that, or move the text to HOLDFAST_ROOT_KEY."
            )
        if is_development_root_key(path):
            create_development_root_key(path)
        return FileProvider(path)
    raise RootKeyProblem(
        "There is no root key. Make one with `manage.py generate_root_key`, keep a copy offline, and name its file in "
        "HOLDFAST_ROOT_KEY_FILE, or put its text into HOLDFAST_ROOT_KEY."
    )


@lru_cache(maxsize=1)
def root_keys() -> tuple[RootKey, ...]:
    """The root keys of this process, read once. Raises RootKeyProblem."""
    return configured_provider().root_keys()


def source_description() -> str:
    """Where the configured root keys come from, in words: ``file /etc/…``, ``AWS KMS key arn:…``. No secret in it."""
    return "file " + str(settings.ROOT_KEY_FILE) if settings.ROOT_KEY_FILE else "environment variable HOLDFAST_ROOT_KEY"


def root_key_text(key_id: bytes) -> str:
    """The material of a configured root key as ``hfroot1-…`` text, for ``keys split`` alone. Raises RootKeyProblem."""
    raise NotImplementedError


_drop_callbacks: list[Callable[[], None]] = []


def on_dropped(callback: Callable[[], None]) -> None:
    """Have ``callback()`` called when the root keys in memory are dropped, to forget what they unwrapped."""
    _drop_callbacks.append(callback)

"""What every provider of root keys has in common: the error, the interface, and the reading of entries."""

from typing import Protocol

from django.core.exceptions import ImproperlyConfigured

from vault.crypto.rootkey import MalformedRootKey, RootKey


class RootKeyProblem(ImproperlyConfigured):
    """Root keys cannot be had as configured. The message says why, and what to do."""


class RootKeyProvider(Protocol):
    """A source of root keys."""

    def root_keys(self) -> tuple[RootKey, ...]:
        """The keys, at least one: the first wraps, all unwrap. Raises RootKeyProblem."""
        ...


def parse(source: str, entries: list[tuple[str, str]]) -> tuple[RootKey, ...]:
    """The root keys in (place, text) entries of a source, each once. Raises RootKeyProblem, which repeats no text."""
    if not entries:
        raise RootKeyProblem(f"{source} holds no root key. Make one with: manage.py generate_root_key")
    keys: dict[bytes, RootKey] = {}
    for place, text in entries:
        try:
            key = RootKey.from_text(text)
        except MalformedRootKey as error:
            raise RootKeyProblem(f"{source}, {place}: {error}") from None
        if key.key_id in keys:
            raise RootKeyProblem(f"{source}, {place}: the root key {key.fingerprint} is there twice. Remove one.")
        keys[key.key_id] = key
    return tuple(keys.values())

"""What every source of root keys has in common: the errors, the interface, and the reading of entries."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from django.core.exceptions import ImproperlyConfigured

from vault.crypto import sealing
from vault.crypto.fingerprint import fingerprint
from vault.crypto.rootkey import MalformedRootKey, RootKey
from vault.crypto.sealing import MalformedSealedKey, SealedRootKey
from vault.crypto.secrecy import scrubbed


class RootKeyProblem(ImproperlyConfigured):
    """Root keys cannot be had as configured. The message says why, and what to do."""


class RootKeyUnavailable(RootKeyProblem):
    """Root keys cannot be had at the moment: their provider does not answer, or refuses. It may be back by itself."""


class Entry(NamedTuple):
    """One text in a source, as it was found. ``place``: where, in words: "line 3"."""

    place: str
    text: str

    def __repr__(self) -> str:
        return f"<Entry {self.place}: redacted>"


class ConfiguredKey(NamedTuple):
    """One root key as it is configured: in plain text, or sealed by one or several providers, of which one suffices.

    ``root_key``: None if it is sealed. ``sealed``: empty if it is not.
    """

    key_id: bytes
    root_key: RootKey | None
    sealed: tuple[SealedRootKey, ...]

    @property
    def fingerprint(self) -> str:
        """How the key is named to people."""
        return fingerprint(self.key_id)


class RootKeyProvider(Protocol):
    """A source of root keys: where their texts, plain or sealed, are configured."""

    @property
    def description(self) -> str:
        """Where it is, in words, for people: ``file /etc/…``. Holds no secret."""
        ...

    def entries(self) -> Sequence[Entry]:
        """The texts in it, in their order. Raises RootKeyProblem if the source cannot be read."""
        ...

    def configured(self) -> tuple[ConfiguredKey, ...]:
        """The keys in it, at least one, in their order; nothing is unsealed. Raises RootKeyProblem."""
        ...

    def root_keys(self) -> tuple[RootKey, ...]:
        """The keys, at least one: the first wraps, all unwrap. Sealed ones are unsealed now. Raises RootKeyProblem."""
        ...


@scrubbed
def parse(source: str, entries: Sequence[Entry]) -> tuple[ConfiguredKey, ...]:
    """The root keys in the entries of a source, each once, in their order.

    A root key may be there more than once only if each time another provider sealed it. Raises RootKeyProblem, which
    names the source and the place, and repeats none of the text.
    """
    if not entries:
        raise RootKeyProblem(f"{source} holds no root key. Make one with: manage.py generate_root_key")
    keys: dict[bytes, ConfiguredKey] = {}
    for place, text in entries:
        try:
            key = _key(text)
        except (MalformedRootKey, MalformedSealedKey) as error:
            raise RootKeyProblem(f"{source}, {place}: {error}") from None
        known = keys.get(key.key_id)
        if known is not None:
            if not known.sealed or not key.sealed or key.sealed[0].provider in {each.provider for each in known.sealed}:
                raise RootKeyProblem(f"{source}, {place}: the root key {key.fingerprint} is there twice. Remove one.")
            key = known._replace(sealed=known.sealed + key.sealed)
        keys[key.key_id] = key
    return tuple(keys.values())


def _key(text: str) -> ConfiguredKey:
    if text.startswith(sealing.PREFIX):
        sealed = SealedRootKey.from_text(text)
        return ConfiguredKey(sealed.key_id, None, (sealed,))
    root_key = RootKey.from_text(text)
    return ConfiguredKey(root_key.key_id, root_key, ())

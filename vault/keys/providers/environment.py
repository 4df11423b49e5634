"""Root keys in the text of an environment variable."""

from collections.abc import Sequence

from vault.crypto.rootkey import RootKey
from vault.keys.providers.base import ConfiguredKey, Entry, parse
from vault.keys.providers.remote import open_configured

_NAME = "HOLDFAST_ROOT_KEY"


class EnvironmentProvider:
    """Root keys in the text of ``HOLDFAST_ROOT_KEY``, separated by white space or commas."""

    description = f"environment variable {_NAME}"

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "<EnvironmentProvider: redacted>"

    def entries(self) -> Sequence[Entry]:
        """As ``RootKeyProvider.entries``."""
        texts = self._text.replace(",", " ").split()
        return [Entry(f"entry {place}", text) for place, text in enumerate(texts, 1)]

    def configured(self) -> tuple[ConfiguredKey, ...]:
        """As ``RootKeyProvider.configured``."""
        return parse(_NAME, self.entries())

    def root_keys(self) -> tuple[RootKey, ...]:
        """As ``RootKeyProvider.root_keys``."""
        return tuple(open_configured(key) for key in self.configured())

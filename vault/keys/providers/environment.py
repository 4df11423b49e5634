"""Root keys in the text of an environment variable."""

from vault.crypto.rootkey import RootKey
from vault.keys.providers.base import parse


class EnvironmentProvider:
    """Root keys in the text of ``HOLDFAST_ROOT_KEY``, separated by white space or commas."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "<EnvironmentProvider: redacted>"

    def root_keys(self) -> tuple[RootKey, ...]:
        """As ``RootKeyProvider.root_keys``."""
        entries = self._text.replace(",", " ").split()
        return parse("HOLDFAST_ROOT_KEY", [(f"entry {place}", entry) for place, entry in enumerate(entries, 1)])

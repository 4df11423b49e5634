"""Configuration from the environment: every `HOLDFAST_X` may also be given as a file in `HOLDFAST_X_FILE`.

Orchestrators hand secrets over as files (Docker, Kubernetes, systemd credentials), so the file form wins and fails
loudly. Everything that is missing or wrong is collected and reported in one message, because an operator who learns
of one missing setting per restart gives up.
"""

import os
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off", ""})


class Environment:
    """Reads settings and remembers every problem until :meth:`raise_problems`."""

    def __init__(self, variables: dict[str, str] | None = None) -> None:
        self.variables = dict(os.environ) if variables is None else variables
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        """The value of `name`, or the content of the file that `name`_FILE points to, without outer white space."""
        path = self.variables.get(f"{name}_FILE", "")
        if path:
            try:
                return Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                # Neither the file's content nor what is no path goes into the message: either may be the secret itself.
                named = path if path.startswith("/") else "a file"
                self.problems.append(f"{name}_FILE names {named}, which cannot be read ({type(error).__name__})")
                return default
        return self.variables.get(name, default).strip()

    def flag(self, name: str, *, default: bool) -> bool:
        raw = self.text(name, "true" if default else "false").lower()
        if raw in TRUE:
            return True
        if raw not in FALSE:
            self.problems.append(f"{name} must be true or false")
        return False

    def number(self, name: str, default: int, *, least: int = 1, most: int = 1_000_000) -> int:
        """The whole number of `name`. `most` is far beyond sense, and keeps sums with dates from overflowing."""
        raw = self.text(name, str(default))
        if raw.isascii() and raw.isdigit() and len(raw) < 20:
            if least <= int(raw) <= most:
                return int(raw)
            if int(raw) > most:
                self.problems.append(f"{name} must be a whole number of at most {most}")
                return default
        self.problems.append(f"{name} must be a whole number of at least {least}")
        return default

    def address(self, name: str, text: str, *, example: str, schemes: frozenset[str]) -> SplitResult:
        """The parts of an address, with a host and one of the `schemes`; empty parts, and a problem, for anything else.

        The problem repeats nothing: an address may hold a password, and a password may be what breaks it.
        """
        try:
            parts = urlsplit(text)
            if parts.scheme in schemes and parts.hostname and parts.port != 0:
                return parts
        except ValueError:  # a port that is no number, a bracket without its pair
            pass
        encode = ", with reserved characters of the user and the password percent-encoded" if "@" in example else ""
        self.problems.append(f"{name} must look like {example}{encode}")
        return urlsplit("")

    def tls_address(self, name: str, text: str) -> None:
        """Notes a problem unless `text` is an https address, or http to this machine: what goes there is a key."""
        parts = self.address(name, text, example="https://kms.example.com", schemes=frozenset({"http", "https"}))
        if parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
            self.problems.append(f"{name} must be an https address: root keys go over it")

    def words(self, name: str) -> list[str]:
        """A comma- or space-separated list."""
        return self.text(name).replace(",", " ").split()

    def missing(self, name: str, remedy: str) -> None:
        self.problems.append(f"{name} is missing: {remedy}")

    def raise_problems(self) -> None:
        """Raises `ImproperlyConfigured` naming everything that is wrong, or returns."""
        if self.problems:
            listed = "\n".join(f"  - {problem}" for problem in self.problems)
            raise ImproperlyConfigured(f"Holdfast cannot start with this configuration:\n{listed}")

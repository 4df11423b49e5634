"""Configuration from the environment: every `HOLDFAST_X` may also be given as a file in `HOLDFAST_X_FILE`.

Orchestrators hand secrets over as files (Docker, Kubernetes, systemd credentials), so the file form wins and fails
loudly. Everything that is missing or wrong is collected and reported in one message, because an operator who learns
of one missing setting per restart gives up.
"""

import os
from pathlib import Path

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
                # The file's content never goes into the message: it may be a secret.
                self.problems.append(f"{name}_FILE names {path}, which cannot be read ({type(error).__name__})")
                return default
        return self.variables.get(name, default).strip()

    def flag(self, name: str, *, default: bool) -> bool:
        raw = self.text(name, "true" if default else "false").lower()
        if raw in TRUE:
            return True
        if raw not in FALSE:
            self.problems.append(f"{name} must be true or false")
        return False

    def number(self, name: str, default: int, *, least: int = 1) -> int:
        raw = self.text(name, str(default))
        if raw.isascii() and raw.isdigit() and int(raw) >= least:
            return int(raw)
        self.problems.append(f"{name} must be a whole number of at least {least}")
        return default

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

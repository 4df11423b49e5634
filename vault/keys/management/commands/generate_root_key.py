import getpass
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vault.crypto import sealing
from vault.crypto.errors import CryptoError
from vault.crypto.rootkey import RootKey, generate_root_key_text
from vault.crypto.secrecy import scrubbed
from vault.keys.providers import RootKeyProblem
from vault.keys.providers.remote import remote_provider, seal


class Command(BaseCommand):
    """Make a root key, or seal one with a provider, and print it or write it to a new file of mode 0600."""

    help = "Make a new root key. Keep a copy of it offline: without it, no secret can ever be read again."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", type=Path, metavar="FILE", help="write it to this new file, mode 0600")
        parser.add_argument(
            "--seal",
            choices=sealing.PROVIDERS,
            help="seal it with this provider, as configured: only the sealed text is printed or written",
        )
        parser.add_argument(
            "--from-stdin", action="store_true", help="seal the root key that is read from standard input or typed"
        )

    @scrubbed
    def handle(self, *args: Any, **options: Any) -> None:
        if options["from_stdin"] and not options["seal"]:
            raise CommandError("--from-stdin seals an existing root key, so it needs --seal with a provider.")
        text = _given_text() if options["from_stdin"] else generate_root_key_text()
        if options["seal"]:
            self._seal(options["seal"], text, options["output"])
            return
        self._write(text, f"Root key {RootKey.from_text(text).fingerprint}", options["output"])

    def _seal(self, provider: str, text: str, path: Path | None) -> None:
        try:
            sealed = seal(provider, text)
            by = remote_provider(provider).description
        except (RootKeyProblem, CryptoError) as problem:
            raise CommandError(f"The root key cannot be sealed: {problem}") from None
        self._write(sealed.text, f"Root key {sealed.fingerprint}, sealed,", path)
        self.stderr.write(
            f"Only {by} opens this root key. Before it protects anything, split it into recovery shares "
            "(docs/operators/root-keys.md): when the provider's key is gone, every secret is gone without them."
        )

    def _write(self, text: str, name: str, path: Path | None) -> None:
        if path is None:
            self.stdout.write(text)
            return
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(
                f"{path} cannot be created: {error.strerror}. An existing file is never overwritten."
            ) from None
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text + "\n")
        self.stdout.write(f"{name} written to {path}.")


def _given_text() -> str:
    """A root key from standard input, typed without echo at a terminal; never an argument, because those are seen."""
    if sys.stdin.isatty():
        return getpass.getpass("Root key (hfroot1-…): ").strip()
    return sys.stdin.readline().strip()

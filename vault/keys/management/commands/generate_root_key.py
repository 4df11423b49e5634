import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vault.crypto.rootkey import RootKey, generate_root_key_text


class Command(BaseCommand):
    """Make a root key, and print it or write it to a new file of mode 0600."""

    help = "Make a new root key. Keep a copy of it offline: without it, no secret can ever be read again."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--output", type=Path, metavar="FILE", help="write it to this new file, mode 0600")

    def handle(self, *args: Any, **options: Any) -> None:
        text = generate_root_key_text()
        path: Path | None = options["output"]
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
        self.stdout.write(f"Root key {RootKey.from_text(text).fingerprint} written to {path}.")

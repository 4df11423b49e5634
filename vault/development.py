"""What development needs and production refuses to invent: local secrets in 0600 files that survive a restart."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path


def development_secret(path: Path) -> str:
    """The text in `path`, made up on first use; it signs development sessions and protects no stored value.

    The file appears complete or not at all (written beside, then linked), so two processes agree on one secret.
    """
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=path.parent)  # mkstemp files are 0600
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(64))
    with suppress(FileExistsError):
        os.link(beside, path)
    os.unlink(beside)
    return path.read_text(encoding="ascii").strip()

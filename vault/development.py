"""What development needs and production refuses to invent: local secrets in 0600 files that survive a restart."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path


def create_private_file(path: Path, text: str) -> bool:
    """Make a file of mode 0600, in a folder of mode 0700, unless it exists. True if it was made.

    It is written beside and linked into place, which fails if the name is taken: it appears complete or not at all,
    and two processes that start together agree on one.
    """
    if path.exists():
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # opened O_EXCL, mode 0600
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(beside)
            return True
    finally:
        beside.unlink()
    return False


def development_secret(path: Path) -> str:
    """The text in `path`, made up on first use; it signs development sessions and protects no stored value."""
    create_private_file(path, secrets.token_urlsafe(64))
    return path.read_text(encoding="ascii").strip()

"""The development root key: made on first use, kept in a file, so that a restart loses no data."""

import logging
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from vault.crypto.rootkey import generate_root_key_text

logger = logging.getLogger(__name__)

_FILE_NAME = "development-root-key"

_WARNING = (
    "DEVELOPMENT ROOT KEY: a root key was made up in %s. Whoever reads that file reads every secret of this instance, "
    "and without it none can be read again. Never keep real secrets here; production needs a root key of its own "
    "(HOLDFAST_ROOT_KEY_FILE)."
)


def is_development_root_key(path: Path) -> bool:
    """Whether this is the file that development may make up: the default one below ``var/``, outside of production."""
    return not settings.PRODUCTION and path == Path(settings.VAR_DIR) / _FILE_NAME


def create_development_root_key(path: Path) -> bool:
    """Make the file with a new root key unless it exists. True if it was made; a loud warning is logged then.

    Mode 0600 in a folder of mode 0700. The file is written beside and linked into place, which fails if the name is
    taken: it appears complete or not at all, and two processes that start together agree on one key.
    """
    if path.exists():
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # opened O_EXCL, mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write("# Holdfast development root key. Not for production.\n")
            file.write(generate_root_key_text() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(beside, path)
            logger.warning(_WARNING, path)
            return True
    finally:
        Path(beside).unlink()
    return False

"""The development root key: made on first use, kept in a file, so that a restart loses no data."""

import logging
from pathlib import Path

from django.conf import settings

from vault.crypto.rootkey import generate_root_key_text
from vault.development import create_private_file

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
    """Make the file with a new root key unless it exists. True if it was made; a loud warning is logged then."""
    made = create_private_file(
        path, f"# Holdfast development root key. Not for production.\n{generate_root_key_text()}\n"
    )
    if made:
        logger.warning(_WARNING, path)
    return made

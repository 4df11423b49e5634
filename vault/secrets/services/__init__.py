"""The only functions that change or open secrets.

Each authorizes again under lock, does its work and appends its event in one transaction; if the event cannot be
written, nothing happened and nothing is shown.
"""

from vault.secrets.services.env_import import Imported, Preview, State, import_env, preview_env_import
from vault.secrets.services.revealing import (
    Download,
    Revealed,
    RevealPurpose,
    ShownCode,
    download_file,
    reveal_secret,
    show_code,
)
from vault.secrets.services.trash import purge_expired_trash, purge_secret, trash_secret, untrash_secret
from vault.secrets.services.writing import Keep, create_secret, restore_version, update_secret

__all__ = [
    "Download",
    "Imported",
    "Keep",
    "Preview",
    "RevealPurpose",
    "Revealed",
    "ShownCode",
    "State",
    "create_secret",
    "download_file",
    "import_env",
    "preview_env_import",
    "purge_expired_trash",
    "purge_secret",
    "restore_version",
    "reveal_secret",
    "show_code",
    "trash_secret",
    "untrash_secret",
    "update_secret",
]

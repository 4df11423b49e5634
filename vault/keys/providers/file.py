"""Root keys in a file: one of one's own, a Docker or Kubernetes secret, a systemd credential."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from vault.crypto.rootkey import RootKey
from vault.keys.providers.base import ConfiguredKey, Entry, RootKeyProblem, parse
from vault.keys.providers.remote import open_configured

_MAX_FILE_SIZE = 64 * 1024
_SECRET_MOUNTS = ("/run/secrets", "/var/run/secrets")


class FileProvider:
    """Root keys in a file, one per line; empty lines and lines that begin with ``#`` are skipped.

    Works for a file of one's own, a Docker or Kubernetes secret and a systemd credential. A file that its group or
    everybody may read is refused, except where the orchestrator decides about modes and keeps others out: below
    /run/secrets, in systemd's credentials directory, or on a file system that is mounted read-only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __repr__(self) -> str:
        return f"<FileProvider {self._path}>"

    @property
    def description(self) -> str:
        """As ``RootKeyProvider.description``."""
        return f"file {self._path}"

    def entries(self) -> Sequence[Entry]:
        """As ``RootKeyProvider.entries``."""
        lines = [Entry(f"line {number}", line.strip()) for number, line in enumerate(self._read().split("\n"), 1)]
        return [line for line in lines if line.text and not line.text.startswith("#")]

    def configured(self) -> tuple[ConfiguredKey, ...]:
        """As ``RootKeyProvider.configured``."""
        return parse(str(self._path), self.entries())

    def root_keys(self) -> tuple[RootKey, ...]:
        """As ``RootKeyProvider.root_keys``."""
        return tuple(open_configured(key) for key in self.configured())

    def _read(self) -> str:
        try:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise RootKeyProblem(f"The root key file {self._path} is not a regular file.")
                self._refuse_open_permissions(status.st_mode)
                content = file.read(_MAX_FILE_SIZE + 1)
        except OSError as error:
            raise RootKeyProblem(
                f"The root key file {self._path} cannot be read ({error.strerror}). "
                "Check HOLDFAST_ROOT_KEY_FILE and the file's owner and mode."
            ) from None
        if len(content) > _MAX_FILE_SIZE:
            raise RootKeyProblem(f"The root key file {self._path} is too large to hold root keys.")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise RootKeyProblem(f"The root key file {self._path} is not a text file.") from None

    def _refuse_open_permissions(self, mode: int) -> None:
        if not mode & 0o077 or (not mode & 0o022 and self._is_secret_mount()):
            return
        raise RootKeyProblem(
            f"The root key file {self._path} is open to other users (mode {stat.S_IMODE(mode):04o}). "
            f"Run: chmod 600 {self._path}"
        )

    def _is_secret_mount(self) -> bool:
        path = self._path.resolve()
        mounts = [Path(mount) for mount in _SECRET_MOUNTS]
        if "CREDENTIALS_DIRECTORY" in os.environ:
            mounts.append(Path(os.environ["CREDENTIALS_DIRECTORY"]))
        if any(path.is_relative_to(mount.resolve()) or self._path.is_relative_to(mount) for mount in mounts):
            return True
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)

"""Where root keys come from: one small interface, and the sources behind it.

Every error names the source and the line or entry in it, and never repeats any of the text found there.
"""

import os
import stat
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from vault.crypto.rootkey import PREFIX, MalformedRootKey, RootKey
from vault.keys.development import create_development_root_key, is_development_root_key

_MAX_FILE_SIZE = 64 * 1024
_SECRET_MOUNTS = ("/run/secrets", "/var/run/secrets")


class RootKeyProblem(ImproperlyConfigured):
    """Root keys cannot be had as configured. The message says why, and what to do."""


class RootKeyProvider(Protocol):
    """A source of root keys."""

    def root_keys(self) -> tuple[RootKey, ...]:
        """The keys, at least one: the first wraps, all unwrap. Raises RootKeyProblem."""
        ...


class EnvironmentProvider:
    """Root keys in the text of ``HOLDFAST_ROOT_KEY``, separated by white space or commas."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "<EnvironmentProvider: redacted>"

    def root_keys(self) -> tuple[RootKey, ...]:
        """As ``RootKeyProvider.root_keys``."""
        entries = self._text.replace(",", " ").split()
        return _parse("HOLDFAST_ROOT_KEY", [(f"entry {place}", entry) for place, entry in enumerate(entries, 1)])


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

    def root_keys(self) -> tuple[RootKey, ...]:
        """As ``RootKeyProvider.root_keys``."""
        lines = self._read().split("\n")
        entries = [(f"line {number}", line.strip()) for number, line in enumerate(lines, 1)]
        return _parse(str(self._path), [(place, text) for place, text in entries if text and not text.startswith("#")])

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


def _parse(source: str, entries: list[tuple[str, str]]) -> tuple[RootKey, ...]:
    if not entries:
        raise RootKeyProblem(f"{source} holds no root key. Make one with: manage.py generate_root_key")
    keys: dict[bytes, RootKey] = {}
    for place, text in entries:
        try:
            key = RootKey.from_text(text)
        except MalformedRootKey as error:
            raise RootKeyProblem(f"{source}, {place}: {error}") from None
        if key.key_id in keys:
            raise RootKeyProblem(f"{source}, {place}: the root key {key.fingerprint} is there twice. Remove one.")
        keys[key.key_id] = key
    return tuple(keys.values())


def configured_provider() -> RootKeyProvider:
    """The provider that the settings ``ROOT_KEY`` (text) or ``ROOT_KEY_FILE`` (path) name. Raises RootKeyProblem.

    In development the default file is made when it does not exist; in production nothing is ever made up.
    """
    if settings.ROOT_KEY and settings.ROOT_KEY_FILE:
        raise RootKeyProblem(
            "Both HOLDFAST_ROOT_KEY and HOLDFAST_ROOT_KEY_FILE are set, so it is not clear which key is first. "
            "Set one of them; each can hold several keys."
        )
    if settings.ROOT_KEY:
        return EnvironmentProvider(settings.ROOT_KEY)
    if settings.ROOT_KEY_FILE:
        path = Path(settings.ROOT_KEY_FILE)
        if PREFIX in str(path):
            raise RootKeyProblem(
                "HOLDFAST_ROOT_KEY_FILE holds the text of a root key instead of the name of a file. Write the key into "
                "a file of mode 0600 and name that, or move the text to HOLDFAST_ROOT_KEY."
            )
        if is_development_root_key(path):
            create_development_root_key(path)
        return FileProvider(path)
    raise RootKeyProblem(
        "There is no root key. Make one with `manage.py generate_root_key`, keep a copy offline, and name its file in "
        "HOLDFAST_ROOT_KEY_FILE, or put its text into HOLDFAST_ROOT_KEY."
    )


@lru_cache(maxsize=1)
def root_keys() -> tuple[RootKey, ...]:
    """The root keys of this process, read once. Raises RootKeyProblem."""
    return configured_provider().root_keys()

"""A whole Holdfast for a browser to talk to: its own folder, its own database, gunicorn as it is shipped."""

import atexit
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

import psycopg

from tests.harness.postgresql import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60


def _manage(environment: Mapping[str, str], *arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, f"manage.py {arguments[0]} failed:\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("HOLDFAST_", "DJANGO_"))}


def _new_database(shared: Mapping[str, str], template: str | None = None) -> dict[str, str]:
    """A database of the owner's role: the addresses under which the two roles find it, by variable."""
    name = f"browser_{secrets.token_hex(6)}"
    with psycopg.connect(shared["HOLDFAST_OWNER_DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template or "template1"}"'.encode())
    return {variable: f"{url.rpartition('/')[0]}/{name}" for variable, url in shared.items()}


@dataclass(frozen=True)
class _Template:
    """An instance after its migrations, which was never started: its folder, its database where it is not in there,
    and the collected files of every instance."""

    folder: Path
    static: Path
    urls: Mapping[str, str]
    database: str | None = None


@cache
def _template(application: str | None, owner: str | None) -> _Template:
    """Once in a process, because migrating takes longer than many a test."""
    kept = tempfile.TemporaryDirectory(prefix="holdfast-template-")
    atexit.register(kept.cleanup)
    folder, static = Path(kept.name, "var"), Path(kept.name, "static")
    folder.mkdir(mode=0o700)
    environment = {**_clean(), "HOLDFAST_VAR_DIR": str(folder), "HOLDFAST_STATIC_ROOT": str(static)}
    urls, database = {}, None
    if application and owner:
        urls = {"DATABASE_URL": application, "HOLDFAST_OWNER_DATABASE_URL": owner}
        environment |= _new_database(urls)
        database = environment["DATABASE_URL"].rpartition("/")[2]
    _manage(environment, "migrate", "--verbosity", "0")
    _manage(environment, "collectstatic", "--noinput", "--verbosity", "0")
    return _Template(folder, static, urls, database)


class VaultServer:
    """`with VaultServer(folder) as server:` gives a migrated, unclaimed instance at `server.url`.

    The database is SQLite in `folder`, or a new one on the PostgreSQL that `DATABASE_URL` names.
    """

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **_clean(),
            "HOLDFAST_VAR_DIR": str(folder),
            "HOLDFAST_BASE_URL": self.url,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            **environment,
        }
        self._template = _template(os.environ.get("DATABASE_URL"), os.environ.get("HOLDFAST_OWNER_DATABASE_URL"))
        self.environment["HOLDFAST_STATIC_ROOT"] = str(self._template.static)
        # Migrating makes keys: what was migrated under another root key is nothing to start from.
        self._from_template = not any(name.startswith("HOLDFAST_ROOT_KEY") for name in environment)
        if self._template.urls:
            template = self._template.database if self._from_template else None
            self.environment |= _new_database(self._template.urls, template)

    def prepare(self) -> None:
        """Its folder, as the migrations have left it."""
        if self._from_template:
            shutil.copytree(self._template.folder, self.folder, dirs_exist_ok=True)
        else:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.manage("migrate", "--verbosity", "0")
        self.folder.chmod(0o700)

    def manage(self, *arguments: str) -> str:
        """Runs a management command and returns what it printed."""
        return _manage(self.environment, *arguments)

    def setup_link(self) -> str:
        answer: dict[str, Any] = json.loads(self.manage("setup_link", "--json"))
        return str(answer["url"])

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def __enter__(self) -> Self:
        self.prepare()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "gunicorn",
                    "--config",
                    "deploy/gunicorn.conf.py",
                    "--bind",
                    f"127.0.0.1:{self.port}",
                    "vault.wsgi",
                ],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=5):  # noqa: S310 - http on 127.0.0.1
                    return self
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    raise AssertionError(f"the server did not start:\n{self.log.read_text()}") from None
                time.sleep(0.1)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

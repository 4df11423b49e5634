"""A whole Holdfast for a browser to talk to: its own folder, its own database, gunicorn as it is shipped."""

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

import psycopg

from tests.harness.postgresql import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60


class VaultServer:
    """`with VaultServer(folder) as server:` gives a migrated, unclaimed instance at `server.url`.

    The database is SQLite in `folder`, or a new one on the PostgreSQL that `DATABASE_URL` names.
    """

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("HOLDFAST_", "DJANGO_"))},
            "HOLDFAST_VAR_DIR": str(folder),
            "HOLDFAST_BASE_URL": self.url,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            **environment,
        }
        shared = os.environ.get("DATABASE_URL")
        if shared:
            self.environment |= self._new_database(shared, os.environ["HOLDFAST_OWNER_DATABASE_URL"])

    @staticmethod
    def _new_database(shared: str, owners: str) -> dict[str, str]:
        name = f"browser_{secrets.token_hex(6)}"
        with psycopg.connect(owners, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        variables = {"DATABASE_URL": shared, "HOLDFAST_OWNER_DATABASE_URL": owners}
        return {variable: f"{url.rpartition('/')[0]}/{name}" for variable, url in variables.items()}

    def manage(self, *arguments: str) -> str:
        """Runs a management command and returns what it printed."""
        ran = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, f"manage.py {arguments[0]} failed:\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def setup_link(self) -> str:
        answer: dict[str, Any] = json.loads(self.manage("setup_link", "--json"))
        return str(answer["url"])

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def __enter__(self) -> Self:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.manage("migrate", "--verbosity", "0")
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
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

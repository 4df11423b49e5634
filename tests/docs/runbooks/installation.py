"""An installation as an operator has it: a folder, an environment, a database, a root key, and a server.

On PostgreSQL it is one for production, on SQLite one for development, which is all that SQLite is for. What is in it is
made once and copied: each runbook gets an installation of its own, and may break it.
"""

import json
import os
import secrets
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.docs.runbooks.document import Step
from tests.docs.runbooks.terminal import Value, perform
from tests.harness.environment import ROOT, clean_environment
from tests.harness.postgresql import find_binaries, free_port

_PYTHON = Path(sys.executable).parent
_SYSTEMCTL = Path(__file__).with_name("systemctl.py")


class Installation:
    """`server`: the variables that name a database on a PostgreSQL server on which more can be made; None for SQLite.

    It is for production if the URLs ask for TLS, without which production gives a warning with every command.
    """

    def __init__(self, folder: Path, *, server: Mapping[str, str] | None, static: Path) -> None:
        self.folder = folder
        self.server = server
        folder.mkdir(mode=0o700, parents=True)
        (folder / "manage.py").symlink_to(ROOT / "manage.py")
        (folder / "deploy").symlink_to(ROOT / "deploy")
        self._provide("systemctl", f'exec "{sys.executable}" "{_SYSTEMCTL}" "$@"')
        self.root_key_file = folder / "etc" / "root-key"
        self.root_key_file.parent.mkdir(mode=0o700)
        self.database = ""
        self.environment = clean_environment() | {
            "HOLDFAST_VAR_DIR": str(folder / "var"),
            "HOLDFAST_STATIC_ROOT": str(static),
            "HOLDFAST_ROOT_KEY_FILE": str(self.root_key_file),
            "WEB_CONCURRENCY": "1",
            "RUNBOOK_FOLDER": str(folder),
            "RUNBOOK_PORT": str(free_port()),
            "RUNBOOK_SERVE": str(ROOT / "deploy" / "serve.py"),
            "PATH": os.pathsep.join([str(folder / "bin"), str(_PYTHON), str(find_binaries()), os.environ["PATH"]]),
        }
        self.environment["PORT"] = self.environment["RUNBOOK_PORT"]
        if server and urlsplit(server["DATABASE_URL"]).query:
            self.environment |= {
                "HOLDFAST_ENV": "production",
                "HOLDFAST_ALLOWED_HOSTS": "127.0.0.1",
                "HOLDFAST_SECRET_KEY": secrets.token_urlsafe(60),
            }

    def _provide(self, name: str, line: str) -> None:
        program = self.folder / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{line}\n", encoding="ascii")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    @property
    def kind(self) -> str:
        """What kind of database it has, as blocks of a runbook name it."""
        return "postgresql" if self.server else "sqlite"

    @property
    def sqlite_file(self) -> Path:
        """Where the database is, if it is SQLite's."""
        return self.folder / "var" / "holdfast.sqlite3"

    def make_database(self, *, like: "Installation | None" = None) -> None:
        """A new one that is empty, or a copy of another installation's."""
        if self.server is None:
            self.sqlite_file.parent.mkdir(mode=0o700, exist_ok=True)
            if like is not None:
                shutil.copy(like.sqlite_file, self.sqlite_file)
            return
        self.database = f"runbook_{secrets.token_hex(6)}"
        template = f' TEMPLATE "{like.database}"' if like is not None else ""
        self._on_server(f'CREATE DATABASE "{self.database}"{template}')
        for variable, url in self.server.items():
            self.environment[variable] = urlsplit(url)._replace(path=f"/{self.database}").geturl()

    def drop_database(self) -> None:
        """Together with whatever is in it."""
        if self.server is None:
            for file in self.sqlite_file.parent.glob(f"{self.sqlite_file.name}*"):
                file.unlink()
        elif self.database:
            self._on_server(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')
            self.database = ""

    def _on_server(self, statement: str) -> None:
        assert self.server is not None
        with psycopg.connect(self.server["HOLDFAST_OWNER_DATABASE_URL"], autocommit=True) as connection:
            connection.execute(statement.encode())

    def run(self, *command: str) -> str:
        """What a command printed that prepares a story and is in no runbook."""
        ran = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert ran.returncode == 0, f"{' '.join(command)}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def manage(self, *words: str) -> str:
        """What a management command printed."""
        return self.run(sys.executable, "manage.py", *words)

    def contents(self, word: str) -> Any:
        """What `tests.docs.runbooks.contents` says."""
        return json.loads(self.run(sys.executable, "-m", "tests.docs.runbooks.contents", word))

    def systemctl(self, word: str) -> None:
        """The server, outside of a runbook."""
        self.run(str(self.folder / "bin" / "systemctl"), word, "holdfast")

    def follow(self, steps: list[Step], values: Mapping[str, Value]) -> str:
        """Performs the steps that are for this kind of database, in their order. Gives all that was seen."""
        seen = [
            perform(step, values, environment=self.environment, folder=self.folder)
            for step in steps
            if step.database in (None, self.kind)
        ]
        return "\n".join(seen)

    def close(self) -> None:
        """Ends the server and drops the database."""
        self.systemctl("stop")
        self.drop_database()

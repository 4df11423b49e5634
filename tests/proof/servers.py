"""Two processes of one instance, each a gunicorn with one worker, so that a request can choose its process."""

import http.client
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg

from tests.browser.server import VaultServer
from tests.harness.environment import ROOT
from tests.harness.postgresql import free_port

START_SECONDS = 60
_TOKEN = "p" * 32  # both halves of the CSRF token


class Pair:
    """An instance with a database of its own, and the ports of its two processes."""

    def __init__(self, instance: VaultServer, ports: tuple[int, int]) -> None:
        self.instance, self.ports = instance, ports

    def manage(self, *arguments: str) -> str:
        """What a management command printed."""
        return self.instance.manage(*arguments)

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the instance's database, as the driver gives them."""
        url = self.instance.environment.get("DATABASE_URL")
        if url:
            with psycopg.connect(url, options="-c app.tenant=*") as connection:
                return connection.execute(sql.encode()).fetchall()
        with closing(sqlite3.connect(self.instance.folder / "holdfast.sqlite3", timeout=20)) as connection:
            return connection.execute(sql).fetchall()

    def look(self, module: str, *arguments: str) -> Any:
        """What a module of this package prints as JSON, run on the instance's database."""
        ran = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT, env=self.instance.environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)


@contextmanager
def two_processes(folder: Path, **environment: str) -> Iterator[Pair]:
    """Migrated, with both processes serving until the block ends."""
    instance = VaultServer(folder, HOLDFAST_TRUSTED_PROXIES="127.0.0.1", WEB_CONCURRENCY="1", **environment)
    instance.prepare()
    ports = (free_port(), free_port())
    with ExitStack() as stack:
        log = stack.enter_context(instance.log.open("ab"))
        for port in ports:
            stack.enter_context(_gunicorn(port, instance.environment, log))
        for port in ports:
            _wait_for(port, instance.log)
        yield Pair(instance, ports)


@contextmanager
def _gunicorn(port: int, environment: dict[str, str], log: Any) -> Iterator[None]:
    command = [
        sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}",
        "--max-requests", "0", "vault.wsgi",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=ROOT, env={**environment, "PORT": str(port)}, stdout=log, stderr=subprocess.STDOUT
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if Browser(port).get("/healthz").status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"a process did not start:\n{log.read_text(encoding='utf-8')[-4000:]}")


class Answer:
    """A response, read whole."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.text = response.read().decode("utf-8", "replace")
        self.location = response.headers.get("Location", "")
        self.cookies = dict(
            cookie.split(";")[0].split("=", 1) for cookie in response.headers.get_all("Set-Cookie") or []
        )

    def __str__(self) -> str:
        told = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", self.text))
        return f"{self.status} {self.location} {told[:300]}"


class Browser:
    """Keeps cookies. Which process is asked is said with each request."""

    def __init__(self, port: int, session: str = "", address: str = "192.0.2.1") -> None:
        self.port = port
        self._address = address
        self._cookies = {"holdfast_csrf": _TOKEN} | ({"holdfast": session} if session else {})

    def get(self, path: str, *, port: int | None = None) -> Answer:
        """A page."""
        return self._ask("GET", path, None, port, {})

    def post(self, path: str, *, port: int | None = None, json_wanted: bool = False, **form: str) -> Answer:
        """A form; `json_wanted`: as the page's script sends it."""
        body = urlencode({"csrfmiddlewaretoken": _TOKEN, **form})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", path, body, port, headers | ({"Accept": "application/json"} if json_wanted else {}))

    def _ask(self, method: str, path: str, body: str | None, port: int | None, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=60)
        try:
            cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            connection.request(method, path, body, {**headers, "Cookie": cookies, "X-Forwarded-For": self._address})
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        self._cookies |= answer.cookies
        return answer


def root_key_file(folder: Path, *texts: str) -> Path:
    """A file with root keys as an operator writes it."""
    path = folder / "root-keys"
    path.touch(mode=0o600)
    path.write_text("\n".join(texts) + "\n", encoding="ascii")
    os.chmod(path, 0o600)  # noqa: PTH101 - the mode again, in case that the file was there
    return path

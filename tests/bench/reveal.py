"""What a reveal costs over HTTP: its requests per second ÷ those of a view written by hand (handwritten.py).

Both are asked for in turns by a few clients at once, over the same gunicorn, database and signed-in session.
"""

import http.client
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from threading import Thread
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from audit.models import Event
from tests.bench.people import browser_of, make_owner, make_place
from tests.bench.result import Result
from tests.harness.environment import ROOT
from tests.harness.postgresql import free_port
from vault.secrets.kinds import Kind
from vault.secrets.services import create_secret

ROUNDS = 5
SECONDS = 3.0
CLIENTS = 4
BOUND = 0.5
START_SECONDS = 60
_TOKEN = "b" * 32  # both halves of the CSRF token
_TABLES = ("secrets_", "orgs_membership", "audit_event")

Statement = tuple[str, tuple[object, ...], bool]


def run() -> list[Result]:
    """The ratio on the configured database."""
    owner = make_owner()
    client = browser_of(owner)
    secret = create_secret(
        actor=owner, environment=make_place(owner), kind=Kind.VALUE, name="BENCH", values={"value": "v" * 48}
    )
    address = reverse("secrets:reveal", args=[secret.pk])
    with tempfile.TemporaryDirectory() as folder:
        statements = Path(folder) / "statements"
        statements.write_bytes(pickle.dumps(_statements(client, address)))
        event = Event.objects.latest("id").uid.hex
        with _server({"BENCH_STATEMENTS": str(statements), "BENCH_EVENT": event}) as port:
            cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
            rates: dict[str, list[float]] = {address: [], "/bench/reveal/": []}
            for path in rates:
                _rate(port, path, cookie, seconds=1.0)
            for _ in range(ROUNDS):
                for path, measured in rates.items():
                    measured.append(_rate(port, path, cookie))
    revealing, by_hand = (median(measured) for measured in rates.values())
    return [Result("Reveals per second ÷ those of a view by hand", revealing / by_hand, BOUND, higher_is_better=True)]


def _statements(client: Client, address: str) -> list[Statement]:
    """What a reveal asks of the database besides what middleware does, and whether in the transaction."""
    seen: list[Statement] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if any(table in sql for table in _TABLES):
            plain = (bytes(value) if isinstance(value, memoryview) else value for value in params or ())
            seen.append((sql, tuple(plain), connection.in_atomic_block))
        return execute(sql, params, many, context)

    def ask() -> None:
        if client.post(address, {"field": "value"}, headers={"accept": "application/json"}).status_code != 200:
            raise RuntimeError("The reveal did not work.")

    ask()  # loads the keys
    with connection.execute_wrapper(watch):
        ask()
    return seen


@contextmanager
def _server(environment: dict[str, str]) -> Iterator[int]:
    """gunicorn as it is shipped, with the yardstick beside the pages; gives its port."""
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}",
        "--workers", "2", "--threads", "1", "--max-requests", "0", "tests.bench.handwritten",
    ]  # fmt: skip
    variables = {**os.environ, **environment}
    with subprocess.Popen(
        command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            deadline = time.monotonic() + START_SECONDS
            while not _answers(port):
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("gunicorn did not start.")
                time.sleep(0.1)
            yield port
        finally:
            server.terminate()


def _answers(port: int) -> bool:
    try:
        server = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        server.request("GET", "/healthz")
        return server.getresponse().status == 200
    except OSError:
        return False


def _rate(port: int, path: str, cookie: str, *, seconds: float = SECONDS) -> float:
    """Requests per second that `CLIENTS` clients got answered, each sending the next one when it has the answer."""
    answered = [0] * CLIENTS
    until = time.perf_counter() + seconds
    body = urlencode({"csrfmiddlewaretoken": _TOKEN, "field": "value"})
    headers = {
        "Accept": "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}; {settings.CSRF_COOKIE_NAME}={_TOKEN}",
    }

    def ask(which: int) -> None:
        while time.perf_counter() < until:
            server = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            server.request("POST", path, body, headers)
            response = server.getresponse()
            response.read()
            server.close()
            if response.status != 200:
                raise RuntimeError(f"{path} answered {response.status}.")
            answered[which] += 1

    started = time.perf_counter()
    clients = [Thread(target=ask, args=(which,)) for which in range(CLIENTS)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    if not all(answered):
        raise RuntimeError(f"{path} was not answered.")
    return sum(answered) / (time.perf_counter() - started)

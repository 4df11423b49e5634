"""The real proxy with the shipped deploy/Caddyfile, before an upstream that shows what reached it."""

import contextlib
import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.harness.environment import ROOT
from tests.harness.postgresql import free_port

START_SECONDS = 20


def caddy() -> str:
    """The program, which the development packages bring."""
    beside = Path(sys.executable).parent / "caddy"
    found = str(beside) if beside.exists() else shutil.which("caddy")
    assert found, "there is no caddy: run make test, which installs it"
    return found


class _Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Answer with the request's headers and the length of its body, as JSON."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        answer = json.dumps({"headers": dict(self.headers), "length": len(body)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):  # the proxy has given up on a body that is too large
            self.wfile.write(answer)

    do_GET = do_POST  # noqa: N815 - the name that the base class calls

    def log_message(self, *_: object) -> None:
        """Nothing: the test's output is the test's."""


class Proxy:
    """`with Proxy(folder) as proxy:` serves https://localhost with a certificate of the proxy's own authority.

    The shipped file is used as it is, except for the ports and for the authority, which is not to be installed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.plain_port = free_port(), free_port()
        self.upstream = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
        self.log = folder / "proxy.log"

    def __enter__(self) -> Self:
        threading.Thread(target=self.upstream.serve_forever, daemon=True).start()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "XDG_DATA_HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
            "HOLDFAST_DOMAIN": "localhost",
            "HOLDFAST_ACME_EMAIL": "admin@example.com",
            "HOLDFAST_UPSTREAM": f"127.0.0.1:{self.upstream.server_port}",
        }
        adapted = subprocess.run(
            [caddy(), "adapt", "--config", str(ROOT / "deploy" / "Caddyfile")],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        configuration: dict[str, Any] = json.loads(adapted.stdout)
        configuration["apps"]["http"] |= {"http_port": self.plain_port, "https_port": self.port}
        configuration["apps"]["http"]["servers"]["srv0"]["listen"] = [f"127.0.0.1:{self.port}"]
        configuration["apps"]["pki"] = {"certificate_authorities": {"local": {"install_trust": False}}}
        path = self.folder / "caddy.json"
        path.write_text(json.dumps(configuration), encoding="utf-8")
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [caddy(), "run", "--config", str(path)], env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                self.request("GET", "/")
            except (OSError, ssl.SSLError):
                time.sleep(0.1)
            else:
                return self
        self.__exit__()
        raise AssertionError(f"the proxy did not start:\n{self.log.read_text()}")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=10)
        self.stop_upstream()

    def stop_upstream(self) -> None:
        """From now on the application is down."""
        self.upstream.shutdown()
        self.upstream.server_close()

    def tls(self) -> ssl.SSLContext:
        """A client's context that trusts the proxy's own authority."""
        context = ssl.create_default_context()
        authority = self.folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        if authority.exists():
            context.load_verify_locations(authority)
        return context

    def request(
        self, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """One request on a connection of its own: the response, read whole."""
        connection = http.client.HTTPSConnection("localhost", self.port, context=self.tls(), timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

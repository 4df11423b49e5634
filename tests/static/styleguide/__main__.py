"""Serves the styleguide: `python -m tests.static.styleguide [PORT]`, then open /styleguide/ of what it prints."""

import os
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


class Server(ThreadingMixIn, WSGIServer):
    """A browser opens several connections at once and keeps some without a word."""

    daemon_threads = True


class Handler(WSGIRequestHandler):
    """Without a line for each request."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name of the parent's parameter
        return


def main() -> None:
    """Serves until it is stopped; the first line of the output is the address."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.static.styleguide.settings"
    from django.core.wsgi import get_wsgi_application

    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = make_server("127.0.0.1", port, get_wsgi_application(), Server, Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)  # noqa: T201  # a program says where it is
    server.serve_forever()


if __name__ == "__main__":
    main()

"""The entry point for gunicorn: refuses to serve when a key is missing, and gives every request body a length."""

import io
import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vault.settings")

EXIT_CONFIGURATION = 4
"""gunicorn stops for good on a worker that exits with 4 (APP_LOAD_ERROR), instead of starting it again and again."""


class MeasuredBody:
    """Reads a body that comes without a length (chunked) up to the limit, and passes it on with one.

    WSGI applications read `CONTENT_LENGTH` bytes, so without this a chunked form would arrive empty. One that is longer
    than the limit is passed on as what it is, too long, for the page that says so.
    """

    def __init__(self, application: "WSGIApplication", limit: int) -> None:
        self.application = application
        self.limit = limit

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ.get("wsgi.input_terminated") and not environ.get("CONTENT_LENGTH"):
            body = _read(environ["wsgi.input"].read, self.limit + 1)
            if len(body) <= self.limit:
                environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return self.application(environ, start_response)


def _read(read: Callable[[int], bytes], size: int) -> bytes:
    parts: list[bytes] = []
    left = size
    while left > 0 and (part := read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _application() -> Any:
    """The application, or an exit with a message that names what to configure, without a traceback around it."""
    try:
        django_application = get_wsgi_application()
        from django.conf import settings

        _check_keys()
    except ImproperlyConfigured as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - there may be no logging configuration yet
        sys.exit(EXIT_CONFIGURATION)
    return MeasuredBody(django_application, settings.REQUEST_BODY_LIMIT)


def _check_keys() -> None:
    """Raises ImproperlyConfigured if a root key is missing that the database needs; makes the instance's own keys."""
    from django.db import DatabaseError, connection

    from vault.crypto.errors import CryptoError
    from vault.keys.services import ensure_system_keys
    from vault.keys.startup import verify_root_keys

    try:
        verify_root_keys()
        ensure_system_keys()
    except CryptoError as problem:
        raise ImproperlyConfigured(f"Holdfast cannot start:\n  - {problem}") from problem
    except DatabaseError:
        # Not there yet, or not migrated: pages answer 503 and /readyz says so until it is.
        pass
    finally:
        connection.close()  # a worker that is forked from here must not share it


application = _application()

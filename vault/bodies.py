"""A length for every request body, before Django sees the request."""

import io
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


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

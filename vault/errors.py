"""What people see when something cannot be done: one page per status, none of which needs the database or a session.

Every page carries the correlation id under which the server's log says more, and nothing of what was asked or stored.
Who asks for JSON gets `{"error": …, "reason": …, "correlation_id": …}`.
"""

import logging
import sys
from http import HTTPStatus
from typing import Any

from django.core.exceptions import (
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware import csrf
from django.template import TemplateDoesNotExist, TemplateSyntaxError, loader

from vault import context
from vault.crypto.errors import CryptoError, KeyUnavailable, WrongKey
from vault.keys.providers import RootKeyProblem, RootKeyUnavailable

logger = logging.getLogger(__name__)

RETRY_SECONDS = 30
"""What a 503 suggests to wait. Databases that restart are back by then."""

_SENTENCES = {
    400: "That request cannot be read.",
    403: "You may not do this.",
    404: "Nothing here.",
    405: "This address does not do that.",
    409: "That cannot be changed.",
    410: "This was destroyed.",
    413: "That is too large.",
    415: "That is not a form.",
    429: "Too many attempts.",
    500: "Something went wrong.",
    503: "Not available right now.",
}

WRONG_HOST = (
    "This vault does not answer to the address in your browser. Use the address you were given; if it should work, "
    "whoever runs this server adds it to HOLDFAST_ALLOWED_HOSTS."
)


class RefusedRequest(Exception):
    """A request that is not let through.

    `reason` is a sentence for the person who sent it; it may repeat the name of a field, never what was in it. `rule`
    is the word for the log, which repeats nothing.
    """

    def __init__(self, status: HTTPStatus, reason: str, *, rule: str) -> None:
        self.status = status
        self.reason = reason
        self.rule = rule
        super().__init__(reason)


class ServiceUnavailable(Exception):
    """Something that is needed does not work at the moment, and nothing happened. `reason` is shown with the 503."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def wants_json(request: HttpRequest) -> bool:
    """Whether the client prefers JSON to HTML; a browser's page request never does."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def error_response(
    request: HttpRequest, status: int, reason: str = "", *, headers: dict[str, str] | None = None, **shown: Any
) -> HttpResponse:
    """The page (or JSON) for a status. `reason`: a sentence under the standard text. `shown`: more for the template.

    Renders without context processors, so that it works without a database, a session and a known host.
    """
    status = int(status)
    correlation_id = context.current().correlation_id
    if wants_json(request):
        body = {"error": _SENTENCES.get(status, HTTPStatus(status).phrase), "reason": reason}
        response: HttpResponse = JsonResponse({**body, "correlation_id": correlation_id, **shown}, status=status)
    else:
        theme = request.COOKIES.get("theme", "")  # as accounts.context reads it; an unknown one counts as the system's
        content = _page(status, {"reason": reason, "correlation_id": correlation_id, "theme": theme, **shown})
        response = HttpResponse(content, status=status)
    for name, value in (headers or {}).items():
        response.headers[name] = value
    return response


def _page(status: int, shown: dict[str, Any]) -> str:
    try:
        return str(loader.select_template([f"errors/{status}.html", "errors/400.html"]).render(shown))
    except (TemplateDoesNotExist, TemplateSyntaxError, ValueError, OSError):
        # An error page that fails would hide the error: no template, or no manifest of the static files.
        logger.exception("The page for %s cannot be rendered", status)
        sentence = _SENTENCES.get(status, HTTPStatus(status).phrase)
        return (
            f'<!doctype html><html lang="en"><title>{sentence}</title><h1>{sentence}</h1>'
            f"<p>If you ask for help, quote {shown['correlation_id']}.</p></html>"
        )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400, or 413 for a body that is too large."""
    if isinstance(exception, RequestDataTooBig):
        return error_response(request, 413)
    if isinstance(exception, DisallowedHost):
        return error_response(request, 400, WRONG_HOST)
    if isinstance(exception, TooManyFieldsSent | TooManyFilesSent):
        return error_response(request, 400, "The form has more fields or files than this vault takes at once.")
    return error_response(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403. A `PermissionDenied` with a message says why."""
    reason = str(exception) if isinstance(exception, PermissionDenied) else ""
    return error_response(request, 403, reason)


def page_not_found(request: HttpRequest, exception: Http404 | None = None) -> HttpResponse:
    """404, the same for what does not exist and for what is somebody else's."""
    return error_response(request, 404)


def method_not_allowed(request: HttpRequest, permitted: list[str]) -> HttpResponse:
    """405 with the methods that work, in `Allow` (RFC 9110 §15.5.6)."""
    return error_response(request, 405, headers={"Allow": ", ".join(sorted(permitted))})


def too_many_attempts(request: HttpRequest, retry_after: int) -> HttpResponse:
    """429 with the seconds to wait (RFC 6585 §4)."""
    return error_response(request, 429, headers={"Retry-After": str(retry_after)}, retry_after=retry_after)


def unavailable(request: HttpRequest, reason: str = "") -> HttpResponse:
    """503: refused rather than guessed, nothing happened."""
    return error_response(request, 503, reason, headers={"Retry-After": str(RETRY_SECONDS)})


def server_error(request: HttpRequest) -> HttpResponse:
    """500; 503 when it is the database or a key that is missing, since waiting or an operator mends that; 410 when the
    key was destroyed on purpose, since nothing does.

    The messages of `CryptoError` hold fingerprints and row ids alone, so they are shown: whoever runs the server needs
    them, and people report what they see.
    """
    failure = sys.exc_info()[1]
    if isinstance(failure, RefusedRequest):
        return error_response(request, failure.status, failure.reason)
    if isinstance(failure, ServiceUnavailable):
        return unavailable(request, failure.reason)
    if isinstance(failure, OperationalError | InterfaceError):
        return unavailable(request, "The database does not answer.")
    if isinstance(failure, RootKeyProblem) and not isinstance(failure, RootKeyUnavailable):
        logger.error("Root keys cannot be had: %s", failure)  # it names files and services, which are not for everybody
        return unavailable(request, "The root keys cannot be had as they are configured. The server's log says why.")
    if isinstance(failure, KeyUnavailable) and (meant := _destroyed_on_purpose(failure)):
        return error_response(request, HTTPStatus.GONE, meant)
    if isinstance(failure, KeyUnavailable | WrongKey | RootKeyUnavailable):
        return unavailable(request, str(failure))
    if isinstance(failure, CryptoError):
        return error_response(request, 500, str(failure))
    return error_response(request, 500)


def _destroyed_on_purpose(failure: KeyUnavailable) -> str:
    from vault.keys.ended import ended  # the key table: not before the apps are loaded

    try:
        return ended(failure)
    except DatabaseError:
        return ""


_CSRF_REASONS = {
    csrf.REASON_NO_CSRF_COOKIE: "Your browser sent no cookie. Allow cookies for this address, reload and try again.",
    csrf.REASON_CSRF_TOKEN_MISSING: "The form came without its protection token. Reload the page and try again.",
}


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that does not prove that it is ours. Django's own wording would repeat the foreign origin."""
    shown = _CSRF_REASONS.get(
        reason, "The form was open for too long, or it was sent from another site. Reload the page and try again."
    )
    return error_response(request, 403, shown)

"""What happens to every request and every response, whichever page it is for."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseFileResponse

from vault import addresses, context, errors, requests
from vault.names import safe_label

logger = logging.getLogger("vault.request")

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_FORWARDED = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_FORWARDED",
)


@lru_cache(maxsize=8)
def _trusted_networks(words: tuple[str, ...]) -> tuple[addresses.Network, ...]:
    return addresses.networks(words)


class RequestContextMiddleware:
    """Outermost: gives the request its correlation id and its client address, and the log a line about it.

    The id is always made here. One that a client could choose would let it point at somebody else's events.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.monotonic()
        token = context.enter(self._context_of(request))
        try:
            response = self.get_response(request)
            response.headers["X-Correlation-ID"] = context.current().correlation_id
            if not isinstance(response, WhiteNoiseFileResponse):
                self._log(request, response, time.monotonic() - started)
            return response
        finally:
            context.leave(token)

    def _context_of(self, request: HttpRequest) -> context.RequestContext:
        trusted = _trusted_networks(tuple(settings.TRUSTED_PROXIES))
        peer = request.META.get("REMOTE_ADDR", "")
        ip = addresses.client_address(peer, request.META.get("HTTP_X_FORWARDED_FOR", ""), trusted)
        if not addresses.is_trusted_peer(peer, trusted):
            # What only a proxy may say is not even there when somebody else says it: X-Forwarded-Proto decides
            # whether a request counts as HTTPS.
            for name in _FORWARDED:
                request.META.pop(name, None)
        return context.RequestContext(
            correlation_id=context.new_correlation_id(),
            ip=ip,
            user_agent=safe_label(request.META.get("HTTP_USER_AGENT", ""), max_length=200),
            is_request=True,
        )

    def _log(self, request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
        """One line per request: the route, not the address, which carries names in its query."""
        match = request.resolver_match
        logger.info(
            "%s %s %d %d ms from %s",
            safe_label(request.method or "", max_length=10),
            f"/{match.route}" if match else "-",
            response.status_code,
            round(seconds * 1000),
            context.current().ip or "-",
        )


def content_security_policy(directives: Mapping[str, Sequence[str] | str | bool | None]) -> str:
    """The header's text for a setting of the form of Django 6's SECURE_CSP: None and False leave a directive out."""
    parts = []
    for directive, sources in directives.items():
        if sources is None or sources is False:
            continue
        if sources is True:
            parts.append(directive)
        elif isinstance(sources, str):
            parts.append(f"{directive} {sources}")
        else:
            parts.append(f"{directive} {' '.join(sources)}")
    return "; ".join(parts)


_UNUSED_FEATURES = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media",
    "fullscreen", "gamepad", "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer",
    "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock", "serial", "sync-xhr", "usb",
    "xr-spatial-tracking",
)  # fmt: skip
PERMISSIONS_POLICY = ", ".join(
    [*(f"{feature}=()" for feature in _UNUSED_FEATURES), "clipboard-read=(self)", "clipboard-write=(self)"]
)
"""Browser features that no page uses, so that no injected content can either."""


class SecurityHeadersMiddleware:
    """Headers that Django's own SecurityMiddleware does not set, on every response, redirects and errors included."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        headers = response.headers
        headers["Content-Security-Policy"] = content_security_policy(settings.SECURE_CSP)
        headers["Permissions-Policy"] = PERMISSIONS_POLICY
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = settings.SECURE_CROSS_ORIGIN_OPENER_POLICY
        headers["Referrer-Policy"] = settings.SECURE_REFERRER_POLICY
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = settings.X_FRAME_OPTIONS
        if not isinstance(response, WhiteNoiseFileResponse):
            # Set over whatever a view chose: nothing but static files may stay in a cache or behind the Back button.
            headers["Cache-Control"] = "no-store"
        return response


class RequestLimitsMiddleware:
    """Refuses what no page can mean, before sessions or the database are asked: vault.requests has the rules."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            requests.check_length(request, settings.REQUEST_BODY_LIMIT)
            request.get_host()
            requests.check_address(request)
        except DisallowedHost:
            wrong_host = errors.RefusedRequest(HTTPStatus.BAD_REQUEST, errors.WRONG_HOST, rule="host")
            return self._refused(request, wrong_host)
        except errors.RefusedRequest as refused:
            return self._refused(request, refused)
        response = self.get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and not getattr(response, "content", b"-"):
            # Django's require_POST answers with an empty page.
            permitted = [method.strip() for method in response.headers.get("Allow", "").split(",")]
            return errors.method_not_allowed(request, permitted)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        permitted = requests.taken_methods(view)
        if request.method not in permitted:
            return errors.method_not_allowed(request, sorted(permitted))
        if request.method not in requests.UNSAFE_METHODS:
            return None
        try:
            requests.check_site(request)
            requests.check_content_type(request, requests.taken_content_types(view))
            requests.check_stranger(request)
            requests.check_form(request)
        except errors.RefusedRequest as refused:
            return self._refused(request, refused)
        return None

    def _refused(self, request: HttpRequest, refused: errors.RefusedRequest) -> HttpResponse:
        logger.warning("Refused with %d by the rule of the %s", refused.status, refused.rule)
        return errors.error_response(request, refused.status, refused.reason)

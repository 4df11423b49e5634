"""The gate that every request passes, the end of sessions, and the answers to too many attempts."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils import timezone

from accounts import selectors
from accounts.gate import Gate, gate_at, gate_of, person
from accounts.hashers import TooBusy
from accounts.limiter import LimiterUnavailable, TooManyAttempts
from accounts.redirects import with_next
from accounts.services.sign_in import SessionEnd, end_session
from accounts.sessions import SessionStore
from accounts.words import in_words
from vault.errors import error_response, wants_json

GetResponse = Callable[[HttpRequest], HttpResponse]
TOUCH_SECONDS = 60


class SessionLimitsMiddleware:
    """Ends a session that was idle, or that has lasted, for too long (ASVS 5.0 7.3.1, 7.3.2)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if gate_at(request.path_info) is not Gate.SESSIONLESS:
            self.limit(request)
        return self.get_response(request)

    def limit(self, request: HttpRequest) -> None:
        """Ends the session of the request, if it has one that is too old, or notes that it is in use."""
        session = request.session
        if isinstance(session, SessionStore) and session.get(SESSION_KEY) and session.row is not None:
            now = timezone.now()
            idle = (now - session.row.seen_at).total_seconds()
            if idle > settings.SESSION_IDLE_SECONDS:
                self.end(request, SessionEnd.IDLE)
            elif (now - session.row.created_at).total_seconds() > settings.SESSION_ABSOLUTE_SECONDS:
                self.end(request, SessionEnd.ABSOLUTE)
            elif idle >= TOUCH_SECONDS:
                session.touch(now)

    @staticmethod
    def end(request: HttpRequest, why: SessionEnd) -> None:
        end_session(request=request, why=why)
        request.session_end = why  # type: ignore[attr-defined]  # read by the gate, for the sign-in page


class GateMiddleware:
    """Denies by default: see `accounts.gate` for what a view may ask for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        gate = gate_of(view)
        if gate in {Gate.PUBLIC, Gate.SESSIONLESS}:
            return None
        if not request.user.is_authenticated:
            why: SessionEnd | None = getattr(request, "session_end", None)
            return self.send(
                request, "accounts:sign_in", 401, "Sign in to go on.", **({"ended": str(why)} if why else {})
            )
        user = person(request)
        if user.is_verified():
            return None
        if selectors.has_second_factor(user):
            return self.send(request, "accounts:sign_in_code", 403, "Enter the code of your second factor to go on.")
        if gate is Gate.VERIFIED and selectors.instance().second_factor_required:
            return self.send(request, "accounts:second_factor_enrol", 403, "Set up a second factor to go on.")
        return None

    @staticmethod
    def send(request: HttpRequest, page: str, status: int, sentence: str, **parameters: str) -> HttpResponse:
        """To the page that helps, and from there back here, if coming back repeats nothing."""
        if wants_json(request):
            return JsonResponse({"error": sentence}, status=status)
        back = request.get_full_path() if request.method in {"GET", "HEAD"} else ""
        return HttpResponseRedirect(with_next(page, back, **parameters))


class TooManyAttemptsMiddleware:
    """Turns the limiter's and the hasher's refusals into answers."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        match error:
            case TooManyAttempts():
                status, reason = 429, f"Too many attempts. Try again in {in_words(error.retry_after)}."
            case TooBusy():
                status, reason = 503, "Many people are signing in at this moment. Try again in a few seconds."
            case LimiterUnavailable():
                status, reason = 503, "Attempts cannot be counted at the moment, so nothing is checked. Try again soon."
            case _:
                return None
        if status == 429 and not wants_json(request):
            reason = ""  # the page says so itself
        headers = {"Retry-After": str(error.retry_after)}
        return error_response(request, status, reason, headers=headers, retry_after=error.retry_after)

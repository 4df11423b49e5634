"""Writes the alerts that a request collected, and answers what cannot be done for that reason."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from vault.errors import error_response
from vault.seals import reporting
from vault.seals.errors import SealBroken


class SealReportsMiddleware:
    """Around everything that reads rows: alerts are written after the response, outside of every transaction."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with reporting.collecting():
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, SealBroken):
            return None
        return error_response(
            request,
            HTTPStatus.CONFLICT,
            "This was altered outside of this program, so it is neither opened nor changed. The log has an alert; ask "
            "whoever runs this server to run `manage.py access verify`.",
        )

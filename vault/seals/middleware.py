"""Writes the alerts that a request collected."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from vault.seals import reporting


class SealReportsMiddleware:
    """Around everything that reads rows: alerts are written after the response, outside of every transaction."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with reporting.collecting():
            return self.get_response(request)

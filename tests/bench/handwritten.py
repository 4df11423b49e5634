"""The yardstick of a reveal: a view written by hand, served by the same gunicorn behind the same middleware.

It sends the very statements that a reveal sends (recorded, in the file that BENCH_STATEMENTS names) as plain SQL, opens
one value, and answers with as much JSON. No service, no model, no form, no permission, no proof: what is left is what
nobody can leave out.
"""

import os
import pickle
import uuid
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import include, path

from vault.wsgi import application

__all__ = ["application"]

settings.ROOT_URLCONF = __name__
_STATEMENTS: list[tuple[str, tuple[object, ...], bool]] = pickle.loads(  # noqa: S301 - written by the benchmark
    Path(os.environ["BENCH_STATEMENTS"]).read_bytes()
)
_EVENT = os.environ["BENCH_EVENT"]
_KEK, _NONCE, _AAD = AESGCM(os.urandom(32)), os.urandom(12), os.urandom(120)
_DEK = os.urandom(32)
_WRAPPED, _SEALED = _KEK.encrypt(_NONCE, _DEK, _AAD), AESGCM(_DEK).encrypt(_NONCE, bytes(64), _AAD)


def by_hand(request: HttpRequest) -> JsonResponse:
    """The statements before the transaction, those in it, the commit, one open."""
    if request.method != "POST" or not request.user.is_authenticated:
        raise PermissionError
    with connection.cursor() as cursor:
        for statement in _STATEMENTS:
            if not statement[2]:
                _send(cursor, statement)
        with transaction.atomic():
            for statement in _STATEMENTS:
                if statement[2]:
                    _send(cursor, statement)
    opened = AESGCM(_KEK.decrypt(_NONCE, _WRAPPED, _AAD)).decrypt(_NONCE, _SEALED, _AAD)
    shown = {"name": "value", "label": "Value", "value": opened.decode(), "link": None}
    return JsonResponse({"version": 1, "seconds": 30, "fields": [shown]})


def _send(cursor: object, statement: tuple[str, tuple[object, ...], bool]) -> None:
    sql, parameters, _ = statement
    event = uuid.uuid4()
    fresh = tuple(
        (event if isinstance(value, uuid.UUID) else event.hex) if str(value).replace("-", "") == _EVENT else value
        for value in parameters
    )
    cursor.execute(sql, fresh)  # type: ignore[attr-defined]  # a database cursor
    cursor.fetchall()  # type: ignore[attr-defined]  # as above


urlpatterns = [path("bench/reveal/", by_hand), path("", include("vault.urls"))]

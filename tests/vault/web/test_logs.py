"""The server's log holds lines and no values."""

import contextvars
import json
import logging
import sys
from collections.abc import Callable

import pytest
from django.db import IntegrityError, OperationalError

from vault import context
from vault.crypto.errors import KeyUnavailable
from vault.logs import formatter

CANARY = "canary-hunter2-5f1d"


def line_of(raising: Callable[[], object] | None, message: str = "failed", *, as_json: bool = True) -> str:
    exc_info = None
    if raising is not None:
        try:
            raising()
        except Exception:  # noqa: BLE001 - whatever it was
            exc_info = sys.exc_info()
    record = logging.LogRecord("django.request", logging.ERROR, __file__, 1, message, (), exc_info)
    return formatter(as_json=as_json).format(record)


def in_words_of_its_own() -> None:
    int(CANARY)


def in_a_local_variable() -> None:
    password = CANARY
    raise ValueError(len(password))


def in_a_cause() -> None:
    try:
        dict[str, str]()[CANARY]
    except KeyError as error:
        raise RuntimeError(f"cannot use {CANARY}") from error


def in_a_context() -> None:
    try:
        (CANARY + "\ud800").encode()
    except UnicodeEncodeError:
        int(CANARY)


def in_the_detail_of_a_database() -> None:
    raise IntegrityError(f'duplicate key value violates unique constraint "x"\nDETAIL: Key (name)=({CANARY}) exists.')


@pytest.mark.parametrize(
    "raising", [in_words_of_its_own, in_a_local_variable, in_a_cause, in_a_context, in_the_detail_of_a_database]
)
@pytest.mark.parametrize("as_json", [True, False])
def test_it_never_shows_a_value_that_an_exception_carries(raising: Callable[[], object], as_json: bool) -> None:
    line = line_of(raising, as_json=as_json)
    assert CANARY not in line
    assert "test_logs.py" in line
    assert raising.__name__ in line


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (OperationalError("connection to 10.0.0.1 refused\nmore"), "connection to 10.0.0.1 refused"),
        (KeyUnavailable(bytes(16)), "fingerprint 0000-0000-0000-0000"),
        (IntegrityError("UNIQUE constraint failed: orgs_project.name_key"), "orgs_project.name_key"),
    ],
)
def test_it_shows_the_messages_that_an_operator_needs(error: Exception, shown: str) -> None:
    def fail() -> None:
        raise error

    assert shown in json.loads(line_of(fail))["exception"]


@pytest.mark.parametrize("as_json", [True, False])
def test_it_writes_one_line_whatever_a_client_chose(as_json: bool) -> None:
    line = line_of(None, "Not Found: /x\n2026-01-01 ERROR forged\r\x1b[2K\u202etxt", as_json=as_json)
    assert len(line.splitlines()) == 1
    for character in ("\x1b", "\r", "\u202e"):
        assert character not in line


def test_it_carries_the_correlation_id() -> None:
    outside = contextvars.Context().run(line_of, None)
    assert json.loads(outside)["correlation_id"] == "-"
    token = context.enter(context.RequestContext("00112233445566ff"))
    try:
        assert json.loads(line_of(None))["correlation_id"] == "00112233445566ff"
        assert "[00112233445566ff]" in line_of(None, as_json=False)
    finally:
        context.leave(token)

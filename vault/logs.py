"""The server's log: one line per record, with the correlation id, and no value that somebody keeps secret.

An exception's own words can quote what it choked on (`int("hunter2")`, a refused row's columns). So a traceback here
has files, lines, functions and the exception's type; its message only if the type is known to name things and not
values. Local variables are never shown.
"""

import logging
import traceback
from collections.abc import Iterator, MutableMapping
from types import TracebackType
from typing import Any

import structlog
from django.core.exceptions import DisallowedHost, ImproperlyConfigured
from django.db import IntegrityError, InterfaceError, OperationalError, ProgrammingError
from django.template import TemplateDoesNotExist
from django.urls import NoReverseMatch

from vault import context
from vault.names import safe_label

Record = MutableMapping[str, Any]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

_TELLING = (
    AttributeError,
    DisallowedHost,
    ImportError,
    ImproperlyConfigured,
    IntegrityError,
    InterfaceError,
    NameError,
    NoReverseMatch,
    NotImplementedError,
    OperationalError,
    OSError,
    ProgrammingError,
    TemplateDoesNotExist,
    TypeError,
)
"""Exceptions whose first line names code, tables, files or hosts. Databases quote a row's values from the second on."""
_OURS = ("vault.", "accounts.", "orgs.", "audit.")
"""The house's own exceptions never repeat a value; tests of their messages see to it."""
MAX_MESSAGE = 300
MAX_LINE = 4000


def told(error: BaseException) -> str:
    """The type of an exception, and its message if that cannot hold a value."""
    kind = type(error)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    if not (kind.__module__.startswith(_OURS) or kind in _TELLING):
        return f"{name} (its message is left out: it could repeat a value)"
    first_line = str(error).strip().partition("\n")[0]
    return f"{name}: {safe_label(first_line, max_length=MAX_MESSAGE)}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and what led to it, the first cause first."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        seen.append(current)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return reversed(seen)


def traceback_without_values(exc_info: Any) -> str:
    """A traceback, chained ones included, in which no message or variable can show what was being worked on."""
    error: BaseException = exc_info[1]
    return "\n".join(f"{''.join(traceback.format_tb(one.__traceback__))}{told(one)}" for one in _chain(error))


def _add_correlation_id(logger: Any, method: str, record: Record) -> Record:
    record["correlation_id"] = context.correlation_id_of_request()
    return record


def _one_line(logger: Any, method: str, record: Record) -> Record:
    """What a client chose (a path, a host) can neither begin a line of its own nor hide a part of this one."""
    record["event"] = safe_label(str(record["event"]), max_length=MAX_LINE)
    return record


def _render_line(logger: Any, method: str, record: Record) -> str:
    line = "{timestamp} {level:<8} {logger} [{correlation_id}] {event}".format(**record)
    return f"{line}\n{record['exception']}" if record.get("exception") else line


def formatter(*, as_json: bool) -> logging.Formatter:
    """For the `LOGGING` setting: JSON lines for collectors, or lines for people."""
    renderer = structlog.processors.JSONRenderer(sort_keys=True) if as_json else _render_line
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_correlation_id,
            _one_line,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(traceback_without_values),
            renderer,
        ],
    )

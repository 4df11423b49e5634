"""What is known about the request under way: its correlation id and where it came from.

The audit log and the server's log both read it here, so that a person who reports a correlation id can be answered.
"""

import secrets
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Where a piece of work came from; `ip` is None and `user_agent` empty outside of a request.

    `is_request`: whether it is one. A request whose address is not known is not a command, which has none.
    """

    correlation_id: str
    ip: str | None = None
    user_agent: str = ""
    is_request: bool = False


_current: ContextVar[RequestContext | None] = ContextVar("holdfast_request", default=None)


def new_correlation_id() -> str:
    """Sixteen lowercase hex digits: short enough to read over the telephone, unique enough to find one request."""
    return secrets.token_hex(8)


def current() -> RequestContext:
    """The context of the request under way; outside of one (a command), a new context for each call chain."""
    context = _current.get()
    if context is None:
        context = RequestContext(correlation_id=new_correlation_id())
        _current.set(context)
    return context


def enter(context: RequestContext) -> Token[RequestContext | None]:
    return _current.set(context)


def leave(token: Token[RequestContext | None]) -> None:
    _current.reset(token)


def template_context(request: HttpRequest) -> dict[str, Any]:
    """Template context processor: `correlation_id`."""
    return {"correlation_id": current().correlation_id}


def correlation_id_of_request() -> str:
    """The id of the request under way, for the server's log; `-` outside of one."""
    context = _current.get()
    return context.correlation_id if context else "-"

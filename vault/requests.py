"""What a request may contain: checked before any view sees it, so that no view has to remember.

PostgreSQL stores no NUL, and text that is not UTF-8 would be stored as something else than what was sent. Every check
raises `RefusedRequest` with a sentence that names the place and the remedy, and never what stood there.
"""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote_to_bytes

from django.core.exceptions import BadRequest, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError

from vault.errors import RefusedRequest
from vault.names import safe_label

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile
    from django.utils.datastructures import MultiValueDict

UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
METHODS = frozenset({"GET", "HEAD", "POST"})
"""The methods that pages answer. A view that takes others says so with `takes`."""
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
FORM_TYPES = frozenset({URLENCODED, MULTIPART})
UTF8 = frozenset({"utf-8", "utf8"})
OWN_SITE = frozenset({"same-origin", "none"})
"""What Sec-Fetch-Site says of a form of ours (W3C Fetch Metadata): sent by our page, or by the person directly."""
DRAIN_LIMIT = 32 * 1024 * 1024
"""How much of a body that is refused is still read and dropped: a browser shows the answer only after it sent all."""
STRANGER_LIMIT = 64 * 1024
"""Bytes of a form from somebody who is not signed in."""
_CHUNK = 64 * 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BROKEN_UTF8 = re.compile(r"%[89a-fA-F][0-9a-fA-F]")
_REPLACEMENT = "\ufffd"

View = TypeVar("View", bound=Callable[..., Any])


def takes(*, methods: frozenset[str] = METHODS, content_types: frozenset[str] = FORM_TYPES) -> Callable[[View], View]:
    """Decorator: what a view takes besides what every page takes (`content_types` holds for unsafe methods)."""

    def mark(view: View) -> View:
        view.taken_methods = methods  # type: ignore[attr-defined]  # functions take attributes, their type does not
        view.taken_content_types = content_types  # type: ignore[attr-defined]  # as above
        return view

    return mark


def taken_methods(view: Callable[..., Any]) -> frozenset[str]:
    return getattr(view, "taken_methods", METHODS)


def taken_content_types(view: Callable[..., Any]) -> frozenset[str]:
    return getattr(view, "taken_content_types", FORM_TYPES)


def check_length(request: HttpRequest, limit: int) -> None:
    """Raises 413 for a body of more than `limit` bytes by its Content-Length, 400 for a length that is no number.

    A body without a length (chunked) has been measured by `vault.bodies` already and arrives here with one.
    """
    said = request.META.get("CONTENT_LENGTH") or "0"
    if not (said.isascii() and said.isdigit()):
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, "The length of what was sent is not a number.", rule="length")
    if int(said) > limit:
        _drain(request)
        reason = f"At most {limit / 1024 / 1024:.0f} MiB can be sent at once."
        raise RefusedRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason, rule="size")


def _drain(request: HttpRequest) -> None:
    left = DRAIN_LIMIT
    try:
        while left > 0 and (read := len(request.read(_CHUNK))):
            left -= read
    except OSError:
        return  # the client went away, which is all the same now


def check_address(request: HttpRequest) -> None:
    """Raises 400 for a path or a query with control characters (the query: NUL) or bytes that are not UTF-8.

    And for any request that claims another encoding: Django would read the query by it, and in UTF-7 plain ASCII
    letters spell a NUL.
    """
    if request.content_params and request.content_params.get("charset", "utf-8").lower() not in UTF8:
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, "Only UTF-8 is understood here.", rule="charset")
    # Django shows bytes of a path that are not UTF-8 as %XX again, and no address of ours contains a percent sign.
    if _CONTROL.search(request.path_info) or _BROKEN_UTF8.search(request.path_info):
        reason = "The address contains characters that no page of this vault has. Check how it was copied."
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, reason, rule="path")
    query = request.META.get("QUERY_STRING", "").encode("iso-8859-1", errors="replace")
    if not _is_clean(query):
        reason = "The part of the address after the question mark is not valid text. Remove it and try again."
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, reason, rule="query")


def _is_clean(encoded: bytes) -> bool:
    """Whether URL-encoded bytes are UTF-8 without NUL (RFC 3629: no surrogates, no overlong forms)."""
    decoded = unquote_to_bytes(encoded.replace(b"+", b" "))
    try:
        return "\0" not in decoded.decode()
    except UnicodeDecodeError:
        return False


def check_site(request: HttpRequest) -> None:
    """Raises 403 if the browser says that another site sent this form. Stands behind the CSRF token, not for it."""
    site = request.headers.get("Sec-Fetch-Site", "")
    if site and site not in OWN_SITE:
        reason = "This form was sent from another site. Open the vault itself and do it there."
        raise RefusedRequest(HTTPStatus.FORBIDDEN, reason, rule="site")


def check_content_type(request: HttpRequest, accepted: frozenset[str]) -> None:
    """Raises 415 if the body is of a type that the view does not take; no body needs no type."""
    if not request.content_type and not int(request.META.get("CONTENT_LENGTH") or 0):
        return
    if request.content_type not in accepted:
        reason = f"Send it as {' or '.join(sorted(accepted))}."
        raise RefusedRequest(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, reason, rule="type")


def check_stranger(request: HttpRequest) -> None:
    """Raises 413 for a form of more than STRANGER_LIMIT bytes from nobody who is signed in, before it is read.

    Four mebibytes of percent signs take a second to decode, and strangers fill in no form that large.
    """
    user = getattr(request, "user", None)
    if int(request.META.get("CONTENT_LENGTH") or 0) > STRANGER_LIMIT and not (user and user.is_authenticated):
        _drain(request)
        reason = f"Before signing in, at most {STRANGER_LIMIT // 1024} KiB can be sent. Sign in and send it again."
        raise RefusedRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason, rule="stranger")


def check_form(request: HttpRequest) -> None:
    """Reads the body; raises 400 for a form that cannot be read, has too many fields, a NUL or broken UTF-8; or 413."""
    body, form, files = _read_form(request)
    if request.content_type == URLENCODED:
        for pair in body.split(b"&"):
            if not _is_clean(pair):
                _refuse_field(unquote_to_bytes(pair.partition(b"=")[0]).decode(errors="replace"))
        return
    texts = [(name, text) for name, values in form.lists() for text in (name, *map(str, values))]
    for name, text in [*texts, *((name, name) for name in files)]:
        # A replacement character that was not sent came from bytes that are not UTF-8.
        if "\0" in text or (_REPLACEMENT in text and text.encode() not in body):
            _refuse_field(name)


def _read_form(request: HttpRequest) -> "tuple[bytes, QueryDict, MultiValueDict[str, UploadedFile[Any]]]":
    try:
        return request.body, request.POST, request.FILES
    except RequestDataTooBig:
        reason = "The form holds more than can be sent at once."
        raise RefusedRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason, rule="size") from None
    except (TooManyFieldsSent, TooManyFilesSent):
        reason = "The form has more fields or files than can be sent at once. Send fewer."
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, reason, rule="fields") from None
    except UnreadablePostError:
        reason = "The connection broke before everything had arrived."
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, reason, rule="connection") from None
    except (BadRequest, MultiPartParserError, ValueError):
        reason = "The form cannot be read. Reload the page and try again."
        raise RefusedRequest(HTTPStatus.BAD_REQUEST, reason, rule="form") from None


def _refuse_field(name: str) -> None:
    named = safe_label(name.partition("\0")[0], max_length=60)
    reason = (
        f"The field “{named}” contains bytes that are not text (NUL, or not UTF-8). "
        "Go back and remove them; binary content can be stored as a file."
    )
    raise RefusedRequest(HTTPStatus.BAD_REQUEST, reason, rule="text")

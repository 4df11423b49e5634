"""The bytes of a row that its seal authenticates. FORMAT.md says why each is as it is; change neither alone."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from audit.canonical import NotCanonical, canonical_json, canonical_time
from vault.crypto.signing import length_prefixed

FORMAT = b"holdfast/v1/seal"
"""What these bytes are, and how they are made. Another layout has another label."""
_NAME = re.compile(r"[a-z][a-z0-9_.]*", re.ASCII)


def canonical_row(
    *, kind: str, row: str, organization: UUID | None, version: int, fields: Mapping[str, object]
) -> bytes:
    """What the seal of a row covers.

    ``kind``: the model, as ``orgs.membership``. ``row``: its primary key as text. ``version``: from 1, one more with
    each change. ``fields``: column names and values, of which the names are covered as well. Raises NotCanonical for a
    value that has no one form, ValueError for a name or a version that is none.
    """
    parts = [_beginning(kind), length_prefixed(row.encode("ascii"), canonical_value(organization), _number(version))]
    for name, prefixed in _columns(tuple(fields)):
        value = canonical_value(fields[name])
        parts += (prefixed, len(value).to_bytes(4, "big"), value)
    return b"".join(parts)


def canonical_element(*, kind: str, row: str, version: int) -> bytes:
    """What a tally counts of a seal."""
    return _beginning_of_element(kind) + length_prefixed(row.encode("ascii"), _number(version))


def canonical_value(value: object) -> bytes:
    """A value with a letter for its type in front, so that no two different ones give the same bytes."""
    if value is None:
        return b"n"
    form = _FORMS.get(value.__class__)
    return form(value) if form is not None else _form_of_a_subclass(value)


def _text(value: str) -> bytes:
    try:
        return b"s" + value.encode()
    except UnicodeEncodeError:
        raise NotCanonical("a text holds a lone surrogate") from None


def _moment(value: datetime) -> bytes:
    return b"t" + canonical_time(value).encode()


def _json(value: object) -> bytes:
    return b"j" + canonical_json(value, where="a sealed field")


_FORMS: Mapping[type, Callable[[Any], bytes]] = {
    bool: lambda value: b"b1" if value else b"b0",
    int: lambda value: b"i%d" % value,
    str: _text,
    UUID: lambda value: b"u" + value.bytes,
    datetime: _moment,
    bytes: lambda value: b"x" + value,
    memoryview: lambda value: b"x" + bytes(value),
    list: _json,
    tuple: _json,
    dict: _json,
}


def _form_of_a_subclass(value: object) -> bytes:
    """Members of enumerations, envelopes: as what they are made of."""
    match value:
        case int():
            return _FORMS[int](int(value))
        case str():
            return _text(str(value))
        case UUID():
            return b"u" + value.bytes
        case datetime():
            return _moment(value)
        case bytes() | bytearray():
            return b"x" + bytes(value)
        case list() | tuple() | Mapping():
            return _json(value)
    raise NotCanonical(f"a sealed field holds a {type(value).__name__}")


@lru_cache(maxsize=256)
def _beginning(kind: str) -> bytes:
    """What the bytes of every row of a kind begin with."""
    return length_prefixed(FORMAT, _word(kind))


@lru_cache(maxsize=256)
def _beginning_of_element(kind: str) -> bytes:
    """What the bytes of every element of a kind begin with: a tally is counted over many of few kinds."""
    return length_prefixed(b"holdfast/v1/seal-element", _word(kind))


@lru_cache(maxsize=256)
def _columns(names: tuple[str, ...]) -> list[tuple[str, bytes]]:
    """The names in their order, each also as it stands in the bytes."""
    return [(name, length_prefixed(_word(name))) for name in sorted(names)]


def _word(word: str) -> bytes:
    if not _NAME.fullmatch(word):
        raise ValueError(f"{word!r} is no name of a model or a column.")
    return word.encode()


def _number(number: int) -> bytes:
    if number < 1:
        raise ValueError("Versions begin at 1.")
    return number.to_bytes(8, "big")

"""The bytes of a row that its seal authenticates. FORMAT.md says why each is as it is; change neither alone."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
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
    value that has no one form.
    """
    parts = [FORMAT, _word(kind), row.encode("ascii"), canonical_value(organization), _number(version)]
    for name in sorted(fields):
        parts += [_word(name), canonical_value(fields[name])]
    return length_prefixed(*parts)


def canonical_element(*, kind: str, row: str, version: int) -> bytes:
    """What a tally counts of a seal."""
    return length_prefixed(b"holdfast/v1/seal-element", _word(kind), row.encode("ascii"), _number(version))


def canonical_value(value: object) -> bytes:
    """A value with a letter for its type in front, so that no two different ones give the same bytes."""
    match value:
        case None:
            return b"n"
        case bool():
            return b"b1" if value else b"b0"
        case int():
            return b"i%d" % int(value)
        case str():
            try:
                return b"s" + value.encode()
            except UnicodeEncodeError:
                raise NotCanonical("a text holds a lone surrogate") from None
        case UUID():
            return b"u" + value.bytes
        case datetime():
            return b"t" + canonical_time(value.astimezone(UTC) if value.tzinfo else value).encode()
        case bytes() | memoryview() | bytearray():
            return b"x" + bytes(value)
        case list() | tuple() | Mapping():
            return b"j" + canonical_json(value, where="a sealed field")
        case _:
            raise NotCanonical(f"a sealed field holds a {type(value).__name__}")


def _word(word: str) -> bytes:
    if not _NAME.fullmatch(word):
        raise ValueError(f"{word!r} is no name of a model or a column.")
    return word.encode()


def _number(number: int) -> bytes:
    if number < 1:
        raise ValueError("Versions begin at 1.")
    return number.to_bytes(8, "big")

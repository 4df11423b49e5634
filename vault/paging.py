"""Pages of a long list by its keys, not by offsets: the thousandth page costs what the first one does.

A cursor says between which rows a page lies. It travels in the address, so it holds nothing but what the list shows
anyway (a name or a time, and a uid), and it is checked when it comes back: it can name a place, never widen a list.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db.models import Q, QuerySet

PAGE_SIZE = 30
CURSOR_LIMIT = 4000
"""Characters of a cursor: a folded name of 400 characters of four bytes each has less, as JSON in base64."""

Row_co = TypeVar("Row_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Order:
    """What a list is ordered by: columns that together name one row, and how a cursor's texts become their values.

    `parsers` raise ValueError for a text that is no value of the column.
    """

    columns: tuple[str, ...]
    parsers: tuple[Callable[[str], Any], ...]
    descending: bool = False

    def by(self, *, reverse: bool = False) -> list[str]:
        """For `order_by`."""
        return [f"-{column}" if self.descending != reverse else column for column in self.columns]

    def behind(self, keys: Sequence[Any], *, reverse: bool = False) -> Q:
        """The rows behind `keys`: a > x, or a = x and b > y, and so on.

        The first column's bound stands alone as well (a >= x), which is what an index can start from.
        """
        operator = "lt" if self.descending != reverse else "gt"
        behind = Q()
        for place, column in enumerate(self.columns):
            same = dict(zip(self.columns[:place], keys[:place], strict=True))
            behind |= Q(**same, **{f"{column}__{operator}": keys[place]})
        return Q(**{f"{self.columns[0]}__{operator}e": keys[0]}) & behind


@dataclass(frozen=True, slots=True)
class Cursor:
    """The rows behind `keys`, or with `backwards` those before them."""

    keys: tuple[Any, ...]
    backwards: bool = False

    def encoded(self) -> str:
        """URL-safe text."""
        text = json.dumps([int(self.backwards), *map(str, self.keys)], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode("ascii").rstrip("=")

    @classmethod
    def decode(cls, text: str, order: Order) -> "Cursor | None":
        """The cursor in `text` if it fits `order`; None for anything else, as for no cursor: the first page."""
        if not text or len(text) > CURSOR_LIMIT or not text.isascii():
            return None
        try:
            padded = text + "=" * (-len(text) % 4)
            found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True).decode())
        except (binascii.Error, ValueError, RecursionError):
            return None
        match found:
            case [0 | 1 as backwards, *keys] if len(keys) == len(order.columns) and all(map(_is_storable, keys)):
                try:
                    parsed = tuple(parse(key) for parse, key in zip(order.parsers, keys, strict=True))
                except ValueError:
                    return None
                return cls(parsed, backwards=bool(backwards))
        return None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row_co]):
    """`rows` in the list's order; the cursors of the neighbouring pages, empty where there is none."""

    rows: Sequence[Row_co]
    previous: str = ""
    next: str = ""


def page_of(queryset: QuerySet[Any, Row_co], order: Order, cursor: str, *, size: int = PAGE_SIZE) -> Page[Row_co]:
    """One page of `queryset` (of models or named tuples; neither ordered nor sliced), in one query.

    A text that is no cursor gives the first page. A cursor that leads to an empty page, or back to less than a whole
    one, leads to the first page as well.
    """
    place = Cursor.decode(cursor, order)
    if place is None:
        found = list(queryset.order_by(*order.by())[: size + 1])
        return Page(found[:size], next=_at(found[size - 1], order) if len(found) > size else "")
    beyond = queryset.filter(order.behind(place.keys, reverse=place.backwards))
    found = list(beyond.order_by(*order.by(reverse=place.backwards))[: size + 1])
    more, rows = len(found) > size, found[:size]
    if not rows or (place.backwards and not more):
        return page_of(queryset, order, "", size=size)
    if place.backwards:
        rows.reverse()
    return Page(
        rows,
        previous=_at(rows[0], order, backwards=True),
        next=_at(rows[-1], order) if place.backwards or more else "",
    )


def _at(row: object, order: Order, *, backwards: bool = False) -> str:
    """The cursor of what follows `row`, or with `backwards` comes before it."""
    keys = (getattr(row, column) for column in order.columns)
    return Cursor(tuple(key.isoformat() if isinstance(key, datetime) else key for key in keys), backwards).encoded()


def _is_storable(key: object) -> bool:
    """Whether `key` is a text that a database can be asked for."""
    if not isinstance(key, str) or "\0" in key:
        return False
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True

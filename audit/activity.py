"""An activity page, whoever shows it: filters, one page of events in words, the addresses of the pages beside it."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from audit.forms import ActivityFilterForm
from audit.models import Event
from audit.presentation import sentence_of
from audit.selectors import EventFilters, page_of

OLDER, NEWER = "older", "newer"


def activity_page(
    query: QueryDict, events_for: Callable[[EventFilters], "QuerySet[Event]"], *, link: bool = True
) -> dict[str, Any]:
    """The context for `audit/_filters.html` and `audit/_timeline.html`.

    `query`: the request's parameters. `events_for`: the events that may be seen, for filters (a selector with its first
    arguments filled in). `link`: whether events link to what they are about.
    """
    form = ActivityFilterForm(query)
    form.is_valid()  # what it does not understand it names on the page, and filters by the rest
    filters = form.filters
    page = page_of(events_for(filters), older_than=query.get(OLDER, ""), newer_than=query.get(NEWER, ""))
    return {
        "filters": form,
        "filtered": filters != EventFilters(),
        "events": [sentence_of(event, link=link) for event in page.events],
        "older_cursor": page.older_cursor,
        "newer_cursor": page.newer_cursor,
        "older_url": _beside(query, OLDER, page.older_cursor),
        "newer_url": _beside(query, NEWER, page.newer_cursor),
    }


def _beside(query: QueryDict, side: str, cursor: str) -> str:
    if not cursor:
        return ""
    parameters = query.copy()
    for name in (OLDER, NEWER):
        parameters.pop(name, None)
    parameters[side] = cursor
    return f"?{parameters.urlencode()}"

"""Reading the log: whose events, in which order, a page at a time."""

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.actions import Action, Outcome, ResourceKind
from audit.actor import Actor
from audit.groups import ACTIONS, ActionGroup
from audit.models import Event
from audit.resource import Resource
from audit.selectors import EventFilters, events_of_actor, events_of_organization, events_of_resource, page_of
from audit.services import append

pytestmark = pytest.mark.django_db

HERE, ELSEWHERE = uuid4(), uuid4()


def write(label: str = "DB_PASSWORD", *, organization: object = HERE, **fields: object) -> Event:
    with transaction.atomic():
        return append(
            **{  # type: ignore[arg-type]  # put together from what the tests vary
                "actor": Actor.system(),
                "action": Action.SECRET_REVEALED,
                "organization_id": organization,
                "resource": Resource(ResourceKind.SECRET, "one", label),
            }
            | fields
        )


def labels(events: object) -> list[str]:
    return [event.resource_label for event in events]  # type: ignore[attr-defined]  # a queryset or a list


def test_every_action_is_in_exactly_one_group() -> None:
    listed = [action for actions in ACTIONS.values() for action in actions]
    assert sorted(listed) == sorted(Action)
    assert set(ACTIONS) == set(ActionGroup)


def test_it_shows_the_events_of_one_organization_newest_first() -> None:
    write("a"), write("b", organization=ELSEWHERE), write("c", organization=None), write("d")
    assert labels(events_of_organization(HERE)) == ["d", "a"]


def test_it_shows_the_history_of_one_thing_of_one_organization() -> None:
    write("a")
    write("same id, other organization", organization=ELSEWHERE)
    write("same id, other kind", resource=Resource(ResourceKind.PROJECT, "one", "p"))
    write("other", resource=Resource(ResourceKind.SECRET, "two", "other"))
    assert labels(events_of_resource(HERE, ResourceKind.SECRET, "one")) == ["a"]


def test_it_shows_what_one_person_did(cast: object) -> None:
    write("a", actor=cast.bob.audit_actor)  # type: ignore[attr-defined]  # the cast fixture
    write("b")
    assert labels(events_of_actor(str(cast.bob.uid))) == ["a"]  # type: ignore[attr-defined]  # as above


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (EventFilters(), ["trashed", "denied", "copied", "100%"]),
        (EventFilters(group=ActionGroup.OPENED), ["denied", "copied", "100%"]),
        (EventFilters(group=ActionGroup.CHANGED), ["trashed"]),
        (EventFilters(group=ActionGroup.PEOPLE), []),
        (EventFilters(outcome=Outcome.DENIED), ["denied"]),
        (EventFilters(actor="BOB@"), ["copied"]),
        (EventFilters(resource="PIE"), ["copied"]),
        (EventFilters(resource="%"), ["100%"]),  # no wildcard
        (EventFilters(since=date(2026, 3, 2)), ["trashed", "denied"]),
        (EventFilters(until=date(2026, 3, 1)), ["copied", "100%"]),
        (EventFilters(since=date.min, until=date.max), ["trashed", "denied", "copied", "100%"]),
        (EventFilters(since=date(2026, 3, 2), until=date(2026, 3, 2)), ["denied"]),
        (EventFilters(group=ActionGroup.OPENED, since=date(2026, 3, 2)), ["denied"]),
    ],
)
def test_it_filters(filters: EventFilters, expected: list[str]) -> None:
    with time_machine.travel(datetime(2026, 3, 1, 0, 0, tzinfo=UTC), tick=False):
        write("100%")
    with time_machine.travel(datetime(2026, 3, 1, 23, 59, 59, 999999, tzinfo=UTC), tick=False):
        write("copied", action=Action.SECRET_COPIED, actor=Actor.anonymous("bob@example.com"))
    with time_machine.travel(datetime(2026, 3, 2, 0, 0, tzinfo=UTC), tick=False):
        write("denied", outcome=Outcome.DENIED)
    with time_machine.travel(datetime(2026, 3, 3, 12, 0, tzinfo=UTC), tick=False):
        write("trashed", action=Action.SECRET_TRASHED)
    assert labels(events_of_organization(HERE, filters)) == expected
    assert labels(events_of_resource(HERE, ResourceKind.SECRET, "one", filters)) == expected


@pytest.mark.parametrize("count", [0, 1, 3, 4, 7])
def test_it_pages_through_everything_once_there_and_back(count: int) -> None:
    for number in range(count):
        write(str(number))
    events = events_of_organization(HERE)
    page = page_of(events, size=3)
    assert not page.newer_cursor
    pages = [page]
    while page.older_cursor:
        page = page_of(events, older_than=page.older_cursor, size=3)
        pages.append(page)
    assert [label for one in pages for label in labels(one.events)] == [str(n) for n in reversed(range(count))]
    for expected in reversed(pages[:-1]):
        page = page_of(events, newer_than=page.newer_cursor, size=3)
        assert labels(page.events) == labels(expected.events)
        assert page.older_cursor
    assert not page.newer_cursor


def test_it_keeps_its_place_when_newer_events_come_in() -> None:
    for number in range(6):
        write(str(number))
    first = page_of(events_of_organization(HERE), size=3)
    write("new")
    second = page_of(events_of_organization(HERE), older_than=first.older_cursor, size=3)
    assert labels(second.events) == ["2", "1", "0"]


@pytest.mark.parametrize(
    "cursor", ["", "1", "nonsense", "../../etc", "2f1ffb37-9e3c-4a5b-8f0a-0f7f4b7d2f11", "0" * 32, "ü"]
)
def test_it_shows_the_first_page_for_a_cursor_that_names_nothing(cursor: str) -> None:
    write("a"), write("b")
    for page in (
        page_of(events_of_organization(HERE), older_than=cursor),
        page_of(events_of_organization(HERE), newer_than=cursor),
    ):
        assert labels(page.events) == ["b", "a"]
        assert (page.older_cursor, page.newer_cursor) == ("", "")


def test_it_tells_a_foreign_cursor_from_a_made_up_one_in_nothing() -> None:
    write("a")
    foreign = write("secret of others", organization=ELSEWHERE)
    write("b")
    page = page_of(events_of_organization(HERE), older_than=str(foreign.uid))
    assert labels(page.events) == ["b", "a"]


def test_it_asks_once_or_twice_however_many_there_are() -> None:
    for number in range(8):
        write(str(number))
    with CaptureQueriesContext(connection) as queries:
        page = page_of(events_of_organization(HERE), size=3)
    assert len(queries) == 1
    with CaptureQueriesContext(connection) as queries:
        page_of(events_of_organization(HERE), older_than=page.older_cursor, size=3)
    assert len(queries) == 2

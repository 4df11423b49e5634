"""Reading the log, newest first, a page at a time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.actions import Outcome, ResourceKind
from audit.groups import ACTIONS, ActionGroup
from audit.models import Event

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class EventFilters:
    """What to show of the log; an empty field does not restrict. Days are in UTC, `until` is the last one shown."""

    group: ActionGroup | None = None
    outcome: Outcome | None = None
    actor: str = ""
    resource: str = ""
    since: date | None = None
    until: date | None = None

    def condition(self) -> Q:
        """The filters as a condition on events."""
        condition = Q()
        if self.group is not None:
            condition &= Q(action__in=[action.value for action in ACTIONS[self.group]])
        if self.outcome is not None:
            condition &= Q(outcome=self.outcome.value)
        if self.actor:
            condition &= Q(actor_label__icontains=self.actor)
        if self.resource:
            condition &= Q(resource_label__icontains=self.resource)
        if self.since is not None:
            condition &= Q(occurred_at__gte=datetime.combine(self.since, time.min, UTC))
        if self.until is not None:
            condition &= Q(occurred_at__lte=datetime.combine(self.until, time.max, UTC))  # to the last microsecond
        return condition


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events in order, and the cursors of the pages beside this one (empty where there is none)."""

    events: list[Event]
    older_cursor: str
    newer_cursor: str


def events_of_organization(organization_id: UUID, filters: EventFilters | None = None) -> "QuerySet[Event]":
    """The organization's events, newest first. The caller has checked `audit:view`."""
    events = Event.objects.filter(organization_id=organization_id)
    return events.filter((filters or EventFilters()).condition()).order_by("-id")


def events_of_resource(
    organization_id: UUID, kind: ResourceKind, resource_id: str, filters: EventFilters | None = None
) -> "QuerySet[Event]":
    """The events about one thing of an organization, newest first. The caller has checked that it may be seen.

    The organization is asked for too: an event somewhere else that names the same id is not part of this history.
    """
    events = Event.objects.filter(
        resource_kind=ResourceKind(kind).value, resource_id=str(resource_id), organization_id=organization_id
    )
    return events.filter((filters or EventFilters()).condition()).order_by("-id")


def events_of_actor(actor_id: str, filters: EventFilters | None = None) -> "QuerySet[Event]":
    """What one person did, newest first, in every organization: for the person, and for support."""
    return Event.objects.filter(actor_id=str(actor_id)).filter((filters or EventFilters()).condition()).order_by("-id")


def page_of(
    events: "QuerySet[Event]", *, older_than: str = "", newer_than: str = "", size: int = PAGE_SIZE
) -> EventPage:
    """One page of `events`, beside the event that a cursor names.

    A cursor is the uid of an event, so that no address tells how many events there are. One that names no event *of
    this list* counts as none: the first page is shown, and a foreign uid is no different from a made-up one.
    """
    pivot = _id_of(events, newer_than)
    if pivot is not None:
        # The nearest ones that are newer, read upwards, shown downwards.
        above = list(events.filter(id__gt=pivot).order_by("id")[: size + 1])
        shown = above[:size][::-1]
        older = bool(shown)
        newer = len(above) > size
    else:
        pivot = _id_of(events, older_than)
        below = list((events if pivot is None else events.filter(id__lt=pivot))[: size + 1])
        shown = below[:size]
        older = len(below) > size
        newer = pivot is not None and bool(shown)
    return EventPage(
        events=shown,
        older_cursor=str(shown[-1].uid) if older else "",
        newer_cursor=str(shown[0].uid) if newer else "",
    )


def _id_of(events: "QuerySet[Event]", cursor: str) -> int | None:
    try:
        uid = UUID(cursor)
    except ValueError:
        return None
    return events.filter(uid=uid).values_list("id", flat=True).first()

"""Which versions of which secrets somebody has seen: what to change once they have left.

By the log, where every opening is written down before the value is shown; and by the versions that they wrote, whose
values they knew.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Count, IntegerField, Max
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from audit.actions import Action, ActorKind, Outcome, ResourceKind
from audit.models import Event
from orgs.models import Membership
from orgs.permissions import Reach
from orgs.permissions.querysets import secrets_reached
from vault.paging import Cursor, Order, Page
from vault.secrets.models import Secret, SecretVersion

OPENED = (Action.SECRET_REVEALED, Action.SECRET_COPIED, Action.SECRET_DOWNLOADED, Action.SECRET_CODE_SHOWN)
"""The events that say that a value was shown; the one of a form that was opened to edit is among them."""
ROWS_SHOWN = 50
MOST_SHOWN = 10_000
"""Versions that the pages list: what is behind them is in the file."""
BATCH = 1_000
_ABOUT = frozenset({"name", "description", "tags"})
"""To change these makes a version as well, whose values one need not know."""


class State(StrEnum):
    """What has become of a version."""

    CURRENT = "current"
    REPLACED = "replaced"
    TRASHED = "in the trash"
    GONE = "deleted"


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment has a time zone")
    return moment


BY_LAST = Order(("last_at", "secret", "version"), (_moment, UUID, int), descending=True)


@dataclass(frozen=True, slots=True)
class Seen:
    """One version of one secret that somebody knows. `opened`: how often they opened it; `wrote`: whether they wrote
    it. `label`: its name, empty for whoever may not know it; `where`: its project and environment."""

    secret: UUID
    version: int
    last_at: datetime
    opened: int = 0
    wrote: bool = False
    label: str = ""
    where: str = ""
    state: State = State.GONE
    reachable: bool = False


def seen_by(membership: Membership, *, most: int | None = None) -> list[Seen]:
    """Every version that the member knows, the latest first; without what `told` adds. Two queries.

    `most`: of each of both, what was opened and what was written, no more than the latest so many are looked at. A page
    says so (`is_cut`); what is taken out is whole.
    """
    found: dict[tuple[UUID, int], Seen] = {}
    events = (
        Event.objects.filter(
            organization_id=membership.organization_id,
            actor_kind=ActorKind.PERSON.value,
            actor_id=str(membership.user_id),
            action__in=[action.value for action in OPENED],
            outcome=Outcome.SUCCESS.value,
            resource_kind=ResourceKind.SECRET.value,
        )
        .annotate(number=Cast(KeyTextTransform("version", "details"), IntegerField()))
        .filter(number__isnull=False)
        .order_by()
        .values_list("resource_id", "number")
        .annotate(last=Max("occurred_at"), times=Count("pk"), label=Max("resource_label"))
        .order_by("-last")
    )
    for text, number, last, times, label in events[:most]:
        uid = UUID(text)
        found[uid, number] = Seen(uid, number, last, opened=times, label=label)
    written = SecretVersion.objects.filter(
        organization_id=membership.organization_id, created_by_id=membership.user_id, restored_from__isnull=True
    )
    columns = ("secret_id", "number", "created_at", "changed_fields")
    for uid, number, at, changed in written.order_by("-created_at").values_list(*columns)[:most]:
        if number > 1 and not set(changed) - _ABOUT:
            continue
        row = found.get((uid, number), Seen(uid, number, at))
        found[uid, number] = replace(row, wrote=True, last_at=max(row.last_at, at))
    return sorted(found.values(), key=_keys, reverse=True)[:most]


def is_cut(rows: Sequence[Seen], most: int) -> bool:
    """Whether rows that were asked for with `most` may lack older ones."""
    return len(rows) >= most or sum(row.opened > 0 for row in rows) >= most or sum(row.wrote for row in rows) >= most


def still_in_use(rows: Sequence[Seen]) -> int:
    """How many of the rows are the version that is in use now."""
    known = {(row.secret, row.version) for row in rows}
    return sum(
        (uid, version) in known
        for uids in batched(dict.fromkeys(row.secret for row in rows))
        for uid, version in Secret.objects.filter(pk__in=uids, trashed_at__isnull=True).values_list("pk", "version")
    )


def _keys(row: Seen) -> tuple[datetime, UUID, int]:
    return row.last_at, row.secret, row.version


def page_of_seen(rows: Sequence[Seen], cursor: str, *, size: int = ROWS_SHOWN) -> Page[Seen]:
    """One page of rows that are at hand, by the keys of what is shown, as `vault.paging.page_of` does of a query."""
    place = Cursor.decode(cursor, BY_LAST)
    start = 0
    if place is not None:
        keys: Any = place.keys
        if place.backwards:
            before = sum(_keys(row) > keys for row in rows)
            start = max(0, before - size)
        else:
            start = sum(_keys(row) >= keys for row in rows)
        if start >= len(rows):
            start = 0
    shown = rows[start : start + size]
    return Page(
        shown,
        previous=_cursor(shown[0], backwards=True) if start and shown else "",
        next=_cursor(shown[-1]) if start + size < len(rows) else "",
    )


def _cursor(row: Seen, *, backwards: bool = False) -> str:
    return Cursor((row.last_at.isoformat(), row.secret, row.version), backwards).encoded()


def told(rows: Sequence[Seen], reached: Sequence[Reach], *, by_the_log: bool) -> list[Seen]:
    """The rows with what has become of the secrets, in the words of now. `reached`: where whoever asks may list names;
    `by_the_log`: whether they may read the log, which names them all. Two queries for each BATCH of secrets."""
    stored: dict[UUID, Secret] = {}
    listable: set[UUID] = set()
    for uids in batched(dict.fromkeys(row.secret for row in rows)):
        secrets = Secret.objects.filter(pk__in=uids)
        found = secrets.select_related("project", "environment").defer("search_text")
        stored |= {secret.pk: secret for secret in found}
        listable |= set(secrets.filter(secrets_reached(reached)).values_list("pk", flat=True))
    return [_told(row, stored.get(row.secret), row.secret in listable, by_the_log) for row in rows]


def batched(uids: Iterable[UUID]) -> Iterator[list[UUID]]:
    """The uids, as many at a time as a statement takes on every database."""
    left = iter(uids)
    while batch := list(islice(left, BATCH)):
        yield batch


def _told(row: Seen, secret: Secret | None, listable: bool, by_the_log: bool) -> Seen:
    if secret is None:
        return replace(row, label=row.label if by_the_log else "", state=State.GONE)
    state = State.CURRENT if secret.version == row.version else State.REPLACED
    if secret.trashed_at is not None:
        state = State.TRASHED
    if not (listable or by_the_log):
        return replace(row, label="", state=state)
    where = f"{secret.project} / {secret.environment}"
    return replace(row, label=secret.name, where=where, state=state, reachable=listable)

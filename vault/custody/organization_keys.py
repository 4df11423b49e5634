"""The active data keys of all organizations, for instance administrators: names and metadata, page by page."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.utils import timezone

from orgs.models import Organization
from vault.custody.presentation import SOON, KeyRow
from vault.custody.selectors import lines_of
from vault.keys.models import WrappedKey
from vault.keys.purposes import KeyState, Purpose

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Summary:
    """How many organizations have a key, and how many of these keys are to be rotated now, or soon."""

    keys: int
    overdue: int
    soon: int


def summary() -> Summary:
    """Three counts: of the key table alone."""
    active = active_keys()
    due = timezone.now() - timedelta(days=settings.KEY_ROTATION_DAYS[Purpose.DATA.value])
    return Summary(
        keys=active.count(),
        overdue=active.filter(_active_until(due)).count(),
        soon=active.filter(_active_until(due + SOON)).exclude(_active_until(due)).count(),
    )


def active_keys(query: str = "") -> QuerySet[WrappedKey]:
    """The active data keys, the one that is due first at the head; `query`: a part of the organization's name."""
    keys = WrappedKey.objects.filter(purpose=Purpose.DATA.value, state=KeyState.ACTIVE.value)
    if query:
        named = Organization.objects.filter(name__icontains=query).values_list("uid", flat=True)
        keys = keys.filter(scope__in=[str(uid) for uid in named])
    return keys.order_by("activated_at", "uid")


def page_of(query: str, number: str) -> tuple["Page[WrappedKey]", list[KeyRow]]:
    """One page of them with its rows, in the same order; a number that is none is the first page or the last."""
    page = Paginator(active_keys(query), PAGE_SIZE).get_page(number)
    order = {key.uid: index for index, key in enumerate(page.object_list)}
    lines = lines_of(WrappedKey.objects.filter(uid__in=order))
    return page, [KeyRow(line) for line in sorted(lines, key=lambda line: order.get(line.uid, 0))]


def due_rows(limit: int = 5) -> list[KeyRow]:
    """The first of those that are due now or soon."""
    until = timezone.now() - timedelta(days=settings.KEY_ROTATION_DAYS[Purpose.DATA.value]) + SOON
    due = [key.uid for key in active_keys().filter(_active_until(until))[:limit]]
    lines = lines_of(WrappedKey.objects.filter(uid__in=due))
    return [KeyRow(line) for line in sorted(lines, key=lambda line: due.index(line.uid))]


def _active_until(moment: object) -> Q:
    return Q(activated_at__lte=moment)

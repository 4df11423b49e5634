"""The calls of the services of reviews, for `tests.invariants.services`."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

import vault.access.services as access
from orgs.models import Membership
from orgs.roles import Role
from tests.sealing import change
from vault.access.models import Campaign, ReviewDecision, ReviewLine
from vault.access.selectors.reviews import rows_of

if TYPE_CHECKING:
    from tests.invariants.services import Prepare, World

Verdict = ReviewDecision.Verdict


def review(world: "World") -> Campaign:
    """Of all of acme, by alice and adam."""
    return access.begin_review(
        actor=world.cast.alice,
        organization=world.cast.acme,
        name="Quarter",
        reviewers=[world.member(world.cast.alice).pk, world.member(world.cast.adam).pk],
        due_at=timezone.now() + timedelta(days=7),
    )


def line_about(campaign: Campaign, member: Membership) -> ReviewLine:
    """The line of the member's role."""
    return ReviewLine.objects.get(campaign=campaign, source=member.pk)


def decide(world: "World", line: ReviewLine, verdict: ReviewDecision.Verdict = Verdict.CONFIRMED) -> object:
    """By adam, or by alice about adam."""
    (row,) = rows_of(line.campaign, [line], timezone.now())
    own = line.about == world.member(world.cast.adam).pk
    actor = world.cast.alice if own else world.cast.adam
    seen = row.source.state if row.source else ""
    return access.decide_line(actor=actor, line=line, verdict=verdict, seen=seen)


def _decide(world: "World") -> Callable[[], object]:
    line = line_about(review(world), world.member(world.cast.vera))
    return lambda: decide(world, line, Verdict.REVOKED)


def _confirm(world: "World") -> Callable[[], object]:
    campaign = review(world)
    line = line_about(campaign, world.member(world.cast.bob))
    return lambda: access.confirm_lines(actor=world.cast.adam, campaign=campaign, lines=[line.pk], typed=1)


def _close(world: "World") -> Callable[[], object]:
    campaign = review(world)
    for line in ReviewLine.objects.filter(campaign=campaign):
        decide(world, line)
    return lambda: access.close_review(actor=world.cast.adam, campaign=campaign)


def _export(world: "World") -> Callable[[], object]:
    campaign = review(world)
    return lambda: access.export_review(actor=world.cast.adam, campaign=campaign, form="csv")


def _add(world: "World") -> Callable[[], object]:
    campaign = review(world)
    bob = world.member(world.cast.bob)
    change([bob], role=Role.ADMIN)
    return lambda: access.add_reviewer(actor=world.cast.adam, campaign=campaign, membership=bob.pk)


def _remind(world: "World") -> Callable[[], object]:
    """Only adam has lines left: of alice there is just her own."""
    campaign = review(world)
    alice = world.member(world.cast.alice)
    for line in ReviewLine.objects.filter(campaign=campaign).exclude(about=alice.pk):
        decide(world, line)
    change([campaign], due_at=timezone.now() - timedelta(days=1))
    return access.remind_reviewers


REVIEW_CASES: "dict[str, Prepare]" = {
    "access.add_reviewer": _add,
    "access.begin_review": lambda w: lambda: review(w),
    "access.close_review": _close,
    "access.confirm_lines": _confirm,
    "access.decide_line": _decide,
    "access.export_review": _export,
    "access.remind_reviewers": _remind,
}

REVIEW_COMPOSED = {"access.decide_line": ["membership.removed", "membership.settled", "review.revoked"]}

REVIEW_LEAST = dict.fromkeys((name for name in REVIEW_CASES if name != "access.remind_reviewers"), Role.ADMIN)

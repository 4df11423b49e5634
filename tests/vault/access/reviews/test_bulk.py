"""Several lines at once: only harmless ones, all or none, and never by a slip."""

from uuid import uuid4

import pytest
from django.utils import timezone

from orgs.permissions import AccessDenied
from tests.sealing import change
from tests.vault.access.reviews.conftest import Reviewed
from vault.access.errors import CampaignClosed, InvalidReview, LineDecided, NotTogether
from vault.access.models import ReviewDecision
from vault.access.services import confirm_lines

pytestmark = pytest.mark.django_db


def test_harmless_lines_are_confirmed_together(reviewed: Reviewed) -> None:
    campaign = reviewed.begin()
    lines = [reviewed.line(campaign, each).pk for each in (reviewed.bobs, reviewed.carols)]
    made = confirm_lines(actor=reviewed.cast.adam, campaign=campaign, lines=lines, typed=2)
    assert [each.verdict for each in made] == ["confirmed", "confirmed"]
    assert all(each.together for each in made)


@pytest.mark.parametrize("typed", [0, 1, 3, -2])
def test_their_number_is_typed(reviewed: Reviewed, typed: int) -> None:
    campaign = reviewed.begin()
    lines = [reviewed.line(campaign, each).pk for each in (reviewed.bobs, reviewed.carols)]
    with pytest.raises(InvalidReview) as refused:
        confirm_lines(actor=reviewed.cast.adam, campaign=campaign, lines=lines, typed=typed)
    assert refused.value.field == "count"
    assert not ReviewDecision.objects.exists()


@pytest.mark.parametrize("why", ["critical", "role", "organization", "changed", "gone"])
def test_one_that_stands_alone_changes_nothing(reviewed: Reviewed, why: str) -> None:
    source = reviewed.carols
    if why == "critical":
        change([source], highest=3)
    elif why == "organization":
        change([source], project=None)
    elif why == "role":
        source = reviewed.scene.member(reviewed.scene.olga)  # type: ignore[assignment]  # a membership
    campaign = reviewed.begin()
    if why == "changed":
        change([source], highest=2)
    elif why == "gone":
        change([source], revoked_at=timezone.now())
    lines = [reviewed.line(campaign, each).pk for each in (reviewed.bobs, source)]
    with pytest.raises(NotTogether, match="one by one"):
        confirm_lines(actor=reviewed.cast.adam, campaign=campaign, lines=lines, typed=2)
    assert not ReviewDecision.objects.exists()


def test_an_own_line_among_them_changes_nothing(reviewed: Reviewed) -> None:
    role = reviewed.bobs.custom_role
    assert role is not None
    own = reviewed.scene.grant(reviewed.cast.adam, role, highest=1)
    campaign = reviewed.begin()
    lines = [reviewed.line(campaign, each).pk for each in (reviewed.bobs, own)]
    with pytest.raises(AccessDenied, match="their own"):
        confirm_lines(actor=reviewed.cast.adam, campaign=campaign, lines=lines, typed=2)
    assert not ReviewDecision.objects.exists()


def test_a_decided_one_among_them_changes_nothing(reviewed: Reviewed) -> None:
    campaign = reviewed.begin()
    lines = [reviewed.line(campaign, each) for each in (reviewed.bobs, reviewed.carols)]
    reviewed.decide(reviewed.cast.alice, lines[0])
    with pytest.raises(LineDecided):
        confirm_lines(actor=reviewed.cast.adam, campaign=campaign, lines=[each.pk for each in lines], typed=2)
    assert ReviewDecision.objects.count() == 1


def test_a_line_of_another_review_among_them_changes_nothing(reviewed: Reviewed) -> None:
    campaign, other = reviewed.begin(), reviewed.begin(name="Another")
    lines = [reviewed.line(campaign, reviewed.bobs).pk, reviewed.line(other, reviewed.carols).pk]
    with pytest.raises(CampaignClosed, match="not part of this review"):
        confirm_lines(actor=reviewed.cast.adam, campaign=campaign, lines=lines, typed=2)
    assert not ReviewDecision.objects.exists()


def test_nobody_else_confirms(reviewed: Reviewed) -> None:
    campaign = reviewed.begin()
    line = reviewed.line(campaign, reviewed.bobs).pk
    for person in (reviewed.scene.olga, reviewed.cast.bob, reviewed.cast.charlie):
        for lines in ([line], [], [uuid4()]):  # nor learns what could be confirmed
            with pytest.raises(AccessDenied):
                confirm_lines(actor=person, campaign=campaign, lines=lines, typed=1)

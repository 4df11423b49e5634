"""Two decisions about one line at the same moment, in transactions of their own."""

from tests.cast import Cast
from tests.orgs.parallel import in_parallel
from tests.vault.access.reviews.conftest import Verdict, make_reviewed
from vault.access.errors import LineDecided
from vault.access.models import ReviewDecision
from vault.access.services import confirm_lines


def test_two_decisions_at_once_give_one(transactional_cast: Cast) -> None:
    reviewed = make_reviewed(transactional_cast)
    for number in range(2):
        campaign = reviewed.begin(name=f"Review {number}")
        line = reviewed.line(campaign, reviewed.bobs if number else reviewed.carols)
        seen = reviewed.seen(line)
        raised = in_parallel(
            lambda: reviewed.decide(reviewed.cast.alice, line, Verdict.REVOKED, seen=seen),  # noqa: B023
            lambda: reviewed.decide(reviewed.cast.adam, line, seen=seen),  # noqa: B023
            lambda: confirm_lines(actor=reviewed.cast.adam, campaign=campaign, lines=[line.pk], typed=1),  # noqa: B023
        )
        assert [type(each) for each in raised if each is not None] == [LineDecided, LineDecided]
        decision = ReviewDecision.objects.get(line=line)
        grant = reviewed.bobs if number else reviewed.carols
        grant.refresh_from_db()
        assert (decision.verdict == "revoked") == (grant.revoked_at is not None)

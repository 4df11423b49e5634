"""One line, one decision: by whom, about what, and what it does."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Session
from audit.models import Event
from audit.services import EventNotWritten
from orgs.models import Grant, Membership, TeamMembership
from orgs.permissions import AccessDenied, Permission
from orgs.roles import Role
from orgs.selectors import opening_of
from tests.cast import signed_in_client
from tests.harness.roles import as_table_owner
from tests.sealing import change, tamper
from tests.vault.access.reviews.conftest import Reviewed, Verdict
from vault.access import triggers
from vault.access.context import Waiting
from vault.access.errors import CampaignClosed, InvalidReview, LineChanged, LineDecided
from vault.access.leaving import plan_of
from vault.access.models import RequestedRole, ReviewDecision, ReviewLine
from vault.access.selectors.reviews import reviewers_in
from vault.access.services import add_reviewer, close_review, decide_line, end_membership, name_for_break_glass

pytestmark = pytest.mark.django_db


def test_confirming_leaves_everything_as_it_is(reviewed: Reviewed) -> None:
    line = reviewed.line(reviewed.begin(), reviewed.bobs)
    decision = reviewed.decide(reviewed.cast.adam, line, note="Still on call")
    reviewed.bobs.refresh_from_db()
    assert reviewed.bobs.revoked_at is None
    assert (decision.note, decision.reviewer_label) == ("Still on call", "Adam (adam@example.com)")
    event = Event.objects.get(action="review.confirmed")
    assert event.details["grant"] == str(reviewed.bobs.pk)
    assert event.details["justification"] == "Still on call"


def test_revoking_takes_a_grant_away_at_once(reviewed: Reviewed) -> None:
    assert reviewed.scene.may_reveal(reviewed.cast.bob)
    reviewed.decide(reviewed.cast.adam, reviewed.line(reviewed.begin(), reviewed.bobs), Verdict.REVOKED)
    assert not reviewed.scene.may_reveal(reviewed.cast.bob)
    actions = list(Event.objects.order_by("-id").values_list("action", flat=True)[:2])
    assert actions == ["review.revoked", "grant.revoked"]


def test_revoking_takes_out_of_a_team(reviewed: Reviewed) -> None:
    scene = reviewed.scene
    scene.team("Ops", scene.carol, reviewed.cast.bob)
    place = TeamMembership.objects.get(membership=scene.member(scene.carol))
    reviewed.decide(reviewed.cast.adam, reviewed.line(reviewed.begin(), place), Verdict.REVOKED)
    assert not TeamMembership.objects.filter(pk=place.pk).exists()


def test_revoking_a_role_lowers_it_and_then_removes(reviewed: Reviewed) -> None:
    campaign = reviewed.begin()
    adam, vera = reviewed.scene.member(reviewed.cast.adam), reviewed.scene.member(reviewed.cast.vera)
    reviewed.decide(reviewed.cast.alice, reviewed.line(campaign, adam), Verdict.REVOKED)
    reviewed.decide(reviewed.cast.alice, reviewed.line(campaign, vera), Verdict.REVOKED)
    adam.refresh_from_db()
    vera.refresh_from_db()
    assert (adam.role, adam.status) == (Role.MEMBER, "active")
    assert vera.status == "removed"


def test_removing_somebody_by_a_review_ends_all_that_a_removal_ends(reviewed: Reviewed) -> None:
    scene, cast = reviewed.scene, reviewed.cast
    named = name_for_break_glass(actor=cast.alice, organization=cast.acme, membership=scene.member(scene.carol).pk)
    asked = scene.ask(scene.carol, role=RequestedRole.MEMBER)
    signed_in_client(scene.carol)
    campaign = reviewed.begin()
    decision = reviewed.decide(cast.alice, reviewed.line(campaign, scene.member(scene.carol)), Verdict.REVOKED)
    for row in (reviewed.carols, named, asked):
        row.refresh_from_db()
    assert decision.verdict == "revoked"
    assert scene.member(scene.carol).status == "removed"
    assert reviewed.carols.revoked_at is not None
    assert named.ended_at is not None
    assert asked.status == "expired"
    assert not Session.objects.filter(user=scene.carol).exists()
    assert Event.objects.filter(action="membership.settled").count() == 1


def test_what_somebody_would_leave_behind_is_not_left_by_a_review(reviewed: Reviewed) -> None:
    scene, cast = reviewed.scene, reviewed.cast
    change([reviewed.bobs], revoked_at=timezone.now())
    line = reviewed.line(reviewed.begin(), scene.member(scene.carol))
    with pytest.raises(InvalidReview, match=r"1 secret.*page of members"):
        reviewed.decide(cast.alice, line, Verdict.REVOKED)
    assert scene.member(scene.carol).status == "active"
    assert not ReviewDecision.objects.exists()
    end_membership(actor=cast.alice, membership=scene.member(scene.carol), confirmation=scene.carol.email)
    assert reviewed.decide(cast.alice, line, Verdict.GONE).verdict == "gone"


def test_revoking_openness_restricts_the_project(reviewed: Reviewed) -> None:
    everyone = Grant.objects.get(subject_kind="everyone", project=reviewed.scene.project)
    reviewed.decide(reviewed.cast.alice, reviewed.line(reviewed.begin(), everyone), Verdict.REVOKED)
    assert opening_of(reviewed.scene.project) is None


def test_a_revocation_that_is_refused_decides_nothing(reviewed: Reviewed) -> None:
    """Adam may not take an owner's role away."""
    line = reviewed.line(reviewed.begin(), reviewed.scene.member(reviewed.scene.olga))
    with pytest.raises(Exception, match="Only an owner"):
        reviewed.decide(reviewed.cast.adam, line, Verdict.REVOKED)
    assert not ReviewDecision.objects.exists()


def test_without_its_event_nothing_is_revoked(reviewed: Reviewed) -> None:
    line = reviewed.line(reviewed.begin(), reviewed.bobs)
    with (
        patch("vault.access.services.deciding.append", side_effect=EventNotWritten()),
        pytest.raises(EventNotWritten),
    ):
        reviewed.decide(reviewed.cast.adam, line, Verdict.REVOKED)
    reviewed.bobs.refresh_from_db()
    assert reviewed.bobs.revoked_at is None
    assert not ReviewDecision.objects.exists()


def test_nobody_decides_about_his_own(reviewed: Reviewed) -> None:
    line = reviewed.line(reviewed.begin(), reviewed.scene.member(reviewed.cast.alice))
    for verdict in (Verdict.CONFIRMED, Verdict.REVOKED):
        with pytest.raises(AccessDenied, match="their own"):
            reviewed.decide(reviewed.cast.alice, line, verdict)
    reviewed.decide(reviewed.cast.adam, line)


def test_nobody_decides_about_a_team_that_he_is_in_alone(reviewed: Reviewed) -> None:
    scene = reviewed.scene
    team = scene.team("Ops", reviewed.cast.adam)
    role = reviewed.bobs.custom_role
    assert role is not None
    grant = scene.grant(team, role)
    line = reviewed.line(reviewed.begin(), grant)
    with pytest.raises(AccessDenied, match="in alone"):
        reviewed.decide(reviewed.cast.adam, line)
    # Nor by bringing somebody in for the time being.
    TeamMembership.objects.create(organization=reviewed.cast.acme, team=team, membership=scene.member(scene.carol))
    with pytest.raises(AccessDenied, match="in alone"):
        reviewed.decide(reviewed.cast.adam, line)
    reviewed.decide(reviewed.cast.alice, line)


def test_nor_about_one_in_which_he_has_come_to_be_alone(reviewed: Reviewed) -> None:
    scene = reviewed.scene
    team = scene.team("Ops", reviewed.cast.adam, scene.carol)
    role = reviewed.bobs.custom_role
    assert role is not None
    grant = scene.grant(team, role)
    line = reviewed.line(reviewed.begin(), grant)
    TeamMembership.objects.get(membership=scene.member(scene.carol)).delete()
    with pytest.raises(AccessDenied, match="in alone"):
        reviewed.decide(reviewed.cast.adam, line)


def test_only_its_reviewers_decide(reviewed: Reviewed) -> None:
    line = reviewed.line(reviewed.begin(), reviewed.bobs)
    for person in (reviewed.scene.olga, reviewed.scene.carol, reviewed.cast.charlie):
        with pytest.raises(AccessDenied):
            reviewed.decide(person, line)


def test_a_reviewer_who_left_and_came_back_is_none_until_chosen_again(reviewed: Reviewed) -> None:
    campaign, adam, scene = reviewed.begin(), reviewed.cast.adam, reviewed.scene
    scene.comes_back(adam)
    assert adam not in [each.user for each in reviewers_in(campaign)]
    assert not Waiting(adam, reviewed.cast.acme).campaigns
    assert not plan_of(reviewed.cast.acme, scene.member(adam)).campaigns
    with pytest.raises(AccessDenied, match="no reviewer of it"):
        reviewed.decide(adam, reviewed.line(campaign, reviewed.bobs))
    add_reviewer(actor=reviewed.cast.alice, campaign=campaign, membership=scene.member(adam).pk)
    reviewed.decide(adam, reviewed.line(campaign, reviewed.bobs))
    with pytest.raises(InvalidReview, match="already"):
        add_reviewer(actor=reviewed.cast.alice, campaign=campaign, membership=scene.member(adam).pk)


def test_who_manages_grants_no_more_decides_no_more(reviewed: Reviewed) -> None:
    line = reviewed.line(reviewed.begin(), reviewed.bobs)
    change([reviewed.scene.member(reviewed.cast.adam)], role=Role.MEMBER)
    with pytest.raises(AccessDenied, match="any more"):
        reviewed.decide(reviewed.cast.adam, line)


def test_a_line_is_decided_once(reviewed: Reviewed) -> None:
    line = reviewed.line(reviewed.begin(), reviewed.bobs)
    reviewed.decide(reviewed.cast.adam, line)
    for verdict in Verdict:
        with pytest.raises(LineDecided, match="by Adam"):
            decide_line(actor=reviewed.cast.alice, line=line, verdict=verdict, seen="")
    assert ReviewDecision.objects.get().verdict == "confirmed"


def test_what_changed_since_somebody_looked_is_looked_at_again(reviewed: Reviewed) -> None:
    line = reviewed.line(reviewed.begin(), reviewed.bobs)
    before = reviewed.seen(line)
    change([reviewed.bobs], highest=3)
    with pytest.raises(LineChanged):
        reviewed.decide(reviewed.cast.adam, line, seen=before)
    decision = reviewed.decide(reviewed.cast.adam, line)
    assert decision.changed
    assert "up to critical" in decision.decided_about


def test_a_role_that_holds_more_is_a_change(reviewed: Reviewed) -> None:
    line = reviewed.line(reviewed.begin(), reviewed.bobs)
    before = reviewed.seen(line)
    assert reviewed.bobs.custom_role is not None
    change([reviewed.bobs.custom_role], permissions=sorted([Permission.SECRET_LIST, Permission.SECRET_WRITE]))
    assert reviewed.seen(line) != before


def test_what_is_gone_is_marked_as_gone(reviewed: Reviewed) -> None:
    line = reviewed.line(reviewed.begin(), reviewed.bobs)
    with pytest.raises(InvalidReview, match="still there"):
        reviewed.decide(reviewed.cast.adam, line, Verdict.GONE)
    change([reviewed.bobs], revoked_at=timezone.now())
    for verdict in (Verdict.CONFIRMED, Verdict.REVOKED):
        with pytest.raises(InvalidReview, match="nothing left"):
            reviewed.decide(reviewed.cast.adam, line, verdict)
    assert reviewed.decide(reviewed.cast.adam, line, Verdict.GONE).verdict == "gone"


def test_an_altered_line_is_not_decided(reviewed: Reviewed) -> None:
    """Where the triggers were dropped, the seals still hold. (The rollback of the test brings the triggers back.)"""
    line = reviewed.line(reviewed.begin(), reviewed.bobs)
    with as_table_owner():
        triggers.remove(connection)
        tamper(ReviewLine.objects.filter(pk=line.pk), about=None, subject_label="Somebody else")
    with pytest.raises(CampaignClosed, match="not genuine"):
        reviewed.decide(reviewed.cast.adam, line, seen=line.state)


def test_a_closed_review_takes_no_decision(reviewed: Reviewed) -> None:
    campaign = reviewed.begin(reviewed.cast.alice, reviewed.scene.olga)
    with pytest.raises(CampaignClosed, match="not decided yet"):
        close_review(actor=reviewed.cast.alice, campaign=campaign)
    reviewed.decide_all(campaign)
    closed = close_review(actor=reviewed.cast.alice, campaign=campaign)
    assert closed.closed_label.startswith("Alice")
    with pytest.raises(CampaignClosed, match="closed"):
        reviewed.decide(reviewed.cast.alice, reviewed.line(campaign, reviewed.bobs), seen="")
    with pytest.raises(CampaignClosed):
        close_review(actor=reviewed.cast.alice, campaign=campaign)


def test_an_overdue_review_stays_open(reviewed: Reviewed) -> None:
    campaign = reviewed.begin()
    change([campaign], due_at=timezone.now() - timedelta(days=3))
    assert campaign.is_overdue(timezone.now())
    reviewed.decide(reviewed.cast.adam, reviewed.line(campaign, reviewed.bobs))


def test_a_line_of_another_organization_is_nobodys_here(reviewed: Reviewed) -> None:
    line = reviewed.line(reviewed.begin(), reviewed.bobs)
    charlie = Membership.objects.get(user=reviewed.cast.charlie)
    with pytest.raises(AccessDenied) as refused:
        decide_line(actor=charlie.user, line=line, verdict=Verdict.REVOKED, seen=reviewed.seen(line))
    assert not refused.value.visible

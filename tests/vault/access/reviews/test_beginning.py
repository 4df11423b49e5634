"""What a campaign freezes, who begins it, and who can decide in it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from audit.models import Event
from orgs.models import Grant, Membership, TeamMembership
from orgs.permissions import AccessDenied, Permission
from tests.sealing import change
from tests.statements import Statements
from tests.vault.access.reviews.conftest import Reviewed
from vault.access.errors import InvalidReview
from vault.access.models import Campaign, ReviewLine
from vault.access.services import add_reviewer
from vault.secrets.services import reveal_secret

pytestmark = pytest.mark.django_db


def test_it_freezes_every_grant_place_and_role(reviewed: Reviewed) -> None:
    scene = reviewed.scene
    scene.team("Ops", scene.carol)
    campaign = reviewed.begin()
    sources = set(ReviewLine.objects.filter(campaign=campaign).values_list("source", flat=True))
    acme = reviewed.cast.acme
    everything = [
        *Grant.objects.filter(organization=acme, revoked_at__isnull=True).values_list("pk", flat=True),
        *TeamMembership.objects.filter(organization=acme).values_list("pk", flat=True),
        *Membership.objects.filter(organization=acme, status="active").values_list("pk", flat=True),
    ]
    assert sources == set(everything)
    assert campaign.line_count == len(everything)
    assert Event.objects.get(action="review.begun").details["lines"] == len(everything)


def test_what_has_ended_is_not_in_it(reviewed: Reviewed) -> None:
    change([reviewed.bobs], revoked_at=timezone.now())
    change([reviewed.carols], starts_at=timezone.now() - timedelta(days=2), ends_at=timezone.now() - timedelta(days=1))
    campaign = reviewed.begin()
    assert not ReviewLine.objects.filter(campaign=campaign, source__in=[reviewed.bobs.pk, reviewed.carols.pk]).exists()


def test_a_line_keeps_its_words(reviewed: Reviewed) -> None:
    reveal_secret(actor=reviewed.cast.bob, secret=reviewed.scene.secret.pk)
    line = reviewed.line(reviewed.begin(), reviewed.bobs)
    reviewed.scene.project.name = "Renamed"
    reviewed.scene.project.save()
    line.refresh_from_db()
    assert line.words == "Bob (bob@example.com): Reading on Website"
    assert line.granted_label == "Alice"
    assert line.last_used_at == Event.objects.get(action="secret.revealed").occurred_at
    assert not line.singly


def test_of_a_project_it_has_what_reaches_it(reviewed: Reviewed) -> None:
    campaign = reviewed.begin(project=reviewed.scene.project.pk)
    kinds = set(ReviewLine.objects.filter(campaign=campaign).values_list("subject_label", "role_label"))
    assert ("Bob (bob@example.com)", "Reading") in kinds
    assert ("Every member", "Viewer") in kinds
    assert ("Adam (adam@example.com)", "Admin") in kinds
    assert ("Vera (vera@example.com)", "Viewer") not in kinds


def test_nobody_without_the_right_begins_one(reviewed: Reviewed) -> None:
    for person in (reviewed.cast.bob, reviewed.cast.vera, reviewed.cast.charlie):
        with pytest.raises(AccessDenied):
            reviewed.begin(actor=person)
    assert not Campaign.objects.exists()


def test_a_reviewer_alone_cannot_review_what_is_his_own(reviewed: Reviewed) -> None:
    with pytest.raises(InvalidReview, match="about Alice, and nobody reviews what is their own"):
        reviewed.begin(reviewed.cast.alice)
    assert not Campaign.objects.exists()


def test_a_reviewer_whom_no_line_is_about_may_be_alone(reviewed: Reviewed) -> None:
    scene = reviewed.scene
    managing = scene.role("Manager", Permission.GRANT_MANAGE)
    scene.grant(scene.carol, managing)
    scene.team("Lonely", scene.carol)
    change([reviewed.carols], revoked_at=timezone.now())
    with pytest.raises(InvalidReview, match="1 line is about Carol"):
        reviewed.begin(scene.carol, project=scene.project.pk)


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_reviewers_are_members_who_manage_grants(reviewed: Reviewed, who: str) -> None:
    person = getattr(reviewed.cast, who)
    membership = Membership.objects.get(user=person)
    with pytest.raises(InvalidReview, match="manage grants"):
        reviewed.begin(reviewers=[membership.pk])


@pytest.mark.parametrize("days", [-1, 0, 366])
def test_the_day_is_to_come_and_near(reviewed: Reviewed, days: int) -> None:
    with pytest.raises(InvalidReview) as refused:
        reviewed.begin(due_at=timezone.now() + timedelta(days=days))
    assert refused.value.field == "due_at"


def test_another_reviewer_is_added(reviewed: Reviewed) -> None:
    campaign = reviewed.begin()
    olga = reviewed.scene.member(reviewed.scene.olga)
    with pytest.raises(AccessDenied):
        add_reviewer(actor=reviewed.cast.bob, campaign=campaign, membership=olga.pk)
    add_reviewer(actor=reviewed.cast.alice, campaign=campaign, membership=olga.pk)
    reviewed.decide(reviewed.scene.olga, reviewed.line(campaign, reviewed.bobs))
    with pytest.raises(InvalidReview, match="already"):
        add_reviewer(actor=reviewed.cast.alice, campaign=campaign, membership=olga.pk)


def test_a_project_of_another_organization_is_missing(reviewed: Reviewed) -> None:
    with pytest.raises(AccessDenied) as refused:
        reviewed.begin(
            actor=reviewed.cast.charlie,
            organization=reviewed.cast.initech,
            reviewers=[Membership.objects.get(user=reviewed.cast.charlie).pk],
            project=reviewed.scene.project.pk,
        )
    assert not refused.value.visible


def test_more_lines_take_no_more_queries(reviewed: Reviewed) -> None:
    def queries() -> int:
        with Statements(connection) as captured:
            reviewed.begin()
        return len(captured)

    reviewed.begin()  # the first of a process may look for what it then knows, such as its keys
    few = queries()
    role = reviewed.bobs.custom_role
    assert role is not None
    for _ in range(20):
        reviewed.scene.grant(reviewed.cast.bob, role)
    assert queries() == few

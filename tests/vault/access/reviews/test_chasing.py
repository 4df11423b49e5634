"""Reviewers of what is overdue are told, each once a day, until everything is decided."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from audit.models import Event
from tests.orgs.test_invitation_mail import Mailbox, smtp, texts_of  # noqa: F401 - a fixture and its parts
from tests.vault.access.requests.test_mails import recipients
from tests.vault.access.reviews.conftest import Reviewed
from vault.access.services import remind_reviewers

pytestmark = pytest.mark.django_db


def test_it_reminds_once_a_day(reviewed: Reviewed) -> None:
    reviewed.begin()
    reviewed.begin(name="Another")
    start = timezone.now()
    for hours, told in ((24 * 13, 0), (24 * 15, 2), (24 * 15 + 1, 0), (24 * 16 + 1, 2)):
        with time_machine.travel(start + timedelta(hours=hours), tick=False):
            assert remind_reviewers() == told
    assert Event.objects.filter(action="review.reminded").count() == 8  # of each, about both


def test_it_says_what_waits(
    reviewed: Reviewed,
    smtp: Mailbox,  # noqa: F811 - the fixture
) -> None:
    reviewed.begin(name="https://evil.example")
    with time_machine.travel(timezone.now() + timedelta(days=15), tick=False):
        remind_reviewers()
    assert recipients(smtp) == ["adam@example.com", "alice@example.com"]
    for text in texts_of(smtp.received[0][1]):
        assert "evil.example" not in text
        assert "/access/reviews/" in text


def test_nobody_is_reminded_when_everything_is_decided(reviewed: Reviewed) -> None:
    reviewed.decide_all(reviewed.begin(reviewed.cast.alice, reviewed.scene.olga))
    with time_machine.travel(timezone.now() + timedelta(days=15), tick=False):
        assert remind_reviewers() == 0

"""`|when` and `|duration` say in words how long ago, or how long still."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.template import TemplateSyntaxError

from vault.templatetags.holdfast import duration, when

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=0), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=6, hours=23), "6 days ago"),
        (timedelta(days=7), "7 Mar 2026"),
        (timedelta(seconds=-30), "in a moment"),
        (timedelta(minutes=-30), "in 30 minutes"),
        (timedelta(days=-3), "in 3 days"),
        (timedelta(days=-30), "13 Apr 2026"),
    ],
)
def test_it_says_how_long_ago(ago: timedelta, words: str) -> None:
    with time_machine.travel(NOW, tick=False):
        assert f">{words}</time>" in when(NOW - ago)


def test_it_carries_the_exact_moment() -> None:
    with time_machine.travel(NOW, tick=False):
        shown = when(NOW - timedelta(minutes=5))
    assert 'datetime="2026-03-14T11:55:00+00:00"' in shown
    assert 'title="14 March 2026, 11:55 UTC"' in shown


def test_it_shows_a_date_or_the_whole_moment_when_asked() -> None:
    assert ">14 Mar 2026</time>" in when(NOW, "date")
    assert ">14 March 2026, 12:00 UTC</time>" in when(NOW, "full")


def test_it_says_never_for_what_has_not_happened() -> None:
    assert when(None) == "never"


def test_it_refuses_a_style_that_does_not_exist() -> None:
    with pytest.raises(TemplateSyntaxError, match="sometime"):
        when(NOW, "sometime")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"), (45, "45 seconds"), (60, "1 minute"), (95, "2 minutes"), (120, "2 minutes"),
        (3600, "1 hour"), (3601, "2 hours"),
    ],
)  # fmt: skip
def test_it_rounds_a_waiting_time_up(seconds: int, words: str) -> None:
    assert duration(seconds) == words

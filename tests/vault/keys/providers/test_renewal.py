"""What a provider unsealed is asked for again, goes on for a while when the provider fails, and then is dropped.

The provider is real and really goes away; only the time is moved by hand.
"""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.vault.keys.providers.clock import TestClock
from tests.vault.keys.providers.service import Service, wait_until
from vault.crypto.rootkey import RootKey, generate_root_key_text
from vault.keys.providers import RootKeyUnavailable, configured_provider, could_begin, live, remote
from vault.keys.providers.live import RETRY_SECONDS, LiveRootKeys

pytestmark = pytest.mark.slow

REFRESH, GRACE = 300, 3600


class Kept:
    """Root keys of a source, the clock they go by, and how often keyrings had to be forgotten."""

    def __init__(self, grace: int = GRACE) -> None:
        self.clock = TestClock()
        self.drops = 0
        self.keys = LiveRootKeys(
            configured_provider(), refresh=REFRESH, grace=grace, on_drop=self._dropped, clock=self.clock
        )

    def _dropped(self) -> None:
        self.drops += 1

    def after(self, seconds: float) -> None:
        """Let time pass, and renew."""
        self.clock.now += seconds
        self.keys.renew()

    def ids(self) -> list[bytes]:
        return [key.key_id for key in self.keys.root_keys()]


@pytest.fixture
def text(service: Service, root_key_file: Callable[..., Path]) -> str:
    """A root key that is configured sealed, and nowhere plain."""
    text = generate_root_key_text()
    root_key_file(remote.seal(service.name, text).text)
    return text


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Less patience with a provider that does not answer: what is waited for here never comes."""
    monkeypatch.setattr(remote, "READ_SECONDS", 1)
    from vault.keys.providers import aws_kms

    monkeypatch.setattr(aws_kms, "READ_SECONDS", 1)


def test_a_provider_that_is_gone_stops_nothing_until_the_grace_is_over(
    service: Service, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Kept()
    before = kept.keys.root_keys()
    assert kept.ids() == [RootKey.from_text(text).key_id]
    kept.after(REFRESH)
    assert kept.keys.root_keys() is before

    service.go()
    try:
        for seconds in (REFRESH, GRACE - 20, 10):
            kept.after(seconds)
            assert kept.keys.root_keys() is before
        assert kept.drops == 0
        kept.after(20)
        assert kept.drops == 1
        with pytest.raises(RootKeyUnavailable, match="cannot be had from its provider"):
            kept.keys.root_keys()
        with pytest.raises(RootKeyUnavailable):
            kept.keys.root_key(RootKey.from_text(text).key_id)
        kept.after(RETRY_SECONDS)
        assert kept.drops == 1
    finally:
        service.come_back()

    kept.after(RETRY_SECONDS)
    assert kept.ids() == [RootKey.from_text(text).key_id]
    said = [record for record in caplog.records if record.name.startswith("vault.keys")]
    assert [record.levelno for record in said] == [logging.WARNING, logging.ERROR, logging.WARNING]
    assert "goes on for 3600 seconds" in said[0].getMessage()
    assert "was dropped" in said[1].getMessage()
    assert "can be had again" in said[2].getMessage()


def test_a_permission_that_is_taken_away_counts_as_a_failure(service: Service, text: str) -> None:
    kept = Kept(grace=60)
    service.revoke()
    try:
        kept.after(REFRESH)
        assert kept.ids()
        kept.after(61)
        with pytest.raises(RootKeyUnavailable):
            kept.ids()
    finally:
        service.grant()
    kept.after(RETRY_SECONDS)
    assert kept.ids() == [RootKey.from_text(text).key_id]


def test_without_a_grace_the_first_failure_drops_them(service: Service, text: str) -> None:
    kept = Kept(grace=0)
    service.revoke()
    try:
        kept.after(REFRESH)
        assert kept.drops == 1
        with pytest.raises(RootKeyUnavailable):
            kept.ids()
    finally:
        service.grant()


def test_a_failure_that_ends_in_time_leaves_the_whole_grace_for_the_next(service: Service, text: str) -> None:
    kept = Kept(grace=60)
    for _ in range(2):
        service.revoke()
        kept.after(REFRESH)
        kept.after(50)
        service.grant()
        kept.after(5)
        assert kept.ids()
    assert kept.drops == 0


def test_it_is_known_for_a_minute_whether_a_process_that_begins_now_would_have_them(
    service: Service, text: str
) -> None:
    kept = Kept()
    assert kept.keys.can_be_had() is True
    kept.clock.now += 61
    assert kept.keys.can_be_had() is None

    service.go()
    try:
        kept.keys.renew()
        assert kept.keys.can_be_had() is False
        assert kept.ids()
    finally:
        service.come_back()
    kept.keys.renew()
    assert kept.keys.can_be_had() is True


def test_who_asks_for_it_when_it_is_not_known_has_the_provider_asked(
    service: Service, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RECENT_SECONDS", -1)
    assert not could_begin()
    monkeypatch.setattr(live, "RECENT_SECONDS", 60)
    wait_until(could_begin, why="the provider answers")

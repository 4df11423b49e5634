"""System checks of the configuration."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import CheckMessage, run_checks
from django.test import override_settings

from vault.checks import check_debug, check_transactions, check_transport

SAFE: dict[str, Any] = {
    "PRODUCTION": True,
    "HTTPS": True,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SECURE_HSTS_SECONDS": 63072000,
    "DATABASES": {"default": {"OPTIONS": {"sslmode": "verify-full"}}},
}


def ids(check: Callable[..., list[CheckMessage]], **changed: Any) -> list[str | None]:
    # Not override_settings: replacing DATABASES that way warns, and nothing here connects.
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**SAFE, **changed}.items():
            patch.setattr(settings, name, value, raising=False)
        return [message.id for message in check()]


def test_it_finds_nothing_wrong_with_a_safe_configuration() -> None:
    assert ids(check_debug) == ids(check_transport) == ids(check_transactions) == []


def test_it_refuses_debug_everywhere() -> None:
    assert ids(check_debug, DEBUG=True) == ["vault.E001"]
    assert ids(check_debug, DEBUG=True, PRODUCTION=False) == ["vault.E001"]


@pytest.mark.parametrize(
    "unsafe",
    [{"HTTPS": False}, {"SESSION_COOKIE_SECURE": False}, {"CSRF_COOKIE_SECURE": False}, {"SECURE_HSTS_SECONDS": 3600}],
    ids=str,
)
def test_it_refuses_production_without_https(unsafe: dict[str, Any]) -> None:
    assert ids(check_transport, **unsafe) == ["vault.E002"]
    assert ids(check_transport, **unsafe, PRODUCTION=False) == []


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", None])
def test_it_warns_of_a_database_without_tls(mode: str | None) -> None:
    options = {"sslmode": mode} if mode else {}
    assert ids(check_transport, DATABASES={"default": {"OPTIONS": options}}) == ["vault.W001"]


def test_it_refuses_transactions_around_requests() -> None:
    assert ids(check_transactions, DATABASES={"default": {"ATOMIC_REQUESTS": True}}) == ["vault.E003"]


def test_it_runs_with_djangos_checks() -> None:
    with override_settings(DEBUG=True):
        assert "vault.E001" in {message.id for message in run_checks()}
    assert not [message for message in run_checks() if message.level >= 40]

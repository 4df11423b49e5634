"""The one browser fixture: `chromium`, for every test that looks at pages. tests/conftest.py hands it out."""

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.harness.browser import ARGUMENTS, require_chromium

PATIENCE = 30_000
"""Milliseconds that `expect` waits, as clicks do: its own five seconds are too few where everything is busy."""


def _lifetime(fixture_name: str, config: pytest.Config) -> Literal["session", "module"]:
    """As long as the run, where it runs browser tests only.

    Playwright's event loop lives as long as the browser, and while it does Django refuses every query in this process,
    and a second Playwright refuses to start: beside other tests it ends with the module.
    """
    return "session" if config.getoption("markexpr") == "browser" else "module"


@pytest.fixture(scope=_lifetime)
def chromium() -> Iterator[Browser]:
    """A running browser without pages. What a test opens in it is a context of its own, which shares nothing."""
    program = require_chromium()
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=list(ARGUMENTS))
        yield browser
        browser.close()

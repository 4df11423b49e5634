"""Browser tests: a real Chromium against a real gunicorn. No Django in this process, so nothing can be reached but
through the page."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from tests.browser.server import VaultServer
from tests.harness.browser import ARGUMENTS, BrowserMissing, find_chromium

ARTIFACTS = Path(__file__).resolve().parents[1] / "artifacts"
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    try:
        program = find_chromium()
    except BrowserMissing as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(f"NO BROWSER: {missing}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VaultServer]:
    """An unclaimed instance for the tests of one module."""
    with VaultServer(tmp_path_factory.mktemp("vault")) as running:
        yield running


def watched(context: BrowserContext) -> Page:
    """A page whose script errors and policy violations fail the test that caused them."""
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script error on {page.url}: {error}"))
    page.on(
        "console",
        lambda message: (
            pytest.fail(f"console error on {page.url}: {message.text}")
            if message.type == "error" and "Failed to load resource" not in message.text
            else None
        ),
    )
    return page

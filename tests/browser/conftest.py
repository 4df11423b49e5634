"""Browser tests: a real Chromium against a real gunicorn. No Django in this process, so nothing can be reached but
through the page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, ViewportSize

from tests.browser.server import VaultServer

DESKTOP: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


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

"""The one browser fixture: `chromium`, for every test that looks at pages. tests/conftest.py hands it out."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.harness.browser import ARGUMENTS, require_chromium


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running browser without pages.

    Playwright's event loop lives as long as this, and while it does Django refuses every query in this process, and a
    second Playwright refuses to start: so it ends with the module.
    """
    program = require_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=list(ARGUMENTS))
        yield browser
        browser.close()

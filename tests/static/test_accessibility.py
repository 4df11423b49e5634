"""axe-core finds nothing on any page of the styleguide, in either theme, on a desk and on a phone."""

import pytest
from playwright.sync_api import ViewportSize

from tests.harness.accessibility import violations
from tests.static.conftest import DESKTOP, PHONE, Stage
from tests.static.styleguide.pages import PAGES

pytestmark = pytest.mark.browser
ADDRESSES = [*(f"{page}/?bad&messages" for page in PAGES), "settings/?nowhere", "error/404/"]


@pytest.mark.parametrize(
    ("theme", "size"),
    [("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE)],  # the colours of a phone are those of a desk
    ids=["light", "dark", "phone"],
)
@pytest.mark.parametrize("address", ADDRESSES)
def test_it_has_no_violations(stage: Stage, address: str, size: ViewportSize, theme: str) -> None:
    # axe is put into the page as text, which the policy forbids to everybody
    page = stage(address, size, color_scheme=theme, bypass_csp=True)
    assert violations(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_has_none_in_what_opens(stage: Stage, theme: str) -> None:
    page = stage("list/", color_scheme=theme, bypass_csp=True)
    page.get_by_label("More for STRIPE_API_KEY").click()
    assert violations(page) == []
    page.get_by_role("link", name="Move to trash").first.click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("e")
    page.get_by_role("listbox").get_by_role("option").nth(5).wait_for()
    assert violations(page) == []

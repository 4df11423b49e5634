"""The command palette: Ctrl-K, type, choose with the arrows, Enter."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.static.conftest import Stage

pytestmark = pytest.mark.browser


@pytest.fixture
def page(stage: Stage) -> Page:
    return stage("list/")


def options(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Results").get_by_role("option")


def expect_chosen(page: Page, text: str) -> None:
    """The option that assistive technology is told about, which is the only one that looks chosen."""
    option = page.get_by_role("listbox", name="Results").locator("[role=option][aria-selected=true]")
    expect(option.locator(".palette__label")).to_have_text(text)
    box = page.get_by_role("combobox", name="Search secrets")
    expect(box).to_have_attribute("aria-activedescendant", str(option.get_attribute("id")))


def test_it_opens_and_closes_with_the_keyboard(page: Page) -> None:
    page.get_by_label("More for STRIPE_API_KEY").focus()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Search secrets")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_label("More for STRIPE_API_KEY")).to_be_focused()
    page.keyboard.press("Meta+k")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_it_opens_from_the_sidebar(page: Page) -> None:
    page.get_by_role("link", name="Search").first.click()
    expect(page.get_by_role("combobox", name="Search secrets")).to_be_focused()


def test_it_lists_the_pages_before_anything_is_typed(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(options(page)).to_have_count(8)
    expect_chosen(page, "Secrets")


def test_it_offers_the_organizations_where_none_is_chosen(stage: Stage) -> None:
    page = stage("settings/?nowhere")
    page.keyboard.press("Control+k")
    expect(options(page)).to_have_count(5)
    expect_chosen(page, "Harbour & Sons")


def test_it_finds_secrets_and_goes_there(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("orders")
    expect(options(page)).to_have_count(1)
    expect_chosen(page, "orders/primary")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/styleguide/secret/\?found=3$"))


def test_it_moves_with_the_arrows_and_stops_at_the_ends(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(options(page)).to_have_count(8)
    page.keyboard.press("ArrowUp")
    expect_chosen(page, "Secrets")
    for _ in range(9):
        page.keyboard.press("ArrowDown")
    expect_chosen(page, "Settings")


def test_it_says_when_nothing_matches(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("zzzz")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()


def test_it_shows_names_as_text(page: Page) -> None:
    page.route(
        "**/s/palette/*",
        lambda route: route.fulfill(json={"results": [{"label": "<img src=x>", "url": "/x/", "icon": "globe"}]}),
    )
    page.keyboard.press("Control+k")
    page.keyboard.type("img")
    expect(page.get_by_role("option", name="<img src=x>")).to_be_visible()


@pytest.mark.parametrize("url", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_it_goes_to_no_other_site(page: Page, url: str) -> None:
    page.route("**/s/palette/*", lambda route: route.fulfill(json={"results": [{"label": "Away", "url": url}]}))
    before = page.url
    page.keyboard.press("Control+k")
    page.keyboard.type("away")
    page.get_by_role("option", name="Away").click()
    page.wait_for_timeout(300)
    assert page.url == before


def test_it_keeps_working_when_the_server_does_not_answer(page: Page) -> None:
    page.route("**/s/palette/*", lambda route: route.fulfill(status=204))
    page.keyboard.press("Control+k")
    page.keyboard.type("memb")
    expect(options(page)).to_have_count(1)
    expect_chosen(page, "Members")

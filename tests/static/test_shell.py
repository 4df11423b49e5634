"""The frame of every page: menus, the drawer on a phone, the theme, messages."""

import re

import pytest
from playwright.sync_api import expect

from tests.static.conftest import PHONE, Stage

pytestmark = pytest.mark.browser


def test_it_opens_the_menu_of_a_phone_without_scripts(stage: Stage) -> None:
    page = stage("list/", PHONE, java_script_enabled=False)
    members = page.get_by_role("link", name="Members")
    expect(members).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    expect(members).to_be_visible()
    page.locator("summary", has_text="Alice Stone").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_it_closes_a_menu_with_escape_and_gives_the_focus_back(stage: Stage) -> None:
    page = stage("list/")
    summary = page.get_by_label("More for STRIPE_API_KEY")
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Edit").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Edit").first).to_be_hidden()
    expect(summary).to_be_focused()


def test_it_closes_a_menu_when_one_clicks_elsewhere_or_tabs_on(stage: Stage) -> None:
    page = stage("list/")
    item = page.get_by_role("link", name="Edit").first
    page.get_by_label("More for STRIPE_API_KEY").click()
    page.get_by_role("heading", name="Secrets").click()
    expect(item).to_be_hidden()
    page.get_by_label("More for STRIPE_API_KEY").click()
    page.get_by_label("More for Router").focus()
    expect(item).to_be_hidden()


def test_it_changes_the_theme_in_place(stage: Stage) -> None:
    page = stage("form/", color_scheme="light")
    host = page.get_by_role("textbox", name="Host")
    host.fill("half done")
    page.locator("summary", has_text="Alice Stone").click()
    with page.expect_request(re.compile(r"/a/theme/$")) as sent:
        page.get_by_role("button", name="Dark theme").click()
    assert sent.value.method == "POST"
    assert "theme=dark" in (sent.value.post_data or "")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="Dark theme")).to_have_attribute("aria-pressed", "true")
    expect(host).to_have_value("half done")


def test_it_dismisses_a_message(stage: Stage) -> None:
    page = stage("list/?messages")
    message = page.get_by_text("was saved as version 4")
    expect(message).to_be_visible()
    page.get_by_role("button", name="Dismiss").first.click()
    expect(message).to_have_count(0)
    expect(page.locator("main")).to_be_focused()


def test_it_offers_no_control_that_needs_scripts_without_them(stage: Stage) -> None:
    page = stage("list/?messages", java_script_enabled=False)
    expect(page.get_by_role("button", name="Dismiss").first).to_be_hidden()
    expect(page.get_by_role("button", name="Filter")).to_be_visible()


def test_it_skips_to_the_content_with_the_first_tab(stage: Stage) -> None:
    page = stage("list/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()

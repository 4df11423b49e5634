"""Confirmations: a dialog where there are scripts, a page with the same form where there are none."""

import pytest
from playwright.sync_api import Page, expect

from tests.static.conftest import Stage

pytestmark = pytest.mark.browser


def ask(page: Page) -> None:
    page.get_by_label("More for STRIPE_API_KEY").click()
    page.get_by_role("link", name="Move to trash").first.click()


def test_it_opens_a_dialog_with_the_focus_inside(stage: Stage) -> None:
    page = stage("list/")
    ask(page)
    expect(page.get_by_role("dialog", name="Delete for good?")).to_be_visible()
    expect(page.get_by_label("Type STRIPE_API_KEY to confirm")).to_be_focused()


@pytest.mark.parametrize("way", ["Escape", "Cancel", "outside"])
def test_it_closes_and_forgets_what_was_typed(stage: Stage, way: str) -> None:
    page = stage("list/")
    ask(page)
    page.get_by_label("Type STRIPE_API_KEY to confirm").fill("STRIPE")
    if way == "Escape":
        page.keyboard.press("Escape")
    elif way == "Cancel":
        page.get_by_role("button", name="Cancel").click()
    else:
        page.mouse.click(5, 5)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#delete-dialog-typed")).to_have_value("")


def test_it_waits_until_the_name_is_typed(stage: Stage) -> None:
    page = stage("list/")
    ask(page)
    button = page.get_by_role("button", name="Delete for good")
    expect(button).to_be_disabled()
    page.get_by_label("Type STRIPE_API_KEY to confirm").fill("stripe_api_key")
    expect(button).to_be_disabled()
    page.get_by_label("Type STRIPE_API_KEY to confirm").fill(" STRIPE_API_KEY ")
    expect(button).to_be_enabled()


def test_it_leaves_a_link_that_leads_to_the_page_without_scripts(stage: Stage) -> None:
    page = stage("form/", java_script_enabled=False)
    expect(page.get_by_role("button", name="Delete for good")).to_be_enabled()

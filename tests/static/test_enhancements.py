"""Small comforts: live filters, filters that apply themselves, tokens that leave the address bar."""

import re

import pytest
from playwright.sync_api import expect

from tests.static.conftest import Stage

pytestmark = pytest.mark.browser


def test_it_filters_a_list_by_every_typed_word(stage: Stage) -> None:
    page = stage("parts/")
    entries = page.locator("#members > li")
    page.get_by_label("Filter members").fill("ALI")
    expect(entries.filter(visible=True)).to_have_count(1)
    expect(page.locator("#live")).to_have_text("1 of 4 shown")
    page.get_by_label("Filter members").fill("alice bob")
    expect(entries.filter(visible=True)).to_have_count(0)
    expect(page.get_by_text("No member matches.")).to_be_visible()
    page.get_by_label("Filter members").fill("")
    expect(entries.filter(visible=True)).to_have_count(4)


def test_it_filters_the_names_of_a_table(stage: Stage) -> None:
    page = stage("matrix/")
    page.get_by_label("Filter names").fill("orders")
    expect(page.locator("#matrix tbody tr").filter(visible=True)).to_have_count(1)


def test_it_applies_a_filter_when_it_is_chosen(stage: Stage) -> None:
    page = stage("list/")
    expect(page.get_by_role("button", name="Filter")).to_be_hidden()
    page.get_by_label("Kind").select_option("API key")
    page.wait_for_url(re.compile(r"kind=API\+key"))


@pytest.mark.parametrize("fragment", ["k-9_token", "token=k-9_token"])
def test_it_moves_a_token_from_the_address_into_the_form(stage: Stage, fragment: str) -> None:
    page = stage(f"join/?from=mail#{fragment}")
    field = page.locator("input[name=token]")
    expect(field).to_have_value("k-9_token")
    expect(field).to_be_hidden()
    expect(page).to_have_url(re.compile(r"/styleguide/join/\?from=mail$"))
    assert page.evaluate("history.length") == 2


def test_it_takes_a_place_on_the_page_for_no_token(stage: Stage) -> None:
    page = stage("join/#main")
    expect(page.locator("input[name=token]")).to_have_value("")
    expect(page.get_by_label("Invitation code")).to_be_visible()


def test_it_leaves_the_field_to_paste_into_without_scripts(stage: Stage) -> None:
    page = stage("join/#k-9_token", java_script_enabled=False)
    expect(page.get_by_label("Invitation code")).to_be_visible()


def test_it_puts_the_focus_on_what_is_wrong(stage: Stage) -> None:
    page = stage("form/?bad")
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("alert").get_by_role("link", name="Port").click()
    expect(page.get_by_role("spinbutton", name="Port")).to_be_focused()

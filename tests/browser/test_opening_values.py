"""A value behind a policy: what is asked for appears in its place; then the value, for as long as the policy says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.conftest import DESKTOP, watched
from tests.browser.journey import Person, create_project, new_secret, set_up
from tests.browser.server import VaultServer

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery"
KEY = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@dataclass(frozen=True)
class Critical:
    """A signed-in browser, whose it is, and the page of a critical login."""

    context: BrowserContext
    person: Person
    url: str


@pytest.fixture(scope="module")
def critical(chromium: Browser, server: VaultServer) -> Iterator[Critical]:
    context = chromium.new_context(viewport=DESKTOP)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    page, person = watched(context), Person("Alice", "alice@example.com")
    set_up(page, server.setup_link(), person, "Acme")
    project = create_project(page, "Office", "Shared passwords")
    page.get_by_role("link", name="Settings", exact=True).last.click()
    page.get_by_role("link", name="Change the classification").click()
    page.get_by_label("Critical").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Office is critical now.")).to_be_visible()
    texts = {"username": "postmaster", "password": PASSWORD, "totp": KEY}
    url = new_secret(page, project, "Login", "Mail server", texts)
    page.close()
    yield Critical(context, person, url)
    context.close()


@dataclass(frozen=True)
class FirstOpening:
    """What was asked for when nothing was proved yet, what was said to half an answer, what came of a whole one."""

    asked: str
    complaint: str
    kept: str
    value: str
    focused: bool


@pytest.fixture(scope="module")
def first(critical: Critical) -> FirstOpening:
    """After it the session remembers the proof, for the five minutes of the policy."""
    page = watched(critical.context)
    page.goto(critical.url)
    form = asked(page, "data-reveal")
    said, focused = form.get_by_role("status").inner_text(), form.locator("[name=reason]:focus").count() == 1
    form.locator("[name=reason]").fill("INC-7")
    form.get_by_role("button", name="Open").click()
    complaint = form.locator(".field__error").inner_text()
    kept = form.locator("[name=reason]").input_value()
    form.locator("[name=code]").fill(critical.person.code())
    form.get_by_role("button", name="Open").click()
    value = page.locator("#value-password .revealed").inner_text()
    page.close()
    return FirstOpening(said, complaint, kept, value, focused)


@pytest.fixture
def page(critical: Critical, first: FirstOpening) -> Iterator[Page]:
    """The page of the login, with a clock that the test moves."""
    page = watched(critical.context)
    page.clock.install()
    page.goto(critical.url)
    yield page
    page.close()


def asked(page: Page, button: str) -> Locator:
    """The form that appears when a button of the row of the password is pressed."""
    page.locator(f"[data-secret-field=password] form[{button}] button").click()
    form = page.locator("form.opening")
    expect(form).to_be_visible()
    return form


def test_it_asks_in_the_place_of_the_value_until_all_is_right(first: FirstOpening) -> None:
    assert first == FirstOpening(
        asked="To open this, prove that it is you and give a reason.",
        complaint="Enter the six digits that your authenticator app shows.",
        kept="INC-7",
        value=PASSWORD,
        focused=True,
    )


def test_it_hides_the_value_when_the_time_of_the_policy_is_over(page: Page) -> None:
    form = asked(page, "data-reveal")
    expect(page.locator("[data-secret-field=password] form.opening")).to_be_visible()
    form.locator("[name=reason]").fill("INC-7")
    form.get_by_role("button", name="Open").click()
    expect(page.locator("#value-password .revealed")).to_have_text(PASSWORD)
    expect(form).to_have_count(0)
    page.clock.run_for(13_000)
    expect(page.locator("#value-password .revealed")).to_have_count(1)
    page.clock.run_for(3_000)
    expect(page.locator("#value-password .revealed")).to_have_count(0)


def test_it_goes_away_when_the_person_gives_up(page: Page) -> None:
    form = asked(page, "data-reveal")
    form.get_by_role("button", name="Cancel").click()
    expect(form).to_have_count(0)
    expect(page.locator("[data-reveal-problem]")).to_be_hidden()
    expect(page.locator("#value-password .masked")).to_be_visible()


def test_it_asks_for_the_reason_alone_while_the_proof_holds(page: Page) -> None:
    form = asked(page, "data-copy-secret")
    expect(form.locator("[name=code]")).to_be_hidden()
    form.locator("[name=reason]").fill("INC-8")
    form.get_by_role("button", name="Open").click()
    label = page.locator("[data-secret-field=password] [data-copy-label]")
    expect(label).to_have_text(re.compile(r"Copied, \d+ s"))
    assert page.evaluate("navigator.clipboard.readText()") == PASSWORD
    page.clock.run_for(16_000)
    expect(page.locator("#live")).to_have_text("The clipboard is cleared.")


def test_it_asks_before_all_values_and_before_a_code(page: Page) -> None:
    page.get_by_role("button", name="Reveal all").click()
    form = page.locator("section > form.opening")
    form.locator("[name=reason]").fill("INC-9")
    form.get_by_role("button", name="Open").click()
    expect(page.locator("[data-secret-field][data-state=revealed]")).to_have_count(3)
    page.get_by_role("button", name="Hide all").click()
    page.get_by_role("button", name="Show code").click()
    form = page.locator("[data-totp-row] form.opening")
    form.locator("[name=reason]").fill("INC-10")
    form.get_by_role("button", name="Open").click()
    expect(page.locator(".totp__code")).to_have_text(re.compile(r"^\d{3} \d{3}$"))
    page.clock.run_for(16_000)
    expect(page.locator(".totp__code")).to_have_count(0)


def test_it_empties_what_was_filled_into_the_form_and_not_changed(page: Page, critical: Critical) -> None:
    page.goto(f"{critical.url}edit/")
    page.get_by_role("button", name="Fill in the stored values").click()
    page.get_by_label("Why do you open it?").fill("INC-11")
    page.get_by_role("button", name="Fill in").click()
    expect(page.locator("[name=field_password]")).to_have_value(PASSWORD)
    page.locator("[name=field_username]").fill("changed")
    page.clock.run_for(16_000)
    expect(page.locator("[name=field_password]")).to_have_value("")
    expect(page.locator("[name=field_username]")).to_have_value("changed")
    expect(page.get_by_text("The stored values are hidden again.")).to_be_visible()


def test_it_works_without_a_script(critical: Critical, first: FirstOpening, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False, storage_state=critical.context.storage_state())
    page = context.new_page()
    page.goto(critical.url)
    page.get_by_role("button", name="Reveal Password").click()
    expect(page.get_by_role("heading", name="Open Mail server")).to_be_visible()
    page.get_by_label("Why do you open it?").fill("INC-12")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#value-password .revealed")).to_have_text(PASSWORD)
    context.close()

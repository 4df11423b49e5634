"""Values on the page: shown in place, hidden again, copied without being shown, and gone from the clipboard."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import DESKTOP, watched
from tests.browser.journey import Person, create_project, new_secret, set_up
from tests.browser.server import VaultServer

pytestmark = pytest.mark.browser

PASSWORD = "  correct horse <b>battery</b> "
NOTES = "first line\nsecond line\n"


@dataclass(frozen=True)
class Login:
    """A signed-in browser, the page of a login, and the project that it is in."""

    context: BrowserContext
    url: str
    project: str


@pytest.fixture(scope="module")
def login(chromium: Browser, server: VaultServer) -> Iterator[Login]:
    context = chromium.new_context(viewport=DESKTOP)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    page = watched(context)
    set_up(page, server.setup_link(), Person("Alice", "alice@example.com"), "Acme")
    project = create_project(page, "Office", "Shared passwords")
    texts = {
        "username": "postmaster",
        "password": PASSWORD,
        "url": "https://mail.example.com/",
        "totp": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "notes": NOTES,
    }
    url = new_secret(page, project, "Login", "Mail server", texts)
    page.close()
    yield Login(context, url, project)
    context.close()


@pytest.fixture
def page(login: Login) -> Iterator[Page]:
    """The page of the login, with a clock that the test moves."""
    page = watched(login.context)
    page.clock.install()
    page.goto(login.url)
    yield page
    page.close()


def expect_shown(page: Page, *values: str) -> None:
    """Waits until these values are on the page, to the byte, and no other."""
    revealed = page.locator("[data-secret-value] .revealed")
    expect(revealed).to_have_count(len(values))
    assert revealed.all_text_contents() == list(values)


def test_it_shows_one_value_and_hides_it_after_thirty_seconds(page: Page) -> None:
    page.locator("[data-secret-field=password] form[data-reveal] button").click()
    expect_shown(page, PASSWORD)
    assert page.locator("#value-password b").count() == 0
    page.clock.run_for(28_000)
    expect_shown(page, PASSWORD)
    page.clock.run_for(3_000)
    expect_shown(page)
    expect(page.locator("#value-password .masked")).to_be_visible()
    assert PASSWORD not in page.content()


def test_it_shows_and_hides_all(page: Page) -> None:
    page.get_by_role("button", name="Reveal all").click()
    expect(page.locator("[data-secret-field][data-state=revealed]")).to_have_count(5)
    assert page.locator("#value-notes pre").text_content() == NOTES
    link = page.locator("#value-url a")
    assert link.get_attribute("href") == "https://mail.example.com/"
    assert link.get_attribute("rel") == "noreferrer noopener"
    page.get_by_role("button", name="Hide all").click()
    expect_shown(page)
    expect(page.get_by_role("button", name="Reveal all")).to_be_visible()


def test_it_hides_everything_when_the_page_is_out_of_sight(page: Page) -> None:
    page.get_by_role("button", name="Reveal all").click()
    expect(page.locator("[data-secret-field][data-state=revealed]")).to_have_count(5)
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    expect_shown(page)


def test_it_shows_nothing_after_going_back(page: Page, login: Login) -> None:
    page.get_by_role("button", name="Reveal all").click()
    expect(page.locator("[data-secret-field][data-state=revealed]")).to_have_count(5)
    page.goto(login.project)
    page.go_back()
    expect(page).to_have_url(login.url)
    expect_shown(page)


def test_it_copies_without_showing_and_clears_the_clipboard(page: Page) -> None:
    page.locator("[data-secret-field=password] form[data-copy-secret] button").click()
    label = page.locator("[data-secret-field=password] [data-copy-label]")
    expect(label).to_have_text(re.compile(r"Copied, \d+ s"))
    assert page.evaluate("navigator.clipboard.readText()") == PASSWORD
    expect_shown(page)
    page.clock.run_for(31_000)
    expect(label).to_have_text("Copy")
    expect(page.locator("#live")).to_have_text("The clipboard is cleared.")
    assert page.evaluate("navigator.clipboard.readText()") == ""


def test_it_leaves_alone_what_was_copied_since(page: Page) -> None:
    page.locator("[data-secret-field=password] form[data-copy-secret] button").click()
    expect(page.locator("[data-secret-field=password] [data-copy-label]")).to_have_text(re.compile("Copied"))
    page.evaluate("navigator.clipboard.writeText('something else')")
    page.clock.run_for(31_000)
    expect(page.locator("[data-secret-field=password] [data-copy-label]")).to_have_text("Copy")
    assert page.evaluate("navigator.clipboard.readText()") == "something else"


def test_it_says_when_copying_fails(page: Page) -> None:
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.locator("[data-secret-field=password] form[data-copy-secret] button").click()
    expect(page.locator("[data-reveal-problem]")).to_contain_text("https only")


def test_it_says_when_the_server_cannot_be_reached(page: Page) -> None:
    page.route("**/reveal/", lambda route: route.abort())
    page.get_by_role("button", name="Reveal all").click()
    expect(page.locator("[data-reveal-problem]")).to_contain_text("could not be reached")


def test_it_shows_a_code_with_its_countdown_and_hides_it(page: Page) -> None:
    page.get_by_role("button", name="Show code").click()
    code = page.locator(".totp__code")
    expect(code).to_have_text(re.compile(r"^\d{3} \d{3}$"))
    expect(page.locator(".totp__seconds")).to_have_text(re.compile(r"^\d+ s$"))
    page.get_by_role("button", name="Hide code").click()
    expect(code).to_have_count(0)


def test_it_puts_a_generated_password_into_the_field(page: Page, login: Login) -> None:
    page.goto(f"{login.url}edit/")
    page.get_by_role("link", name="Generate").click()
    made = page.locator("[data-generator-text]")
    expect(made).to_have_text(re.compile(r"^\S{20}$"))
    first = made.text_content()
    page.get_by_role("button", name="Another").click()
    expect(made).not_to_have_text(str(first))
    page.get_by_label("Passphrase", exact=True).check()
    expect(made).to_have_text(re.compile(r"^[a-z]+(-[a-z]+){5,}$"))
    phrase = str(made.text_content())
    page.get_by_role("button", name="Use this").click()
    expect(page.locator("#id_field_password")).to_have_value(phrase)
    expect(page.locator("#id_field_password")).to_have_attribute("type", "password")
    page.get_by_role("button", name="Show password").click()
    expect(page.locator("#id_field_password")).to_have_attribute("type", "text")
    expect(made).to_have_text("")


def test_it_works_without_a_script(login: Login, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False, storage_state=login.context.storage_state())
    page = context.new_page()
    page.goto(login.url)
    expect(page.get_by_role("button", name="Copy").first).to_be_hidden()
    page.get_by_role("button", name="Reveal Password").click()
    expect_shown(page, PASSWORD)
    page.get_by_role("button", name="Show code").click()
    expect(page.locator(".totp__code")).to_have_text(re.compile(r"^\d{3} \d{3}$"))
    expect_shown(page)
    context.close()


def test_it_refuses_a_file_that_is_too_large_before_sending_it(page: Page, login: Login) -> None:
    page.goto(login.project)
    page.get_by_role("link", name="New secret").click()
    page.get_by_role("link", name=re.compile("^File")).click()
    page.locator("[name=field_content]").set_input_files(
        {"name": "large.bin", "mimeType": "application/octet-stream", "buffer": bytes(1024 * 1024 + 1)}
    )
    expect(page.locator("[name=field_content]")).to_have_value("")

"""Every page that a link leads to: accessible in both themes, no wider than its window, and without a script error."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.browser.conftest import DESKTOP, PHONE, watched
from tests.browser.journey import Person, create_project, import_env, invite, new_secret, set_up
from tests.browser.server import VaultServer
from tests.harness.accessibility import violations

pytestmark = pytest.mark.browser

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
PARTS = 5
"""So many tests share the pages, each of which has its time."""
UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
LONG = "A name of a hundred characters that somebody typed because the field let them, and it must still fit"
UNBROKEN = "SPRING_DATASOURCE_HIKARI_CONNECTION_TEST_QUERY_TIMEOUT_IN_MILLISECONDS_OF_THE_REPORTING_REPLICA"


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, server: VaultServer) -> Iterator[BrowserContext]:
    """The owner of an instance with something of everything in it, and names as long as they may be."""
    context = chromium.new_context(viewport=DESKTOP)
    page = watched(context)
    set_up(page, server.setup_link(), Person("Alexandra Featherstonehaugh-Cholmondeley", "alexandra@example.com"), LONG)
    project = create_project(page, "Storefront", "Application configuration")
    text = (FIXTURES / "storefront.env").read_text() + f"{UNBROKEN}=1\n"
    import_env(page, project, "Production", text, importing=15)
    office = create_project(page, LONG[:100], "Shared passwords")
    login = {"password": "p", "username": "u", "totp": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "url": "https://example.com"}
    secret = new_secret(page, office, "Login", LONG + LONG[:90], login)
    page.goto(f"{secret}edit/")
    page.locator("[name=field_password]").fill("another")
    page.get_by_role("button", name=re.compile("Save|Store")).first.click()
    expect(page).to_have_url(secret)
    doomed = new_secret(page, office, "Note", "To be thrown away", {"note": "soon gone"})
    page.goto(f"{doomed}trash/")
    page.locator("main").get_by_role("button", name="Move to trash").first.click()
    expect(page).not_to_have_url(f"{doomed}trash/")
    invite(page, "a.very.long.address.of.somebody.who.was.invited@subdomain.example.com", "Viewer")
    page.get_by_role("link", name="Keys", exact=True).first.click()
    page.get_by_role("button", name="Verify all values").click()
    expect(page.get_by_role("link", name="Back to the keys")).to_be_visible(timeout=30_000)
    server.manage("shell", "-c", "from tests.browser.crowd import fill; fill()")
    page.close()
    yield context
    context.close()


def pattern(address: str) -> str:
    return UID.sub("*", address.partition("#")[0].partition("?")[0])


def pages_of(page: Page, start: str) -> dict[str, str]:
    """One address of each shape that can be reached by links from `start`."""
    found: dict[str, str] = {}
    waiting = [start]
    while waiting:
        address = waiting.pop()
        if pattern(address) in found:
            continue
        page.goto(address)
        found[pattern(address)] = address
        links: list[str] = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
        waiting += [link for link in links if link.startswith(start.rstrip("/")) and pattern(link) not in found]
    return found


@pytest.fixture(scope="module")
def found(signed_in: BrowserContext, server: VaultServer) -> dict[str, str]:
    """One address of each shape."""
    page = watched(signed_in)
    addresses = pages_of(page, f"{server.url}/")
    page.close()
    assert len(addresses) >= 75, sorted(addresses)
    return addresses


in_both_themes = pytest.mark.parametrize(("theme", "examined"), [("light", DESKTOP), ("dark", PHONE)])


@pytest.fixture
def page(signed_in: BrowserContext, theme: str) -> Iterator[Page]:
    opened = watched(signed_in)
    opened.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of the two
    yield opened
    opened.close()


@in_both_themes
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_accessible_and_fits_its_window(
    part: int, page: Page, examined: ViewportSize, found: dict[str, str]
) -> None:
    """Every page is measured at both widths; axe, which takes its time, looks at one of them in each theme, and only
    once at what a page is made of."""
    problems = []
    for shape, address in sorted(found.items())[part::PARTS]:
        page.goto(address)
        problems += problems_of(page, shape, examined)
    assert problems == []


def problems_of(page: Page, shape: str, examined: ViewportSize) -> list[str]:
    """What is wrong with the page that is open."""
    problems = []
    for viewport in (DESKTOP, PHONE):
        page.set_viewport_size(viewport)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > viewport["width"]:
            problems.append(f"{shape}: {width} px wide in a window of {viewport['width']}")
    page.set_viewport_size(examined)
    return problems + [f"{shape}: {problem}" for problem in violations(page, looks_only=examined is PHONE)]


def access(page: Page, url: str, tab: str) -> None:
    """A page below Access, by its tab."""
    page.goto(f"{url}/")
    page.goto(page.locator('a[href$="/access/"]').first.evaluate("link => link.href"))
    page.goto(page.get_by_role("navigation", name="Access").get_by_role("link", name=tab).evaluate("link => link.href"))


def a_grant_to_confirm(page: Page, url: str) -> None:
    access(page, url, "Grants")
    page.goto(page.get_by_role("link", name="Grant access").evaluate("link => link.href"))
    for name, number in (("subject", 5), ("role", 2), ("scope", 2)):
        page.select_option(f"select[name={name}]", index=number)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Nothing is saved yet")).to_be_visible()


def a_role_to_confirm(page: Page, url: str) -> None:
    access(page, url, "People and teams")
    page.goto(page.get_by_role("link", name="All about members").evaluate("link => link.href"))
    page.locator("tr summary").nth(4).click()
    page.locator("details[open] form button").first.click()
    expect(page.get_by_text("Nothing is saved yet")).to_be_visible()


def a_network_to_confirm(page: Page, url: str) -> None:
    access(page, url, "Network")
    page.goto(page.get_by_role("link", name="Add a network").evaluate("link => link.href"))
    page.locator("[name=cidr]").fill("198.51.100.0/24")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Nothing is saved yet")).to_be_visible()


def a_policy_to_confirm(page: Page, url: str) -> None:
    access(page, url, "Policies")
    page.goto(page.get_by_role("link", name="Change").first.evaluate("link => link.href"))
    page.locator("[name=approvals]").fill("2")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Nothing is saved yet")).to_be_visible()


def grants_to_revoke(page: Page, url: str) -> None:
    """Chosen with the pointer: a row leads somewhere, and its box is still a box."""
    access(page, url, "Grants")
    for number in (0, 2):
        page.locator("input[name=grant]").nth(number).check()
    page.locator("form[action$='/revoke/'] button").first.click()
    expect(page.get_by_text("Nothing is saved yet")).to_be_visible()


def a_leaving(page: Page, url: str) -> None:
    """Of somebody who leaves behind what is to be handed over."""
    access(page, url, "People and teams")
    page.goto(page.get_by_role("link", name="All about members").evaluate("link => link.href"))
    leaver = page.locator("tr", has_text="Jorge Baumgartner")
    page.goto(leaver.locator("a[href*='/remove/']").first.evaluate("link => link.href"))
    expect(page.get_by_label("Goes to")).to_be_visible()


def a_review(page: Page, url: str) -> None:
    access(page, url, "Reviews")
    page.goto(page.get_by_role("link", name="All of it, fourth quarter").evaluate("link => link.href"))


def lines_to_confirm(page: Page, url: str) -> None:
    a_review(page, url)
    for number in (0, 1):
        page.locator("input[name=line]").nth(number).check()
    page.get_by_role("button", name=re.compile("Confirm the chosen")).click()
    expect(page.get_by_label(re.compile("How many lines"))).to_be_visible()


def a_review_to_print(page: Page, url: str) -> None:
    a_review(page, url)
    page.get_by_role("button", name="For printing").click()
    expect(page.get_by_text("Taken out")).to_be_visible()


BETWEEN: dict[str, Callable[[Page, str], None]] = {
    each.__name__: each
    for each in (
        a_grant_to_confirm,
        a_role_to_confirm,
        a_network_to_confirm,
        a_policy_to_confirm,
        grants_to_revoke,
        a_leaving,
        lines_to_confirm,
        a_review_to_print,
    )
}
"""Pages to which a form leads, and no link, or of which no other has as much to show."""


@in_both_themes
@pytest.mark.parametrize("name", BETWEEN)
def test_the_page_that_a_form_leads_to_is_so_as_well(
    name: str, page: Page, examined: ViewportSize, server: VaultServer
) -> None:
    BETWEEN[name](page, server.url)
    assert problems_of(page, name, examined) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_of_strangers_are_accessible_too(theme: str, chromium: Browser, server: VaultServer) -> None:
    context = chromium.new_context(viewport=PHONE, color_scheme=theme)  # type: ignore[arg-type]  # one of the two
    page = watched(context)
    problems = []
    for path in ("sign-in/", "join/", "setup/", "no-such-page/"):
        page.goto(f"{server.url}/{path}")
        problems += [f"{path}: {problem}" for problem in violations(page)]
    assert problems == []
    context.close()

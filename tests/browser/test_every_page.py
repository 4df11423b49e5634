"""Every page that a link leads to: accessible in both themes, no wider than its window, and without a script error."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.browser.conftest import DESKTOP, PHONE, watched
from tests.browser.journey import Person, create_project, import_env, invite, new_secret, set_up
from tests.browser.server import VaultServer
from tests.harness.accessibility import violations

pytestmark = pytest.mark.browser

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
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


@pytest.mark.parametrize(("theme", "examined"), [("light", DESKTOP), ("dark", PHONE)])
def test_every_page_is_accessible_and_fits_its_window(
    theme: str, examined: ViewportSize, signed_in: BrowserContext, server: VaultServer
) -> None:
    """Every page is measured at both widths; axe, which takes its time, looks at one of them in each theme."""
    page = watched(signed_in)
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of the two
    found = pages_of(page, f"{server.url}/")
    assert len(found) >= 30, sorted(found)
    problems = []
    for shape, address in sorted(found.items()):
        page.goto(address)
        for viewport in (DESKTOP, PHONE):
            page.set_viewport_size(viewport)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > viewport["width"]:
                problems.append(f"{shape}: {width} px wide in a window of {viewport['width']}")
        page.set_viewport_size(examined)
        problems += [f"{shape}: {problem}" for problem in violations(page)]
    assert problems == []
    page.close()


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

"""An owner rotates the key of a few hundred values while looking on; all of them still open. Also without a script."""

import re
import time

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import DESKTOP, PHONE, watched
from tests.browser.journey import Person, create_project, import_env, read_environments, set_up
from tests.browser.server import VaultServer

pytestmark = pytest.mark.browser

VALUES = {f"NAME_{number:03}": f"value number {number}" for number in range(320)}
STEP_SECONDS = 30


def fresh_code(person: Person) -> str:
    """A code that the server takes now: it looks one step ahead, no further."""
    code = person.code()
    while int(time.time()) // STEP_SECONDS < person._last_step - 1:
        time.sleep(0.5)
    return code


def rotate(page: Page, keys: str, person: Person) -> None:
    """Up to the page on which the values move."""
    page.goto(keys)
    page.get_by_role("link", name="Rotate key").first.click()
    page.get_by_label("Code from your authenticator app").fill(fresh_code(person))
    page.get_by_role("button", name="Rotate key").click()
    page.wait_for_url(re.compile("/operations/"))


def versions(page: Page, keys: str) -> dict[str, str]:
    """The state of each version that the page of the keys shows."""
    page.goto(keys)
    rows = page.locator(
        "table:has(caption:has-text('data keys')) tbody tr, table:has(caption:has-text('Data keys')) tbody tr"
    )
    return {
        str(row.locator("strong").text_content()): str(row.locator(".badge").first.text_content()) for row in rows.all()
    }


def test_a_key_is_rotated_under_the_eyes_of_its_owner(chromium: Browser, server: VaultServer) -> None:
    owner = Person("Alice Stone", "alice@example.com")
    context = chromium.new_context(viewport=DESKTOP)
    page = watched(context)
    set_up(page, server.setup_link(), owner, "Acme")
    project = create_project(page, "Shop", "Application configuration")
    text = "".join(f"{name}={value}\n" for name, value in VALUES.items())
    import_env(page, project, "Production", text, importing=len(VALUES))
    page.get_by_role("link", name="Keys", exact=True).first.click()
    expect(page.get_by_role("heading", name="Data keys")).to_be_visible()
    keys = page.url

    # The first piece of work does not come through: the page says so, and goes on when it is asked to.
    page.route("**/advance/", lambda route: route.abort())
    rotate(page, keys, owner)
    expect(page.get_by_text("The server could not be reached.")).to_be_visible()
    expect(page.get_by_text("0 of 320 values under the new key.")).to_be_visible()
    bar = page.get_by_role("progressbar", name="Progress")
    assert bar.get_attribute("value") == "0"
    page.unroute("**/advance/")
    pieces: list[int] = []

    def count(route: Route) -> None:
        pieces.append(1)
        route.continue_()

    page.route("**/advance/", count)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("main").get_by_text("All 320 values are under the new key.")).to_be_visible()
    assert pieces, "the script did the work"
    assert versions(page, keys) == {"Version 2": "Active", "Version 1": "Retired"}
    assert {name: value for (_, name), value in read_environments(page, project).items()} == VALUES

    # Signed out meanwhile: the page stops and says so.
    page.unroute("**/advance/")
    page.goto(keys)
    kept = context.cookies()
    page.route("**/advance/", lambda route: route.abort())
    page.get_by_role("button", name="Verify all values").click()
    expect(page.get_by_text("The server could not be reached.")).to_be_visible()
    page.unroute("**/advance/")
    context.clear_cookies(name="holdfast")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Sign in to go on.")).to_be_visible()
    context.add_cookies(kept)  # type: ignore[arg-type]  # what it gave out

    # Without a script, on a phone: the same, with a button.
    plain = chromium.new_context(viewport=PHONE, java_script_enabled=False, storage_state=context.storage_state())
    phone = plain.new_page()
    rotate(phone, keys, owner)
    phone.get_by_role("button", name="Go on").click()
    expect(phone.locator("main").get_by_text("All 320 values are under the new key.")).to_be_visible()
    assert versions(phone, keys)["Version 3"] == "Active"
    phone.goto(keys)
    phone.get_by_role("link", name="Show it").click()  # the verification that was left lying
    phone.get_by_role("button", name="Go on").click()
    expect(phone.get_by_text(re.compile("^All [0-9]+ values and keys open.$"))).to_be_visible()

    # Where it is one of many tabs, a narrow window shows the one that is open.
    phone.goto(f"{server.url}/instance/keys/")
    tabs = phone.get_by_role("navigation", name="Your account")
    expect(tabs.get_by_role("link", name="Keys")).to_be_in_viewport(ratio=0.9)

    # What the administrator of the instance sees.
    page.goto(f"{server.url}/instance/keys/")
    for words in ("Root keys", "Keys of the instance", "Organizations", "Verification", "Escrow of the root key"):
        expect(page.get_by_role("heading", name=words, exact=True)).to_be_visible()
    page.get_by_role("link", name="Show all organizations").click()
    expect(page.get_by_role("cell", name=re.compile("^Acme"))).to_be_visible()
    plain.close()
    context.close()

"""Following a link to the vault from a mail, a chat or a wiki, while a form of the vault is open in another tab."""

import pytest
from playwright.sync_api import Browser

from tests.browser.server import VaultServer

pytestmark = pytest.mark.browser

ELSEWHERE = "http://wiki.example/"


def test_it_leaves_the_form_in_the_other_tab_usable(chromium: Browser, server: VaultServer) -> None:
    with chromium.new_context() as context:
        form = context.new_page()
        form.goto(f"{server.url}/sign-in/")
        form.get_by_label("E-mail address").fill("nobody@example.com")
        form.get_by_label("Password", exact=True).fill("typed before")

        wiki = context.new_page()
        link = f'<a href="{server.url}/sign-in/">The vault</a>'
        wiki.route(ELSEWHERE, lambda route: route.fulfill(body=link, content_type="text/html"))
        wiki.goto(ELSEWHERE)
        wiki.get_by_text("The vault").click()
        wiki.wait_for_url(f"{server.url}/sign-in/")

        with form.expect_response(f"{server.url}/sign-in/") as sent:
            form.get_by_role("button", name="Sign in").click()
        assert sent.value.status == 422  # wrong, and not "the form was open for too long"

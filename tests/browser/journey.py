"""What people do in the browser, step by step, as the tests of several journeys need it."""

import re
import time
from base64 import b32decode
from dataclasses import dataclass, field
from pathlib import Path

from django_otp.oath import TOTP
from playwright.sync_api import Page, expect

PASSWORD = "seven green bicycles"


@dataclass
class Person:
    """Somebody with an authenticator app in the hand."""

    name: str
    email: str
    password: str = PASSWORD
    key: str = ""
    recovery_codes: list[str] = field(default_factory=list)
    _last_step: int = -1

    def code(self) -> str:
        """A code that was not used before: the next step's, where this one's is spent (servers allow one step)."""
        step = max(int(time.time()) // 30, self._last_step + 1)
        self._last_step = step
        totp = TOTP(b32decode(self.key))
        totp.time = step * 30
        return f"{totp.token():06d}"


def enrol(page: Page, person: Person) -> None:
    """From the enrolment page to the first page behind it, with the key typed as the page shows it."""
    page.get_by_role("button", name="I have an app").click()
    expect(page.get_by_role("img", name=re.compile("QR code"))).to_be_visible()
    page.get_by_text("Cannot scan it?").click()
    shown = page.locator(".key-groups").inner_text()
    assert re.fullmatch(r"([A-Z2-7]{4} ?)+", shown.strip()), "the key is shown in groups of four"
    person.key = "".join(shown.split())
    page.get_by_label(re.compile("^(Code|Six-digit)")).fill(person.code())
    page.get_by_role("button", name="Confirm").click()
    codes = page.locator("#recovery-codes code")
    expect(codes).to_have_count(10)  # waits for the page that follows: reading the texts does not
    person.recovery_codes = codes.all_inner_texts()
    page.get_by_role("link", name=re.compile("continue")).click()


def set_up(page: Page, link: str, person: Person, organization: str) -> None:
    """The first visit: claim the instance and enrol the authenticator."""
    page.goto(link)
    page.get_by_label("Your name").fill(person.name)
    page.get_by_label("E-mail address").fill(person.email)
    page.locator("input[name=password]").fill(person.password)
    page.get_by_label("Organization name").fill(organization)
    page.get_by_role("button", name="Set up").click()
    enrol(page, person)


def sign_in(page: Page, url: str, person: Person) -> None:
    page.goto(f"{url}/sign-in/")
    page.get_by_label("E-mail").fill(person.email)
    page.locator("input[name=password]").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label(re.compile("^(Code|Six-digit)")).fill(person.code())
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("navigation").first).to_be_visible()


def create_project(page: Page, name: str, kind: str) -> str:
    """A project by its kind's label; returns the address of its page."""
    page.get_by_role("link", name="Projects", exact=True).first.click()
    page.get_by_role("link", name=re.compile("New project|Create")).first.click()
    page.get_by_text(kind, exact=True).click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return page.url


def import_env(page: Page, project: str, environment: str, text: str, *, importing: int) -> None:
    """Pastes a `.env` file into an environment of a project."""
    page.goto(project)
    page.locator("summary", has_text="Import .env").click()
    page.get_by_role("link", name=environment, exact=True).first.click()
    page.locator("textarea[name=text]").fill(text)
    page.get_by_role("button", name="Preview").click()
    button = page.get_by_role("button", name=f"Import {importing} secret")
    button.click()
    expect(button).to_have_count(0)  # else what comes next could break off the request


def new_secret(
    page: Page, project: str, kind: str, name: str, texts: dict[str, str], files: dict[str, Path] | None = None
) -> str:
    """A secret in a project of shared passwords; `texts` and `files` by the names of the payload's fields."""
    page.goto(project)
    page.get_by_role("link", name=re.compile("New secret|Add")).first.click()
    page.get_by_role("link", name=re.compile(f"^{kind}")).click()
    page.get_by_label("Name", exact=True).fill(name)
    for control, text in texts.items():
        page.locator(f"[name=field_{control}]").fill(text)
    for control, path in (files or {}).items():
        page.locator(f"[name=field_{control}]").set_input_files(path)
    page.get_by_role("button", name="Store secret", exact=True).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    return page.url


def reveal_all(page: Page, secret: str) -> dict[str, str]:
    """Every field that the page shows after its first reveal button (of all, where there are several), by name."""
    page.goto(secret)
    page.locator("form[data-reveal] button").first.click()
    rows = page.locator("[data-secret-field][data-state=revealed]")
    expect(rows.first).to_be_visible()
    return {
        str(row.get_attribute("data-secret-field")): str(row.locator("[data-secret-value] .revealed").text_content())
        for row in rows.all()
    }


def reveal_value(page: Page, secret: str) -> str:
    """The one value of a generic secret, asked for as the page's own button does, without waiting for the page."""
    token = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    answer = page.request.post(
        f"{secret}reveal/",
        form={"csrfmiddlewaretoken": token, "field": "value"},
        headers={"Accept": "application/json", "Referer": page.url},
    )
    assert answer.status == 200, answer.text()
    return str(answer.json()["fields"][0]["value"])


def read_environments(page: Page, project: str) -> dict[tuple[str, str], str]:
    """Every value of a project of application configuration, through its matrix, page by page."""
    found = {}
    page.goto(project)
    cells: dict[tuple[str, str], str] = {}
    while True:
        for mark in page.locator("a.mark--set").all():
            label = mark.locator(".visually-hidden").inner_text()
            match = re.fullmatch(r"\s*of (\S+) in (\w+)\s*", label)
            assert match, label
            cells[match[2], match[1]] = page.evaluate(
                "address => new URL(address, location.href).href", mark.get_attribute("href")
            )
        following = page.get_by_role("link", name="Next", exact=True)
        if following.count() == 0:
            break
        here = page.url
        following.click()
        expect(page).not_to_have_url(here)
        page.wait_for_load_state()  # `all` waits for nothing
    for place, address in cells.items():
        found[place] = reveal_value(page, address)
    return found


def invite(page: Page, email: str, role: str) -> str:
    """An invitation; returns its link."""
    page.get_by_role("link", name="Members", exact=True).first.click()
    page.get_by_role("link", name=re.compile("Invite")).first.click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_text(role, exact=True).click()
    page.get_by_role("button", name="Create invitation").click()
    return page.locator("#link").input_value()


def join(page: Page, link: str, person: Person) -> None:
    """Takes up an invitation with a new account, and enrols the authenticator."""
    page.goto(link)
    page.get_by_role("button", name="Open the invitation").click()
    page.get_by_label("Your name").fill(person.name)
    page.locator("input[name=password]").fill(person.password)
    page.get_by_role("button", name="Create account and join").click()
    enrol(page, person)

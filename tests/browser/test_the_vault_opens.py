"""From an empty instance to a teammate who gets every value back byte for byte; and nothing of them left at rest."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser, expect

from tests.browser.conftest import DESKTOP, PHONE, watched
from tests.browser.journey import (
    Person,
    create_project,
    import_env,
    invite,
    join,
    new_secret,
    read_environments,
    reveal_all,
    set_up,
)
from tests.browser.remains import found_in
from tests.browser.server import VaultServer
from tests.harness.postgresql import free_port

pytestmark = pytest.mark.browser

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
# Public examples of real projects, where they are at hand; the fixtures are of the same kind.
SAMPLES = Path(os.environ.get("HOLDFAST_TEST_SAMPLES", Path(__file__).resolve().parents[3] / "shared" / "samples"))


def values_of(text: str) -> dict[str, str]:
    """What a `.env` file says, read by a second, simpler reader than the product's: one line each, quotes taken off."""
    pairs = {}
    for line in text.splitlines():
        match = re.fullmatch(r"(?:export )?(\w+)=(?:'([^']*)'|\"([^\"]*)\"|([^'\"]*))", line)
        if match:
            pairs[match[1]] = next((group for group in match.groups()[1:] if group is not None), "")
    return pairs


class Mailbox:
    """A real SMTP receiver's memory: every mail as it came over the wire."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append(envelope.original_content)
        return "250 OK"


@pytest.fixture(scope="module")
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    mailbox, port = Mailbox(), free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    yield mailbox, port
    controller.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, mailbox: tuple[Mailbox, int]) -> Iterator[VaultServer]:
    """An unclaimed instance that sends its mails to the mailbox."""
    smtp = {"HOLDFAST_SMTP_URL": f"smtp://127.0.0.1:{mailbox[1]}"}
    with VaultServer(tmp_path_factory.mktemp("vault"), **smtp) as running:
        yield running


@pytest.fixture(scope="module")
def private_key() -> str:
    made = subprocess.run(
        ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout


@pytest.fixture(scope="module")
def service_account(private_key: str) -> str:
    account = {
        "type": "service_account",
        "project_id": "shop-123456",
        "private_key_id": os.urandom(20).hex(),
        "private_key": private_key,
        "client_email": "deployer@shop-123456.example.com",
    }
    return json.dumps(account, indent=2) + "\n"


def test_a_team_keeps_its_secrets_and_a_teammate_gets_them_back_byte_for_byte(
    chromium: Browser,
    server: VaultServer,
    mailbox: tuple[Mailbox, int],
    tmp_path: Path,
    private_key: str,
    service_account: str,
) -> None:
    env_files = [FIXTURES / "scheduling.env", FIXTURES / "storefront.env", *sorted(SAMPLES.glob("*.env"))]
    certificate = (FIXTURES / "certificate.pem").read_text()
    binary = tmp_path / "firmware.bin"
    binary.write_bytes(os.urandom(900_000))

    alice, bob = Person("Alice Stone", "alice@example.com"), Person("Bob Reed", "bob@example.com")
    desktop = chromium.new_context(viewport=DESKTOP)
    page = watched(desktop)
    set_up(page, server.setup_link(), alice, "Acme")

    projects: dict[str, str] = {}
    expected: dict[tuple[str, str, str], str] = {}
    for path, environment in zip(env_files, ["Production", "Staging"] * 2, strict=False):
        pairs = values_of(path.read_text())
        assert len(pairs) >= 10, f"{path.name} was not read"
        projects[path.stem] = create_project(page, path.stem, "Application configuration")
        import_env(page, projects[path.stem], environment, path.read_text(), importing=len(pairs))
        expected |= {(path.stem, environment, name): value for name, value in pairs.items()}

    office = create_project(page, "Office", "Shared passwords")
    stored = {
        "TLS certificate": new_secret(page, office, "Certificate", "TLS certificate", {"certificate": certificate}),
        "Deploy key": new_secret(page, office, "SSH key", "Deploy key", {"private_key": private_key}),
        "Service account": new_secret(page, office, "Generic value", "Service account", {"value": service_account}),
        "Firmware": new_secret(page, office, "File", "Firmware", {}, {"content": binary}),
    }
    link = invite(page, bob.email, "Member")

    phone = chromium.new_context(viewport=PHONE, color_scheme="dark")
    member = watched(phone)
    join(member, link, bob)
    assert reveal_all(member, stored["TLS certificate"])["certificate"] == certificate
    assert reveal_all(member, stored["Deploy key"])["private_key"] == private_key
    assert reveal_all(member, stored["Service account"])["value"] == service_account
    member.goto(stored["Firmware"])
    with member.expect_download() as download:
        member.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "firmware.bin"
    assert Path(download.value.path()).read_bytes() == binary.read_bytes()
    read = {
        (project, environment, name): value
        for project, address in projects.items()
        for (environment, name), value in read_environments(member, address).items()
    }
    assert read == expected

    # The sentences of the log, as the owner sees them.
    page.get_by_role("link", name="Activity", exact=True).first.click()
    expect(page.get_by_text("bob@example.com revealed").first).to_be_visible()

    canaries: list[str | bytes] = [value for value in expected.values() if len(value) >= 14 and "://" not in value]
    assert len(canaries) >= 5
    canaries += private_key.splitlines()[1:-1]
    canaries += [binary.read_bytes()[start : start + 60] for start in range(0, 900_000, 90_000)]
    canaries += [alice.password, alice.key, bob.key, *alice.recovery_codes]
    mails = [("a mail", mail) for mail in mailbox[0].mails]
    assert len(mails) == 1, "the invitation was mailed"
    assert found_in(canaries, server, *mails) == []
    # The invitation's token is in its mail, where it belongs, and in nothing that is kept.
    assert found_in([link.partition("#")[2]], server) == []
    # The search itself works: it finds what is kept in the clear.
    assert found_in(["Deploy key"], server) != []
    desktop.close()
    phone.close()

"""The mail of an invitation, through a real SMTP server, and what happens without one."""

import socket
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.limiter import MAIL
from accounts.models import User
from orgs.mails import without_links
from orgs.models import Organization
from orgs.services import rename_organization
from tests.cast import Cast
from tests.sealing import change


class Mailbox:
    """What the server received: envelope recipients and message."""

    def __init__(self) -> None:
        self.received: list[tuple[list[str], EmailMessage]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append((list(envelope.rcpt_tos), message))
        return "250 OK"


@pytest.fixture
def smtp(settings: Any) -> Iterator[Mailbox]:
    mailbox = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    configure(settings, port)
    yield mailbox
    controller.stop()


def configure(settings: Any, port: int) -> None:
    settings.EMAIL_CONFIGURED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False


def invite(client: Client, organization: Organization, email: str = "Zoe@Example.com", **headers: str) -> Any:
    url = reverse("orgs:invite", args=[organization.uid])
    return client.post(url, {"email": email, "role": "viewer"}, headers=headers)


def texts_of(message: EmailMessage) -> tuple[str, str]:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


def test_it_mails_the_link_to_the_address_as_it_was_entered(
    cast: Cast, client_for: Callable[..., Client], smtp: Mailbox
) -> None:
    page = invite(client_for(cast.alice), cast.acme).content.decode()
    assert "Mailed to Zoe@Example.com" in page
    ((recipients, message),) = smtp.received
    assert recipients == ["Zoe@Example.com"]
    assert message["To"] == "Zoe@Example.com"
    assert message["Subject"] == "Invitation to Acme"
    link = page.partition('value="http')[2].partition('"')[0]
    for text in texts_of(message):
        assert f"http{link}" in text
        assert "Viewer" in text
        assert "72 hours" in text
    assert f"http{link}".startswith(f"{settings.BASE_URL}/join/#")


def test_it_writes_names_as_text_and_makes_no_links_of_them(
    cast: Cast, client_for: Callable[..., Client], smtp: Mailbox
) -> None:
    name = "A&B <b>Ünïcode</b> 日本 https://evil.example"
    rename_organization(actor=cast.alice, organization=cast.acme, name=name)
    change(User.objects.filter(pk=cast.alice.pk), name='Alice "<script>" Stone')
    invite(client_for(cast.alice), cast.acme)
    ((_, message),) = smtp.received
    plain, html = texts_of(message)
    shown = "A&B <b>Ünïcode</b> 日本 https[:]//evil[.]example"
    assert message["Subject"].strip() == f"Invitation to {shown}"  # folded before its first encoded word
    assert shown in plain
    assert 'Alice "<script>" Stone' in plain
    assert "A&amp;B &lt;b&gt;Ünïcode&lt;/b&gt;" in html
    assert "<script>" not in html
    assert "evil.example" not in plain + html


def test_it_adds_no_header_through_a_name_or_an_address(
    cast: Cast, client_for: Callable[..., Client], smtp: Mailbox
) -> None:
    # A row that no form would take: what is stored is not trusted either.
    Organization.objects.filter(pk=cast.acme.pk).update(name="Acme\r\nBcc: eve@example.com")
    page = invite(client_for(cast.alice), cast.acme)
    assert page.status_code == 200
    assert b"#" in page.content
    assert all(message["Bcc"] is None for _, message in smtp.received)
    assert invite(client_for(cast.alice), cast.acme, email="a@example.com\r\nBcc: eve@example.com").status_code == 422


def test_it_does_not_believe_the_host_header(
    cast: Cast, client_for: Callable[..., Client], smtp: Mailbox, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    page = invite(client_for(cast.alice), cast.acme, host="evil.example")
    ((_, message),) = smtp.received
    assert "evil.example" not in page.content.decode() + "".join(texts_of(message))


def test_it_shows_the_link_when_the_mail_cannot_be_sent(
    cast: Cast, client_for: Callable[..., Client], settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        configure(settings, taken.getsockname()[1])
        page = invite(client_for(cast.alice), cast.acme)
    assert page.status_code == 200
    assert b"The mail could not be sent" in page.content
    assert f"{settings.BASE_URL}/join/#".encode() in page.content
    assert "ConnectionRefusedError" in caplog.text
    assert "Zoe@Example.com" not in caplog.text
    assert "/join/#" not in caplog.text


def test_it_says_nothing_of_mail_when_there_is_no_server(cast: Cast, client_for: Callable[..., Client]) -> None:
    page = invite(client_for(cast.alice), cast.acme).content
    assert b"/join/#" in page
    assert b"Mailed" not in page
    assert b"mail could not" not in page


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Acme", "Acme"),
        ("Acme Inc.", "Acme Inc."),
        ("evil.example", "evil[.]example"),
        ("http://a.b", "http[:]//a[.]b"),
        ("me@evil", "me[@]evil"),
    ],
)
def test_it_breaks_what_a_mail_program_would_link(name: str, shown: str) -> None:
    assert without_links(name) == shown


def test_it_writes_to_nobody_again_and_again(
    acme: Organization, alice: User, client_for: Callable[[User], Client], smtp: Mailbox
) -> None:
    """Anybody may found an organization and invite anybody; the mails come from our address."""
    client = client_for(alice)
    pages = [invite(client, acme, email) for email in ["zoe@example.com", "ZOE@example.com "] * 4]
    assert len(smtp.received) == MAIL.pair.count
    assert {page.status_code for page in pages} == {200}
    assert "Not mailed" in pages[-1].content.decode()
    assert pages[-1].context["link"] in pages[-1].content.decode()
    assert "Mailed to" in invite(client, acme, "yann@example.com").content.decode()

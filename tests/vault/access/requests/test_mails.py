"""The mails about requests and break-glass, through a real SMTP server: to whom, and nothing hostile in them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as configured
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from orgs.models import Organization, Project
from tests.orgs.test_invitation_mail import Mailbox, smtp, texts_of  # noqa: F401 - a fixture and its parts
from tests.sealing import change
from tests.vault.access.requests.conftest import Scene
from vault.access.mails import mail_approvers, mail_break_glass
from vault.access.models import AccessRequest, BreakGlassUse
from vault.access.selectors.break_glass import use_for
from vault.access.selectors.requests import request_for
from vault.access.services import break_glass, name_for_break_glass, remind_of_reviews

pytestmark = pytest.mark.django_db


def recipients(box: Mailbox) -> list[str]:
    return sorted(address for addresses, _ in box.received for address in addresses)


def ask(scene: Scene, client: Client, **values: str) -> AccessRequest:
    data = {
        "where": f"environment:{scene.production.uid}",
        "path": "db/url",
        "role": "reveal",
        "highest": "1",
        "minutes": "60",
        "reason": "The shop is down",
    }
    response = client.post(reverse("access:request_new", args=[scene.cast.acme.uid]), data | values)
    assert response.status_code == 302
    return AccessRequest.objects.latest("asked_at")


def use(scene: Scene, reason: str = "Fire") -> BreakGlassUse:
    named = name_for_break_glass(
        actor=scene.cast.alice, organization=scene.cast.acme, membership=scene.member(scene.cast.bob).pk
    )
    made = break_glass(actor=scene.cast.bob, person=named, reason=reason)
    return use_for(scene.cast.bob, scene.cast.acme, made.pk)


def test_whoever_can_approve_is_told_and_nobody_else(
    scene: Scene,
    client_for: Callable[..., Client],
    smtp: Mailbox,  # noqa: F811 - the fixture
) -> None:
    scene.approver(scene.carol)
    request = ask(scene, client_for(scene.cast.bob))
    assert recipients(smtp) == ["adam@example.com", "alice@example.com", "carol@example.com", "olga@example.com"]
    for addresses, message in smtp.received:
        assert len(addresses) == 1
        assert message["To"] == addresses[0]
        for text in texts_of(message):
            assert "Website / Production / db/url" in text
            assert "The shop is down" in text
            assert f"{configured.BASE_URL}/organizations/{scene.cast.acme.uid}/access/requests/{request.pk}/" in text
            assert "canary-value" not in text


def test_whoever_asked_is_told_of_the_answer(
    scene: Scene,
    client_for: Callable[..., Client],
    smtp: Mailbox,  # noqa: F811 - the fixture
) -> None:
    request = scene.ask()
    url = reverse("access:request_deny", args=[scene.cast.acme.uid, request.pk])
    client_for(scene.cast.alice).post(url, {"answer": "Use staging"})
    other = scene.ask(path="db")
    url = reverse("access:request_approve", args=[scene.cast.acme.uid, other.pk])
    client_for(scene.cast.alice).post(url, {"minutes": "60"})
    assert recipients(smtp) == ["bob@example.com"] * 2
    denied, approved = (texts_of(message)[0] for _, message in smtp.received)
    assert "denied by Alice" in denied
    assert "Use staging" in denied
    assert "approved by Alice" in approved
    assert "Until: " in approved


def test_every_owner_and_the_person_hear_of_break_glass(
    scene: Scene,
    smtp: Mailbox,  # noqa: F811 - the fixture
) -> None:
    mail_break_glass(use(scene))
    assert recipients(smtp) == ["alice@example.com", "bob@example.com", "olga@example.com"]
    assert "Fire" in texts_of(smtp.received[0][1])[0]


def test_owners_are_reminded_of_a_review(
    scene: Scene,
    smtp: Mailbox,  # noqa: F811 - the fixture
) -> None:
    use(scene)
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        remind_of_reviews()
    assert recipients(smtp) == ["alice@example.com", "olga@example.com"]
    assert "overdue" in smtp.received[0][1]["Subject"]


def test_names_are_text_and_no_links(
    scene: Scene,
    client_for: Callable[..., Client],
    smtp: Mailbox,  # noqa: F811 - the fixture
) -> None:
    Organization.objects.filter(pk=scene.cast.acme.pk).update(name="A&B <b>x</b>\r\nBcc: eve@evil.example")
    change(Project.objects.filter(pk=scene.project.pk), name="https://evil.example/login")
    change(User.objects.filter(pk=scene.cast.bob.pk), name='Bob "<script>alert(1)</script>" evil.example')
    request = ask(
        scene, client_for(User.objects.get(pk=scene.cast.bob.pk)), reason="See http://evil.example <img src=x>"
    )
    fetched = request_for(scene.cast.alice, scene.cast.acme, request.pk)
    mail_approvers(fetched)
    mail_break_glass(use(scene, "Go to https://evil.example"))
    assert len(smtp.received) >= 6
    for _, message in smtp.received:
        assert message["Bcc"] is None
        assert "\n" not in str(message["Subject"])
        plain, html = texts_of(message)
        assert "<script>" not in html
        assert "<img" not in html
        assert "<b>" not in html
        for text in (plain, html, str(message["Subject"])):
            assert "evil.example" not in text
        assert "evil[.]example" in plain


def test_a_mail_that_cannot_be_sent_fails_nothing(
    scene: Scene, client_for: Callable[..., Client], settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_CONFIGURED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    assert ask(scene, client_for(scene.cast.bob)).is_open(timezone.now())
    assert "alice@example.com" not in caplog.text
    assert "The shop is down" not in caplog.text


def test_mails_do_not_believe_the_host_header(
    scene: Scene,
    client_for: Callable[..., Client],
    smtp: Mailbox,  # noqa: F811 - the fixture
    settings: Any,
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    client = client_for(scene.cast.bob, headers={"host": "evil.example"})
    ask(scene, client)
    for _, message in smtp.received:
        assert "evil.example" not in "".join(texts_of(message))

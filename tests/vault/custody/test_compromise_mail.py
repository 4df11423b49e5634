"""Owners hear of a compromised key."""

from typing import Any

import pytest
from django.core.management import CommandError

from orgs.models import Membership
from tests.cast import Cast
from tests.orgs.test_invitation_mail import Mailbox, smtp, texts_of  # noqa: F401 - a fixture and its parts
from tests.vault.custody.commands import keys, keys_with_code, spoken
from vault.crypto.rootkey import RootKey
from vault.custody import mails, services
from vault.custody.services import compromise
from vault.custody.services.authority import OPERATOR
from vault.secrets.models import Secret

pytestmark = pytest.mark.django_db


def test_every_owner_gets_a_mail_and_nobody_else(
    cast: Cast,
    stored: list[Secret],
    second_owner: Membership,
    smtp: Mailbox,  # noqa: F811 - the fixture
) -> None:
    document = keys("compromise", "--org", "acme", "--yes")
    assert sorted(address for addresses, _ in smtp.received for address in addresses) == [
        "alice@example.com",
        "olga@example.com",
    ]
    assert document["mails"] == {str(cast.acme.uid): {"sent": 2}}
    for text in texts_of(smtp.received[0][1]):
        assert "Acme" in text
        assert "7 secrets" in text
        assert document["organizations"][0]["keys"][0] in text
        assert "NAME_" not in text
        assert "canary" not in text


def test_owners_of_every_organization_hear_of_a_root_key(
    cast: Cast,
    next_root: RootKey,
    smtp: Mailbox,  # noqa: F811 - the fixture
) -> None:
    keys("compromise", "--root", "--yes")
    assert sorted(address for addresses, _ in smtp.received for address in addresses) == [
        "alice@example.com",
        "charlie@example.com",
    ]


def test_a_name_cannot_put_a_link_into_the_mail(cast: Cast, smtp: Mailbox) -> None:  # noqa: F811 - the fixture
    type(cast.acme).objects.filter(pk=cast.acme.pk).update(name="evil.example")
    keys("compromise", "--org", "acme", "--yes")
    assert "evil[.]example" in texts_of(smtp.received[0][1])[0]


def test_a_mail_that_cannot_be_sent_stops_nothing_and_is_no_success(cast: Cast, settings: Any) -> None:
    settings.EMAIL_CONFIGURED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens there
    document, code = keys_with_code("compromise", "--org", "acme", "--yes")
    assert (code, document["left"]) == (1, 0)
    assert document["mails"] == {str(cast.acme.uid): {"failed": 1}}
    with pytest.raises(CommandError, match="1 mails to owners of acme could not be sent"):
        spoken("compromise", "--org", "acme", "--yes")


def test_an_instance_without_mail_says_that_nobody_was_told(cast: Cast, settings: Any) -> None:
    settings.EMAIL_CONFIGURED = False
    assert "tell the owners yourself" in spoken("compromise", "--org", "acme", "--yes")


def test_a_run_that_was_killed_while_mailing_mails_the_others_alone(
    cast: Cast,
    next_root: RootKey,
    smtp: Mailbox,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Killed(BaseException):
        pass

    real = mails.deliver_compromise

    def once(*args: Any, **options: Any) -> Any:
        if smtp.received:
            raise Killed
        return real(*args, **options)

    operation = services.declare_compromise(actor=OPERATOR, scope=None)
    monkeypatch.setattr("vault.custody.services.reporting.deliver_compromise", once)
    with pytest.raises(Killed):
        services.advance_compromise(actor=OPERATOR, operation=operation)
    monkeypatch.undo()
    operation.refresh_from_db()
    assert operation.result["phase"] == compromise.PHASES[-1]
    services.advance_compromise(actor=OPERATOR, operation=operation)
    assert len(smtp.received) == 2

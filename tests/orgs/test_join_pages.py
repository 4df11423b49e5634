"""The pages of an invitation, for everybody who may open one."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from orgs.models import Membership
from orgs.roles import Role
from orgs.services import Invited, invite_member, revoke_invitation
from tests.cast import PASSWORD, Cast

ClientFor = Callable[..., Client]
JOIN, ACCEPT, ACCOUNT = "/join/", "/join/accept/", "/join/account/"


def invite(cast: Cast, email: str) -> Invited:
    return invite_member(actor=cast.alice, organization=cast.acme, email=email, role=Role.MEMBER)


def token_of(invited: Invited) -> str:
    return invited.link.rpartition("#")[2]


def test_it_asks_for_the_token_without_naming_anything(client: Client, cast: Cast) -> None:
    page = client.get(JOIN)
    assert page.status_code == 200
    assert b"data-from-fragment" in page.content
    assert b"Acme" not in page.content


def test_it_lets_a_new_person_in(client: Client, cast: Cast) -> None:
    invited = invite(cast, "zoe@example.com")
    assert client.post(JOIN, {"token": token_of(invited)})["Location"] == ACCOUNT
    page = client.get(ACCOUNT).content.decode()
    assert "Join Acme" in page
    assert "zoe@example.com" in page
    assert token_of(invited) not in page
    response = client.post(ACCOUNT, {"name": "Zoë Ünver", "password": PASSWORD})
    assert response["Location"] == reverse("secrets:list", args=[cast.acme.uid])
    zoe = User.objects.get(email_key="zoe@example.com")
    assert Membership.objects.get(user=zoe).role == Role.MEMBER
    # signed in, and nothing opens before there is a second factor
    assert client.get(response["Location"])["Location"].startswith(reverse("accounts:second_factor_enrol"))


def test_it_takes_the_whole_link_for_its_token(client: Client, cast: Cast) -> None:
    assert client.post(JOIN, {"token": invite(cast, "zoe@example.com").link})["Location"] == ACCOUNT


def test_it_keeps_the_name_and_says_what_is_wrong_with_the_password(client: Client, cast: Cast) -> None:
    client.post(JOIN, {"token": token_of(invite(cast, "zoe@example.com"))})
    page = client.post(ACCOUNT, {"name": "Zoe", "password": "short but mine"[:5]})
    assert page.status_code == 422
    assert b'value="Zoe"' in page.content
    assert b"at least 12 characters" in page.content
    assert not User.objects.filter(email_key="zoe@example.com").exists()


def test_it_creates_no_account_without_an_opened_invitation(client: Client, cast: Cast) -> None:
    assert client.post(ACCOUNT, {"name": "Zoe", "password": PASSWORD})["Location"] == JOIN
    assert not User.objects.filter(name="Zoe").exists()


def test_it_sends_somebody_with_an_account_to_sign_in_and_goes_on_afterwards(client: Client, cast: Cast) -> None:
    client.post(JOIN, {"token": token_of(invite(cast, "charlie@example.com"))})
    for page in (client.get(ACCOUNT), client.post(ACCOUNT, {"name": "Mallory", "password": "another good one"})):
        assert b"There is an account for charlie@example.com" in page.content
    sign_in = client.post(
        reverse("accounts:sign_in"), {"email": "charlie@example.com", "password": PASSWORD, "next": ACCEPT}
    )
    assert sign_in.status_code == 302
    # without a second factor yet, charlie enrols one before anything of a vault opens
    assert client.get(ACCEPT).status_code == 302
    cast.charlie.refresh_from_db()
    assert cast.charlie.name == "Charlie"
    assert client.session["pending_invitation"]


def test_it_asks_the_right_person_and_accepts_once(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.charlie)
    invited = invite(cast, "CHARLIE@example.com")
    client.post(JOIN, {"token": token_of(invited)})
    assert client.get(ACCOUNT)["Location"] == ACCEPT
    page = client.get(ACCEPT)
    assert b"Join Acme" in page.content
    assert not Membership.objects.filter(user=cast.charlie, organization=cast.acme).exists()
    assert client.post(ACCEPT)["Location"] == reverse("secrets:list", args=[cast.acme.uid])
    assert Membership.objects.filter(user=cast.charlie, organization=cast.acme).exists()
    assert client.post(ACCEPT)["Location"] == JOIN
    assert client.post(JOIN, {"token": token_of(invited)}).status_code == 410


def test_it_opens_another_link_while_an_invitation_is_open(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.charlie)
    client.post(JOIN, {"token": token_of(invite(cast, "zoe@example.com"))})
    assert b"data-from-fragment" in client.get(JOIN).content
    client.post(JOIN, {"token": token_of(invite(cast, "charlie@example.com"))})
    assert b"Join Acme" in client.get(ACCEPT).content


def test_it_tells_another_person_nothing_about_the_invitation(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.charlie)
    client.post(JOIN, {"token": token_of(invite(cast, "zoe@example.com"))})
    for response in (client.get(ACCEPT), client.post(ACCEPT)):
        assert response.status_code == 403
        assert b"somebody else" in response.content
        assert b"zoe@example.com" not in response.content
        assert b"Acme" not in response.content
    assert not Membership.objects.filter(user=cast.charlie, organization=cast.acme).exists()


def test_it_answers_every_link_that_does_not_work_with_one_page(client: Client, cast: Cast) -> None:
    used, revoked, old = (invite(cast, f"{name}@example.com") for name in ("used", "revoked", "old"))
    client.post(JOIN, {"token": token_of(used)})
    client.post(ACCOUNT, {"name": "Used", "password": PASSWORD})
    client = Client()
    revoke_invitation(actor=cast.alice, invitation=revoked.invitation)
    pages = [
        client.post(JOIN, {"token": token_of(used)}),
        client.post(JOIN, {"token": token_of(revoked)}),
        client.post(JOIN, {"token": "A" * 43}),
        client.post(JOIN, {"token": "not a token"}),
    ]
    with time_machine.travel(timezone.now() + timedelta(hours=settings.INVITATION_HOURS + 1)):
        pages.append(client.post(JOIN, {"token": token_of(old)}))
    assert [page.status_code for page in pages] == [410, 410, 404, 400, 410]
    assert len({body_of(page.content) for page in pages}) == 1
    assert Event.objects.filter(action="invitation.refused").count() == 5


def test_it_asks_again_for_an_empty_token(client: Client, cast: Cast) -> None:
    page = client.post(JOIN, {"token": ""})
    assert page.status_code == 400
    assert b"paste the part after the #" in page.content
    assert client.post(JOIN, {}).status_code == 400
    assert client.post(JOIN, {"token": "x" * 10_000}).status_code == 400


def test_it_finds_out_when_the_invitation_ends_while_the_form_is_open(client: Client, cast: Cast) -> None:
    invited = invite(cast, "zoe@example.com")
    client.post(JOIN, {"token": token_of(invited)})
    client.get(ACCOUNT)
    revoke_invitation(actor=cast.alice, invitation=invited.invitation)
    assert client.post(ACCOUNT, {"name": "Zoe", "password": PASSWORD}).status_code == 410
    assert not User.objects.filter(email_key="zoe@example.com").exists()


def test_it_limits_how_often_tokens_are_tried(client: Client, cast: Cast) -> None:
    statuses = [client.post(JOIN, {"token": "A" * 43}).status_code for _ in range(40)]
    assert statuses[0] == 404
    assert statuses[-1] == 429


def test_it_puts_no_token_into_the_session(client: Client, cast: Cast) -> None:
    invited = invite(cast, "zoe@example.com")
    client.post(JOIN, {"token": token_of(invited)})
    assert token_of(invited) not in str(dict(client.session))


@pytest.mark.parametrize("url", [ACCEPT, ACCOUNT])
def test_it_does_nothing_on_a_get(cast: Cast, client_for: ClientFor, url: str) -> None:
    client = client_for(cast.charlie)
    client.post(JOIN, {"token": token_of(invite(cast, "charlie@example.com"))})
    client.get(url)
    assert not Membership.objects.filter(user=cast.charlie, organization=cast.acme).exists()


def body_of(content: bytes) -> bytes:
    """The page without what every request has for itself: protection tokens and correlation ids."""
    import re

    return re.sub(rb'value="[A-Za-z0-9]{64}"|\b[0-9a-f]{16}\b', b"", content)

"""Rotating peppers and the signing secret: no token, code, session or authenticator notices."""

from base64 import b32decode
from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse
from django_otp.oath import TOTP

import accounts.services as accounts
import orgs.services as orgs
from audit.models import Event
from orgs.models import Membership
from orgs.roles import Role
from tests.cast import PASSWORD, Cast, authenticator_of
from tests.vault.custody.commands import keys
from vault.keys.peppers import keyed_hash_matches
from vault.keys.purposes import Purpose

pytestmark = pytest.mark.django_db

ClientFor = Callable[..., Client]


@pytest.fixture(params=["before", "after", "twice"])
def rotations(request: pytest.FixtureRequest) -> Callable[[], None]:
    """Rotates everything of the instance: not at all (the test itself must hold), once, and twice."""
    times = {"before": 0, "after": 1, "twice": 2}[request.param]

    def rotate() -> None:
        for _ in range(times):
            for purpose in ("token", "row", "totp", "audit", "sign"):
                keys("rotate", "--purpose", purpose)
            keys("reencrypt", "--purpose", "totp")
            keys("retire", "--all")

    return rotate


def code_of(cast: Cast) -> str:
    return f"{TOTP(b32decode(authenticator_of(cast.bob).key)).token():06d}"


def at_the_code(cast: Cast) -> Client:
    """A browser in which bob's password was accepted."""
    authenticator_of(cast.bob)
    browser = Client()
    browser.post(reverse("accounts:sign_in"), {"email": cast.bob.email, "password": PASSWORD})
    return browser


def is_in(browser: Client) -> bool:
    return browser.get(reverse("accounts:profile")).status_code == 200


def test_an_authenticator_goes_on(cast: Cast, rotations: Callable[[], None]) -> None:
    authenticator_of(cast.bob)
    rotations()
    browser = at_the_code(cast)
    assert not is_in(browser)
    browser.post(reverse("accounts:sign_in_code"), {"code": code_of(cast)})
    assert is_in(browser)


def test_a_recovery_code_goes_on_and_works_once(cast: Cast, rotations: Callable[[], None]) -> None:
    codes = accounts.create_recovery_codes(actor=cast.bob, code=code_of(cast))
    rotations()
    browser = at_the_code(cast)
    browser.post(reverse("accounts:sign_in_recovery"), {"code": codes[0]})
    assert is_in(browser)
    again = at_the_code(cast)
    again.post(reverse("accounts:sign_in_recovery"), {"code": codes[0]})
    assert not is_in(again)


def test_an_invitation_goes_on(cast: Cast, rotations: Callable[[], None]) -> None:
    invited = orgs.invite_member(actor=cast.alice, organization=cast.acme, email=cast.charlie.email, role=Role.MEMBER)
    rotations()
    opened = orgs.open_invitation(actor=cast.charlie, token=invited.link.partition("#")[2])
    membership = orgs.accept_invitation(actor=cast.charlie, invitation=opened)
    assert membership.status == Membership.Status.ACTIVE


def test_a_session_goes_on(cast: Cast, client_for: ClientFor, rotations: Callable[[], None]) -> None:
    browser = client_for(cast.bob)
    rotations()
    assert is_in(browser)


def test_every_event_is_still_authentic(cast: Cast, rotations: Callable[[], None]) -> None:
    from audit.canonical import canonical_body, mac_message

    orgs.rename_organization(actor=cast.alice, organization=cast.acme, name="Acme Ltd")
    rotations()
    for event in Event.objects.all():
        assert keyed_hash_matches(Purpose.AUDIT, mac_message(canonical_body(event.body)), event.mac)


def test_a_session_outlives_the_rotation_of_the_signing_secret(cast: Cast, client_for: ClientFor) -> None:
    """HOLDFAST_SECRET_KEY becomes the new one, and HOLDFAST_SECRET_KEY_FALLBACKS holds the one before."""
    browser = client_for(cast.bob)
    assert is_in(browser)
    with override_settings(SECRET_KEY="a new one " * 6, SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert is_in(browser)
        assert is_in(browser)  # the session was signed anew, and holds
    with override_settings(SECRET_KEY="quite another one " * 4, SECRET_KEY_FALLBACKS=[]):
        assert not is_in(browser)

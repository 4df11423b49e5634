"""Who gets to the support desk."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from accounts.models import Instance, TOTPDevice, User
from accounts.services import grant_support, revoke_support
from accounts.support import support_site
from audit.actor import Actor
from tests.accounts.doors import sign_in
from tests.accounts.test_support_desk import pages
from tests.cast import Cast, authenticator_of
from tests.sealing import change

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]


@pytest.mark.parametrize("name", ["alice", "adam", "bob", "vera", "charlie"])
def test_it_does_not_exist_for_anybody_else(cast: Cast, client_for: ClientFor, name: str) -> None:
    client = client_for(getattr(cast, name))
    for page in [*pages(), "/support/nothing/", reverse("admin:accounts_user_unlock", args=[cast.bob.pk])]:
        assert client.get(page).status_code == 404
        assert client.post(page).status_code == 404


def test_it_sends_a_stranger_to_the_one_door(cast: Cast, client: Client) -> None:
    for page in pages():
        assert client.get(page)["Location"].startswith(reverse("accounts:sign_in"))


@pytest.mark.parametrize("required", [True, False])
def test_it_opens_to_a_verified_session_only(cast: Cast, required: bool) -> None:
    change(Instance, second_factor_required=required)
    client = Client()
    sign_in(client, cast.sam.email)
    for page in pages():
        assert client.get(page)["Location"].startswith(reverse("accounts:second_factor_enrol"))
    authenticator_of(cast.sam)
    for page in pages():
        assert client.get(page)["Location"].startswith(reverse("accounts:sign_in_code"))


def test_it_closes_at_the_next_request_when_the_right_is_taken_away(cast: Cast, client_for: ClientFor) -> None:
    sams = client_for(cast.sam)
    assert sams.get(reverse("admin:index")).status_code == 200
    revoke_support(account=cast.sam, actor=Actor.system("operator"))
    assert sams.get(reverse("admin:index")).status_code == 404


def test_it_opens_to_whoever_is_given_the_right(cast: Cast, client_for: ClientFor) -> None:
    bobs = client_for(cast.bob)
    assert bobs.get(reverse("admin:index")).status_code == 404
    grant_support(account=cast.bob, actor=Actor.system("operator"))
    assert bobs.get(reverse("admin:index")).status_code == 200


def test_it_takes_an_active_person_of_the_staff_whose_second_factor_was_used(cast: Cast) -> None:
    assert may(cast.sam, authenticator_of(cast.sam))
    assert not may(cast.sam, None)
    assert not may(cast.bob, authenticator_of(cast.bob))
    cast.sam.is_active = False
    assert not may(cast.sam, authenticator_of(cast.sam))


def may(user: User, device: TOTPDevice | None) -> bool:
    """Whether the desk is open to somebody in a session that `device` verified."""
    request = HttpRequest()
    request.user = user
    user.otp_device = device
    return support_site.has_permission(request)


def test_it_has_no_page_for_what_is_not_there(cast: Cast, client_for: ClientFor) -> None:
    for name in (str(uuid4()), "nobody"):
        page = reverse("admin:accounts_user_change", args=[name])
        assert client_for(cast.sam).get(page).status_code == 404

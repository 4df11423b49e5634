"""Removing the second factor, where that is allowed."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.errors import SecondFactorRequired
from accounts.models import Instance, RecoveryDevice, Session, TOTPDevice
from accounts.services import remove_second_factor
from audit.models import Event
from tests.accounts.doors import code_of, recovery_codes_of, wrong_code
from tests.cast import PASSWORD, Cast, authenticator_of
from tests.sealing import change

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]
REMOVE = "accounts:second_factor_remove"


def test_it_removes_it_for_password_and_code(cast: Cast, client_for: ClientFor) -> None:
    change(Instance, second_factor_required=False)
    recovery_codes_of(cast.bob)
    here, there = client_for(cast.bob), client_for(cast.bob)
    response = here.post(reverse(REMOVE), {"password": PASSWORD, "code": code_of(authenticator_of(cast.bob))})
    assert response["Location"] == reverse("accounts:second_factor")
    assert not TOTPDevice.objects.exists()
    assert not RecoveryDevice.objects.exists()
    assert here.get(reverse("accounts:profile")).status_code == 200
    assert there.get(reverse("accounts:profile"))["Location"].startswith(reverse("accounts:sign_in"))
    assert Session.objects.filter(user=cast.bob).count() == 1
    assert Event.objects.filter(action="second_factor.removed").get().details["sessions_ended"] == 1


@pytest.mark.parametrize("proof", ["nothing", "password", "code", "wrong password", "wrong code"])
def test_it_keeps_it_without_both(cast: Cast, client_for: ClientFor, proof: str) -> None:
    change(Instance, second_factor_required=False)
    client, device = client_for(cast.bob), authenticator_of(cast.bob)
    data = {
        "nothing": {},
        "password": {"password": PASSWORD},
        "code": {"code": code_of(device)},
        "wrong password": {"password": "x", "code": code_of(device)},
        "wrong code": {"password": PASSWORD, "code": wrong_code(device)},
    }[proof]
    assert client.post(reverse(REMOVE), data).status_code == 422
    assert TOTPDevice.objects.filter(confirmed=True).exists()


def test_it_keeps_it_where_everybody_needs_one(cast: Cast, client_for: ClientFor) -> None:
    client, device = client_for(cast.bob), authenticator_of(cast.bob)
    response = client.post(reverse(REMOVE), {"password": PASSWORD, "code": code_of(device)})
    assert b"cannot be removed" in client.get(response["Location"]).content
    assert TOTPDevice.objects.filter(confirmed=True).exists()
    with pytest.raises(SecondFactorRequired):
        remove_second_factor(actor=cast.bob, password=PASSWORD, code=code_of(device), request=response.wsgi_request)


def test_it_shows_no_way_to_remove_it_where_everybody_needs_one(cast: Cast, client_for: ClientFor) -> None:
    client = client_for(cast.bob)
    assert reverse(REMOVE).encode() not in client.get(reverse("accounts:second_factor")).content
    change(Instance, second_factor_required=False)
    assert reverse(REMOVE).encode() in client.get(reverse("accounts:second_factor")).content

"""A fresh installation has nobody in it, and no password that somebody could look up (ASVS 5.0 6.3.2)."""

import pytest
from django.test import Client

from accounts.models import Instance, TOTPDevice, User
from tests.accounts.doors import sign_in
from tests.cast import make_person


@pytest.mark.django_db
def test_it_begins_without_anybody() -> None:
    assert not User.objects.exists()
    assert not TOTPDevice.objects.exists()
    assert Instance.objects.get().claimed_at is None


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["admin", "admin@localhost", "root@localhost", "holdfast@localhost"])
def test_it_lets_in_nobody_under_a_well_known_name(address: str) -> None:
    client = Client()
    for password in ("admin", "password", "holdfast", "changeme", ""):
        sign_in(client, address, password)
    assert client.get("/account/")["Location"].startswith("/sign-in/")


@pytest.mark.django_db
def test_it_gives_nobody_rights_by_default() -> None:
    person = make_person("Nobody")
    assert (person.is_support, person.is_instance_admin) == (False, False)

"""Whether everybody needs a second factor."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Instance
from accounts.services import configure_instance
from audit.models import Event
from tests.accounts.doors import sign_in
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db
ClientFor = Callable[..., Client]


def test_it_is_asked_for_unless_an_administrator_says_otherwise(cast: Cast, client_for: ClientFor) -> None:
    client = Client()
    sign_in(client, cast.bob.email)
    profile, page = reverse("accounts:profile"), reverse("accounts:instance")
    assert client.get(profile)["Location"].startswith(reverse("accounts:second_factor_enrol"))
    assert client_for(cast.alice).post(page, {"password": PASSWORD}).status_code == 302
    assert client.get(profile).status_code == 200
    assert client_for(cast.alice).post(page, {"password": PASSWORD, "second_factor_required": "on"}).status_code == 302
    assert client.get(profile).status_code == 302
    assert [event.details["to"] for event in Event.objects.filter(action="instance.configured").order_by("id")] == [
        False,
        True,
    ]


@pytest.mark.parametrize("data", [{}, {"password": "wrong"}])
def test_it_asks_for_the_password_first(cast: Cast, client_for: ClientFor, data: dict[str, str]) -> None:
    assert client_for(cast.alice).post(reverse("accounts:instance"), data).status_code == 422
    assert Instance.objects.get().second_factor_required


def test_it_is_nobody_elses_business(cast: Cast, client_for: ClientFor) -> None:
    for person in (cast.bob, cast.adam, cast.sam, cast.charlie):
        client = client_for(person)
        assert client.get(reverse("accounts:instance")).status_code == 404
        assert client.post(reverse("accounts:instance"), {"password": PASSWORD}).status_code == 404
        with pytest.raises(PermissionError):
            configure_instance(actor=person, second_factor_required=False, password=PASSWORD)
    assert Instance.objects.get().second_factor_required


def test_it_records_nothing_when_nothing_changes(cast: Cast, client_for: ClientFor) -> None:
    client_for(cast.alice).post(reverse("accounts:instance"), {"password": PASSWORD, "second_factor_required": "on"})
    assert not Event.objects.filter(action="instance.configured").exists()

"""GET and HEAD change nothing at any address of this app (ASVS 5.0 3.5.3)."""

from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from accounts.urls import urlpatterns
from tests.accounts.doors import sign_in
from tests.cast import Cast, authenticator_of, signed_in_client

pytestmark = pytest.mark.django_db
PAGES = [str(pattern.name) for pattern in urlpatterns]


def everything() -> dict[str, list[Any]]:
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model._meta.managed
    }


@pytest.mark.parametrize("page", PAGES)
def test_it_changes_nothing_by_looking(cast: Cast, page: str) -> None:
    unverified, pending = signed_in_client(cast.vera, verified=False), Client()
    unverified.post(reverse("accounts:second_factor_enrol"))
    authenticator_of(cast.bob)
    sign_in(pending, cast.bob.email)
    clients = [Client(), unverified, pending, signed_in_client(cast.alice)]
    before = everything()
    for client in clients:
        for method in (client.get, client.head, client.options):
            assert method(reverse(f"accounts:{page}"), {"next": "/account/"}).status_code in {200, 302, 404, 405}
    assert everything() == before


@pytest.mark.parametrize("page", PAGES)
def test_it_refuses_a_form_from_elsewhere(cast: Cast, page: str) -> None:
    client = signed_in_client(cast.alice, enforce_csrf_checks=True)
    before = everything()
    assert client.post(reverse(f"accounts:{page}"), {"name": "x"}).status_code == 403
    assert everything() == before

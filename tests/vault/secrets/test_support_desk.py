"""Support staff find a secret by name, and nothing leads them to a value."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from tests.cast import Cast
from vault.secrets.models import Secret, SecretVersion, Tag

ClientFor = Callable[..., Client]
DESK = "/support/secrets/secret/"


def test_it_shows_that_a_secret_exists_and_where(cast: Cast, client_for: ClientFor, secret: Secret) -> None:
    client = client_for(cast.sam)
    page = client.get(DESK, {"q": "stripe"}).content.decode()
    assert "STRIPE_API_KEY" in page
    assert "Website" in page
    detail = client.get(f"{DESK}{secret.pk}/").content.decode()
    assert "STRIPE_API_KEY" in detail
    assert "canary" not in page + detail


def test_it_registers_no_table_that_holds_values() -> None:
    assert admin.site.is_registered(Secret)
    assert not admin.site.is_registered(SecretVersion)
    assert not admin.site.is_registered(Tag)


@pytest.mark.parametrize(
    "lookup",
    [
        "versions__payload",
        "versions__payload__startswith",
        "versions__number",
        "search_text__contains",
        "updated_by__password",
    ],
)
def test_it_refuses_lookups_that_lead_to_values(cast: Cast, client_for: ClientFor, secret: Secret, lookup: str) -> None:
    response = client_for(cast.sam).get(DESK, {lookup: "s"})
    assert response.status_code in {400, 403}


@pytest.mark.parametrize("name", ["detail", "reveal", "edit", "versions", "activity", "download"])
def test_it_gives_staff_no_page_of_the_vault(cast: Cast, client_for: ClientFor, secret: Secret, name: str) -> None:
    client = client_for(cast.sam)
    url = reverse(f"secrets:{name}", args=[secret.pk])
    assert (client.post(url) if name in {"reveal", "download"} else client.get(url)).status_code == 404

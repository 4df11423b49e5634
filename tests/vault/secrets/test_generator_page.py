"""The generator and the palette, as pages and as JSON."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from orgs.models import Environment
from tests.cast import Cast
from tests.vault.secrets.pages import JSON
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.services import create_secret

ClientFor = Callable[..., Client]
CLASSES = {"lower": "on", "upper": "on", "digits": "on", "symbols": "on"}


@pytest.fixture
def client(cast: Cast, client_for: ClientFor) -> Client:
    return client_for(cast.vera)


def test_it_makes_nothing_by_get(client: Client) -> None:
    page = client.get(reverse("secrets:generator"))
    assert page.status_code == 200
    assert page.context["made"] is None


def test_it_makes_a_password_on_the_page(client: Client) -> None:
    page = client.post(reverse("secrets:generator"), {"kind": "password", "length": "30", **CLASSES})
    assert len(page.context["made"].text) == 30
    assert "bits of entropy" in page.content.decode()
    assert page["Cache-Control"] == "no-store"


def test_it_makes_a_passphrase_for_the_script(client: Client) -> None:
    choices = {"kind": "passphrase", "words": "5", "separator": " "}
    made = client.post(reverse("secrets:generator"), choices, headers=JSON).json()
    assert len(made["text"].split(" ")) == 5
    assert (made["bits"], made["strength"]) == (64, "fair")


def test_it_fills_in_what_is_left_blank(client: Client) -> None:
    made = client.post(reverse("secrets:generator"), {"kind": "password", **CLASSES}, headers=JSON).json()
    assert len(made["text"]) == 20


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({}, "required"),
        ({"kind": "riddle"}, "Choose a password or a passphrase"),
        ({"kind": "password", "length": "7", **CLASSES}, "at least 8"),
        ({"kind": "password", "length": "1000000", **CLASSES}, "at most 128"),
        ({"kind": "password", "length": "x", **CLASSES}, "whole number"),
        ({"kind": "password", "length": "20"}, "Choose at least one kind of character"),
        ({"kind": "passphrase", "words": "3"}, "at least 4"),
        ({"kind": "passphrase", "words": "6", "separator": "<"}, "separators"),
    ],
)
def test_it_says_what_is_wrong(client: Client, choices: dict[str, str], said: str) -> None:
    response = client.post(reverse("secrets:generator"), choices, headers=JSON)
    assert response.status_code == 422
    assert said in response.json()["reason"]
    assert client.post(reverse("secrets:generator"), choices).status_code == 422


def test_it_finds_secrets_and_projects_in_every_organization(
    cast: Cast, client_for: ClientFor, secret: Secret, foreign: Environment
) -> None:
    create_secret(actor=cast.charlie, environment=foreign, kind=Kind.VALUE, name="STRIPE_THEIRS", values={})
    client = client_for(cast.vera)
    response = client.get(reverse("secrets:palette"), {"q": "stripe"})
    assert response.json()["results"] == [
        {
            "label": "STRIPE_API_KEY",
            "detail": "Internal · Website · Acme",
            "url": reverse("secrets:detail", args=[secret.pk]),
            "icon": "square-asterisk",
        }
    ]
    assert response["Cache-Control"] == "no-store"
    projects = client.get(reverse("secrets:palette"), {"q": "web"}).json()["results"]
    assert [entry["label"] for entry in projects] == ["Website"]


@pytest.mark.parametrize("q", ["", " ", "zzz", "%", "_", "x" * 5000])
def test_it_finds_nothing_quietly(client: Client, secret: Secret, q: str) -> None:
    response = client.get(reverse("secrets:palette"), {"q": q})
    assert response.status_code == 200
    assert [entry["label"] for entry in response.json()["results"]] == (["STRIPE_API_KEY"] if q == "_" else [])


def test_it_offers_at_most_twenty(cast: Cast, client: Client, development: Environment) -> None:
    from tests.vault.secrets.test_lists import fill

    fill(cast, development, 50)
    assert len(client.get(reverse("secrets:palette"), {"q": "e"}).json()["results"]) <= 20

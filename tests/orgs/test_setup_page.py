"""The set-up page in the browser."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from orgs.models import Organization
from orgs.services import create_setup_link
from tests.cast import PASSWORD, Cast

SETUP = "/setup/"


def filled(link_token: str, **changed: str) -> dict[str, str]:
    return {
        "token": link_token,
        "name": "Olga",
        "email": "olga@example.com",
        "password": PASSWORD,
        "organization_name": "Acme",
        **changed,
    }


@pytest.mark.django_db
def test_it_signs_the_first_owner_in_and_leads_to_the_second_factor(client: Client) -> None:
    token = create_setup_link().link.rpartition("#")[2]
    page = client.get(SETUP)
    assert page.status_code == 200
    assert b"data-from-fragment" in page.content
    response = client.post(SETUP, filled(token))
    assert response["Location"] == "/"
    assert client.get("/")["Location"].startswith(reverse("accounts:second_factor_enrol"))
    assert User.objects.get().is_instance_admin
    assert client.get(SETUP).status_code == 410
    assert client.post(SETUP, filled(token)).status_code == 410


@pytest.mark.django_db
def test_it_keeps_what_was_typed_but_no_password(client: Client) -> None:
    token = create_setup_link().link.rpartition("#")[2]
    page = client.post(SETUP, filled(token, email="nobody"))
    assert page.status_code == 422
    assert b"name@example.com" in page.content
    for kept in (token, "Olga", "Acme", "nobody"):
        assert f'value="{kept}"'.encode() in page.content
    assert PASSWORD.encode() not in page.content


@pytest.mark.django_db
def test_it_says_what_to_do_about_a_wrong_link(client: Client) -> None:
    create_setup_link()
    page = client.post(SETUP, filled("A" * 43))
    assert page.status_code == 404
    assert b"manage.py setup_link" in page.content
    assert not User.objects.exists()


def test_it_says_that_there_is_an_owner(client: Client, cast: Cast) -> None:
    page = client.get(SETUP)
    assert page.status_code == 410
    assert b"Sign in" in page.content


@pytest.mark.django_db
def test_it_limits_how_often_tokens_are_tried(client: Client) -> None:
    create_setup_link()
    statuses = [client.post(SETUP, filled("A" * 43)).status_code for _ in range(40)]
    assert statuses[0] == 404
    assert statuses[-1] == 429


ODD = {
    "empty": "",
    "NUL": "\x00",
    "control": "a\x07b",
    "bidirectional": "a\u202eb",
    "long": "x" * 10_000,
    "expanding": "\ufdfa" * 100,
    "lone surrogate": "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["name", "organization_name", "email", "password", "token"])
@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_it_refuses_what_cannot_be_without_failing(client: Client, field: str, value: str) -> None:
    token = create_setup_link().link.rpartition("#")[2]
    response = client.post(SETUP, filled(token, **{field: value}))
    if response.status_code == 302:  # such as a password of odd characters
        assert User.objects.count() == 1
    else:
        assert response.status_code in {400, 404, 422}
        assert not Organization.objects.exists()

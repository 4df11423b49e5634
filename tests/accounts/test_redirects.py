"""`?next=` leads to a path on this site, and nowhere else."""

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.redirects import is_local, next_of, with_next
from tests.accounts.doors import code_of
from tests.cast import PASSWORD, Cast, authenticator_of

EVIL = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "https://evil.example",
    "http:evil.example",
    "HTTPS://evil.example/",
    "javascript:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    "/\x00/evil",
    "evil.example",
    "",
    " /account/",
    "/\u202eevil",
    "ftp://evil",
    "//evil.example/%2f..",
    "http:///evil.example",
    "////evil.example",
    "/%09/evil.example\n",
    "@evil.example",
    "?next=//evil",
    "/" + "a" * 3000,
    "https:/evil.example",
    "/\\\tevil.example",
]
GOOD = ["/", "/account/", "/search/?q=a%20b&kind=login", "/secrets/6c9f/#versions", "/a//b", "/%2f%2fevil.example"]


@pytest.mark.parametrize("url", EVIL)
def test_it_refuses_what_could_lead_away(url: str) -> None:
    assert not is_local(url)
    assert "next" not in with_next("/somewhere/", url)


@pytest.mark.parametrize("url", GOOD)
def test_it_takes_paths_of_ours(url: str) -> None:
    assert is_local(url)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("url", EVIL)
def test_it_reads_no_foreign_address_from_a_request(method: str, url: str) -> None:
    request = getattr(RequestFactory(), method)("/sign-in/", {"next": url})
    assert next_of(request) == ""


@pytest.mark.django_db
@pytest.mark.parametrize("url", [url for url in EVIL if "\x00" not in url])  # NUL is refused for the whole request
def test_it_leads_home_after_signing_in_with_a_foreign_address(cast: Cast, url: str) -> None:
    client = Client()
    response = client.post(reverse("accounts:sign_in"), {"email": cast.bob.email, "password": PASSWORD, "next": url})
    assert response.status_code == 302
    assert response["Location"] == reverse("home")


@pytest.mark.django_db
def test_it_keeps_a_path_of_ours_through_both_steps(cast: Cast) -> None:
    device, client = authenticator_of(cast.bob), Client()
    first = client.post(
        reverse("accounts:sign_in"),
        {"email": cast.bob.email, "password": PASSWORD, "next": "/account/?a=1&b=2"},
    )
    page = client.get(first["Location"])
    assert b'name="next" value="/account/?a=1&amp;b=2"' in page.content
    last = client.post(reverse("accounts:sign_in_code"), {"code": code_of(device), "next": "/account/?a=1&b=2"})
    assert last["Location"] == "/account/?a=1&b=2"


@pytest.mark.django_db
def test_it_shows_no_foreign_address_on_the_page(client: Client) -> None:
    page = client.get(reverse("accounts:sign_in"), {"next": "//evil.example"})
    assert b'"//evil' not in page.content
    assert b'name="next" value="//' not in page.content

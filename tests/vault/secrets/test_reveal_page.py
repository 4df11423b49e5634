"""The page that shows values, with and without a script."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from audit import services as audit
from audit.actions import Action
from audit.models import Event
from tests.cast import Cast
from tests.vault.secrets.conftest import StoreSecret
from tests.vault.secrets.pages import JSON, revealed
from tests.vault.secrets.test_update import edit
from vault.crypto.errors import KeyUnavailable
from vault.keys import keyrings
from vault.keys.models import WrappedKey
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret, SecretVersion

ClientFor = Callable[..., Client]


def url(secret: Secret, name: str = "reveal") -> str:
    return reverse(f"secrets:{name}", args=[secret.pk])


def test_it_shows_no_value_before_somebody_asks(cast: Cast, client_for: ClientFor, login: Secret) -> None:
    page = client_for(cast.alice).get(url(login, "detail")).content.decode()
    for value in ("postmaster", "with spaces", "mail.example.com", "GEZDGNBV", "second line"):
        assert value not in page
    assert page.count('class="masked"') == 6


def test_it_answers_the_script_with_the_fields_asked_for(cast: Cast, client_for: ClientFor, login: Secret) -> None:
    response = client_for(cast.bob).post(url(login), {"field": ["password", "url"]}, headers=JSON)
    assert response.json() == {
        "version": 1,
        "seconds": 30,
        "fields": [
            {"name": "password", "label": "Password", "value": " with spaces ", "link": None},
            {
                "name": "url",
                "label": "Web address",
                "value": "https://mail.example.com/login?a=1",
                "link": "https://mail.example.com/login?a=1",
            },
        ],
    }
    assert response["Cache-Control"] == "no-store"


def test_it_shows_a_page_that_hides_itself_without_a_script(cast: Cast, client_for: ClientFor, login: Secret) -> None:
    response = client_for(cast.bob).post(url(login), {"field": "password"})
    page = response.content.decode()
    assert '<code class="revealed"> with spaces </code>' in page
    assert "postmaster" not in page
    assert response["Refresh"] == f"30; url={url(login, 'detail')}"
    assert response["Cache-Control"] == "no-store"
    everything = client_for(cast.bob).post(url(login)).content.decode()
    assert '<pre class="revealed revealed--block" tabindex="0">\nfirst line\nsecond line\n</pre>' in everything
    link = '<a class="revealed" href="https://mail.example.com/login?a=1" rel="noreferrer noopener" target="_blank">'
    assert link in everything


def test_it_records_a_copy_as_one(cast: Cast, client_for: ClientFor, secret: Secret) -> None:
    assert revealed(client_for(cast.bob), secret, field="value", purpose="copy") == {"value": "sk_live_canary"}
    assert Event.objects.latest("id").action == Action.SECRET_COPIED


def test_it_shows_an_earlier_version(cast: Cast, client_for: ClientFor, secret: Secret) -> None:
    edit(cast.alice, secret, {"value": "second"})
    client = client_for(cast.bob)
    page = client.get(reverse("secrets:version", args=[secret.pk, 1])).content.decode()
    assert '<input type="hidden" name="version" value="1">' in page
    assert revealed(client, secret, version="1") == {"value": "sk_live_canary"}
    shown = client.post(url(secret), {"version": "1"})
    assert "sk_live_canary" in shown.content.decode()
    assert shown["Refresh"].endswith("/versions/1/")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"version": "2"}, 404), ({"version": "x"}, 404), ({"version": "9" * 40}, 404), ({"version": "-1"}, 404),
        ({"version": "１"}, 404),
        ({"field": "password"}, 400), ({"field": ["value", "x"]}, 400), ({"field": ""}, 400),
        ({"purpose": "edit"}, 200),
    ],
)  # fmt: skip
@pytest.mark.parametrize("headers", [{}, JSON])
def test_it_answers_every_request_clearly(
    cast: Cast, client_for: ClientFor, secret: Secret, data: dict[str, str], status: int, headers: dict[str, str]
) -> None:
    assert client_for(cast.bob).post(url(secret), data, headers=headers).status_code == status


@pytest.mark.parametrize("name", ["reveal", "code", "download"])
def test_it_shows_nothing_by_get(cast: Cast, client_for: ClientFor, login: Secret, name: str) -> None:
    before = Event.objects.count()
    assert client_for(cast.alice).get(url(login, name)).status_code == 405
    assert Event.objects.count() == before


def test_it_answers_503_and_shows_nothing_when_the_log_is_not_writable(
    cast: Cast, client_for: ClientFor, secret: Secret, monkeypatch: pytest.MonkeyPatch, reads: list[bool]
) -> None:
    client = client_for(cast.alice)
    client.raise_request_exception = False

    def broken(*args: object) -> bytes:
        raise KeyUnavailable(bytes(16))

    monkeypatch.setattr(audit, "keyed_hash", broken)
    for headers in ({}, JSON):
        response = client.post(url(secret), headers=headers)
        assert response.status_code == 503
        assert "canary" not in response.content.decode()
        assert "Refresh" not in response
    assert reads == []


def test_it_names_the_key_that_is_needed(cast: Cast, client_for: ClientFor, secret: Secret) -> None:
    client = client_for(cast.alice)
    client.raise_request_exception = False
    WrappedKey.objects.filter(purpose="data").delete()
    keyrings.forget()
    response = client.post(url(secret), headers=JSON)
    assert response.status_code == 503
    assert "is needed" in response.json()["reason"]


def test_it_says_that_a_value_is_damaged(cast: Cast, client_for: ClientFor, secret: Secret, store: StoreSecret) -> None:
    client = client_for(cast.alice)
    client.raise_request_exception = False
    other = SecretVersion.objects.get(secret=store("OTHER")).payload_envelope
    SecretVersion.objects.filter(secret=secret).update(payload=other)
    response = client.post(url(secret), headers=JSON)
    assert response.status_code == 500
    assert "does not open" in response.json()["reason"]
    assert "nobody knows" not in response.content.decode()


def test_it_tells_a_viewer_why_there_is_no_button(cast: Cast, client_for: ClientFor, login: Secret) -> None:
    client = client_for(cast.vera)
    page = client.get(url(login, "detail")).content.decode()
    assert "Your role shows names, not values" in page
    for address in (url(login), url(login, "code"), url(login, "edit"), url(login, "activity")):
        assert address not in page
    for name in ("reveal", "code", "download"):
        assert client.post(url(login, name)).status_code == 403
    denied = Event.objects.filter(action=Action.ACCESS_DENIED, actor_id=str(cast.vera.pk))
    assert denied.count() == 3


def test_it_does_not_exist_for_an_outsider(cast: Cast, client_for: ClientFor, login: Secret) -> None:
    client = client_for(cast.charlie)
    missing = login.pk.__class__(int=7)
    for name in ("detail", "edit", "versions", "activity", "trash_one", "untrash", "purge"):
        foreign, absent = client.get(url(login, name)), client.get(reverse(f"secrets:{name}", args=[missing]))
        assert foreign.status_code == absent.status_code == 404
        assert _same(foreign.content) == _same(absent.content)


def _same(page: bytes) -> bytes:
    """Without what differs from request to request: the correlation id."""
    return re.sub(rb"[0-9a-f]{16}", b"", page)


def test_it_keeps_the_codes_of_two_logins_apart(
    cast: Cast, client_for: ClientFor, login: Secret, store: StoreSecret
) -> None:
    other = store(
        "Other",
        kind=Kind.LOGIN,
        values={"password": "p", "totp": "JBSWY3DPEHPK3PXP"},
    )
    alice, bob = client_for(cast.alice), client_for(cast.bob)
    codes = [
        (client.post(url(which, "code"), headers=JSON).json()["code"], which.name)
        for client in (alice, bob) * 3
        for which in (login, other)
    ]
    assert (
        len({code for code, name in codes if name == other.name} & {code for code, name in codes if name == login.name})
        == 0
    )
    page = alice.post(url(login, "code"))
    assert 1 <= int(page["Refresh"].partition(";")[0]) <= 30
    assert 'class="totp__code"' in page.content.decode()

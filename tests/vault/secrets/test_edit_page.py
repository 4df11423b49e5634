"""The forms: what they keep, what they say, and what they never show."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from audit.actions import Action
from audit.models import Event
from orgs.models import Environment
from tests.cast import Cast
from tests.vault.secrets.conftest import StoreSecret
from tests.vault.secrets.pages import post_edit, post_new, revealed, upload
from tests.vault.secrets.test_update import edit
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.services import trash_secret

ClientFor = Callable[..., Client]


@pytest.fixture
def client(cast: Cast, client_for: ClientFor) -> Client:
    return client_for(cast.bob)


def test_it_shows_no_stored_value_in_the_form(client: Client, login: Secret) -> None:
    page = client.get(reverse("secrets:edit", args=[login.pk])).content.decode()
    for value in ("postmaster", "with spaces", "mail.example.com", "GEZDGNBV", "second line"):
        assert value not in page
    assert page.count('placeholder="Unchanged"') == 5
    assert "clear_password" not in page
    assert "clear_totp" in page


def test_it_fills_in_stored_values_when_asked_and_records_it(client: Client, login: Secret) -> None:
    form = {
        "fill": "1",
        "name": "Typed",
        "description": "",
        "tags": "typed",
        "base_version": "1",
        "field_username": "typed",
    }
    page = client.post(reverse("secrets:edit", args=[login.pk]), form).content.decode()
    assert 'value=" with spaces "' in page
    assert "second line" in page
    for typed in ('name="name" value="Typed"', 'name="field_username" value="typed"', 'name="tags" value="typed"'):
        assert typed in page
    event = Event.objects.latest("id")
    assert (event.action, event.details["purpose"]) == (Action.SECRET_REVEALED, "edit")
    assert Secret.objects.get().version == 1


def test_it_saves_with_the_enter_key(client: Client, login: Secret) -> None:
    page = client.get(reverse("secrets:edit", args=[login.pk])).content.decode()
    form = page[page.index('<form class="form"') :]
    assert form.index(">Save</button>") < form.index('name="fill"')


def test_it_changes_one_field_and_keeps_the_others(client: Client, login: Secret) -> None:
    response = post_edit(client, login, {"password": "new one", "username": "", "totp": "", "url": "", "notes": ""})
    assert response.status_code == 302
    assert revealed(client, login) == {
        "username": "postmaster",
        "password": "new one",
        "url": "https://mail.example.com/login?a=1",
        "totp": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
        "notes": "first line\nsecond line\n",
    }


def test_it_removes_what_is_ticked(client: Client, login: Secret) -> None:
    post_edit(client, login, {"clear_notes": "on"})
    assert revealed(client, login)["notes"] == ""
    both = post_edit(client, Secret.objects.get(), {"clear_url": "on", "url": "https://example.com"})
    assert both.status_code == 422
    assert "or tick the box to remove it" in both.content.decode()


def test_it_says_when_nothing_was_different(client: Client, secret: Secret) -> None:
    response = post_edit(client, secret, {"value": ""})
    assert response.status_code == 302
    page = client.get(response["Location"]).content.decode()
    assert "no version was made" in page


def test_it_keeps_what_was_entered_when_somebody_was_faster(cast: Cast, client: Client, login: Secret) -> None:
    edit(cast.adam, login, {"password": "adam's"})
    response = post_edit(client, login, {"password": "bob's", "notes": "bob's\nnotes"}, description="bob's description")
    page = response.content.decode()
    assert response.status_code == 409
    assert "Somebody saved a newer version while you were editing" in page
    assert "by Adam" in page
    assert "Password" in page
    for typed in ('value="bob&#x27;s"', "bob&#x27;s\nnotes", "bob&#x27;s description"):
        assert typed in page.replace("\r\n", "\n")
    assert "adam&#x27;s" not in page
    assert 'name="base_version" value="2"' in page
    assert revealed(client, login)["password"] == "adam's"
    login.refresh_from_db()
    assert post_edit(client, login, {"password": "bob's"}).status_code == 302
    assert revealed(client, login)["password"] == "bob's"


def test_it_asks_for_the_file_again_after_a_conflict(
    cast: Cast, client: Client, store: StoreSecret, passwords: Environment
) -> None:
    file = store("File", kind=Kind.FILE, environment=passwords, values={"filename": "a", "content": "AAAA"})
    edit(cast.adam, file, name="Renamed")
    response = post_edit(client, file, {"content": upload(b"new")})
    assert response.status_code == 409
    assert "Choose the file again" in response.content.decode()


@pytest.mark.parametrize("base", ["", "0", "x", "-1", "9" * 30])
def test_it_saves_nothing_without_the_version_it_was_based_on(client: Client, secret: Secret, base: str) -> None:
    response = post_edit(client, secret, {"value": "new"}, base_version=base)
    assert response.status_code == 422
    assert Secret.objects.get().version == 1


def test_it_keeps_the_input_when_the_secret_went_to_the_trash(cast: Cast, client: Client, secret: Secret) -> None:
    trash_secret(actor=cast.alice, secret=secret)
    assert client.get(reverse("secrets:edit", args=[secret.pk])).status_code == 409
    assert post_edit(client, secret, {"value": "new"}).status_code == 409


def test_it_names_the_field_and_loses_nothing_when_something_is_wrong(client: Client, passwords: Environment) -> None:
    response = post_new(
        client,
        passwords,
        "login",
        {"username": "kept", "totp": "not a key!", "url": "ftp://x", "notes": "kept\nnotes"},
        name="a\u202eb",
        tags="a, b",
    )
    page = response.content.decode()
    assert response.status_code == 422
    for sentence in (
        "Name contains the character U+202E",
        "Password is needed",
        "Web address begins",
        "A one-time code key",
    ):
        assert sentence in page
    for typed in ('value="kept"', "kept\r\nnotes", 'value="a, b"', 'value="ftp://x"'):
        assert typed in page
    assert not Secret.objects.exists()


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("value", {"upload_value": upload(b"\xff\xfe")}, "not UTF-8 text"),
        ("value", {"upload_value": upload(b"a\0b")}, "NUL"),
        ("value", {"upload_value": upload(b"x" * 300_000)}, "256 KiB"),
        ("value", {"value": "typed", "upload_value": upload(b"chosen")}, "not both"),
        ("value", {"value": "x" * 300_000}, "256 KiB"),
        ("file", {"content": upload(b"")}, "The file is empty"),
        ("file", {}, "Choose a file"),
        ("file", {"content": upload(b"x" * (1024 * 1024 + 1))}, "larger than 1 MiB"),
        ("file", {"content": upload(b"x"), "filename": "../x"}, "plain file name"),
        ("note", {"note": ""}, "Note is needed"),
        ("ssh_key", {"private_key": ""}, "Private key is needed"),
    ],
)
def test_it_says_what_is_wrong_with_a_value(
    client: Client, development: Environment, kind: str, values: dict[str, object], said: str
) -> None:
    response = post_new(client, development, kind, values)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not Secret.objects.exists()


def test_it_says_that_a_name_is_taken(client: Client, secret: Secret, development: Environment) -> None:
    response = post_new(client, development, "value", {"value": "typed value"}, name="STRIPE_API_KEY")
    assert response.status_code == 422
    page = response.content.decode()
    assert "There is a secret named STRIPE_API_KEY here already" in page
    assert "typed value" in page


def test_it_stores_what_the_form_has_and_nothing_else(cast: Cast, client: Client, development: Environment) -> None:
    extra = {
        "organization": str(cast.initech.uid),
        "version": "7",
        "trashed_at": "2020-01-01",
        "created_by": str(cast.alice.pk),
    }
    post_new(client, development, "value", {"value": "v"}, uid="00000000-0000-0000-0000-000000000007", **extra)
    secret = Secret.objects.get()
    assert (secret.organization, secret.version, secret.kind, secret.created_by) == (cast.acme, 1, "value", cast.bob)
    assert secret.trashed_at is None


def test_it_names_an_uploaded_file_safely(client: Client, passwords: Environment) -> None:
    post_new(client, passwords, "file", {"content": upload(b"x", "Zürich\u202etxt.exe")})
    secret = Secret.objects.get()
    response = client.post(reverse("secrets:download", args=[secret.pk]))
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''Z%C3%BCrichtxt.exe"


@pytest.mark.parametrize("kind", ["", "nonsense", "VALUE"])
def test_it_asks_for_the_kind_first(client: Client, development: Environment, kind: str) -> None:
    response = client.get(reverse("secrets:create", args=[development.pk]), {"kind": kind})
    assert response.status_code == 200
    assert "What do you want to store?" in response.content.decode()

"""The import in the browser: nothing is kept on the server between preview and import."""

import base64
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Session
from orgs.models import Environment
from tests.cast import Cast
from tests.vault.secrets.conftest import StoreSecret
from tests.vault.secrets.pages import upload
from vault.secrets.models import Secret

ClientFor = Callable[..., Client]
TEXT = "KEY=hunter2\nOTHER='${KEY}'\n"


@pytest.fixture
def client(cast: Cast, client_for: ClientFor) -> Client:
    return client_for(cast.bob)


@pytest.fixture
def url(development: Environment) -> str:
    return reverse("secrets:env_import", args=[development.pk])


def previewed(client: Client, url: str, text: str) -> dict[str, str]:
    page = client.post(url, {"step": "preview", "text": text})
    assert page.status_code == 200, page.content.decode()
    return {"step": "import", "text": page.context["packed"], "seal": page.context["preview"].seal}


def test_it_shows_no_value_and_keeps_none_in_the_session(client: Client, url: str) -> None:
    page = client.post(url, {"step": "preview", "text": TEXT})
    assert "hunter2" not in page.content.decode()
    assert not any("hunter2" in session.session_data for session in Session.objects.all())
    assert "hunter2" not in str(client.session.items())
    assert "KEY" in page.content.decode()


def test_it_imports_what_was_previewed(client: Client, url: str, development: Environment) -> None:
    response = client.post(url, previewed(client, url, TEXT))
    assert response["Location"] == reverse("secrets:project", args=[development.project_id])
    assert set(Secret.objects.values_list("name", flat=True)) == {"KEY", "OTHER"}
    assert "2 new, 0 changed" in client.get(response["Location"]).content.decode()


def test_it_previews_again_when_something_changed_in_between(client: Client, url: str, store: StoreSecret) -> None:
    sent = previewed(client, url, TEXT)
    store("KEY", "somebody was faster")
    response = client.post(url, sent)
    assert response.status_code == 409
    page = response.content.decode()
    assert "Something changed here since the preview" in page
    assert "Changed" in page
    again = {**sent, "seal": response.context["preview"].seal}
    assert client.post(url, again).status_code == 302


def test_it_asks_before_it_leaves_lines_out(client: Client, url: str) -> None:
    sent = previewed(client, url, TEXT + "hunter2 is no line\n")
    refused = client.post(url, sent)
    assert refused.status_code == 422
    assert "hunter2" not in refused.content.decode()
    assert not Secret.objects.exists()
    assert client.post(url, {**sent, "accept_invalid": "on"}).status_code == 302


def test_it_gives_the_text_back_to_be_mended(client: Client, url: str) -> None:
    sent = previewed(client, url, TEXT)
    page = client.post(url, {**sent, "step": "mend"})
    assert page.status_code == 200
    assert "KEY=hunter2" in page.content.decode()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"text": ""}, "Paste lines of the form NAME=value"),
        ({"text": "   \n"}, "Paste lines of the form NAME=value"),
        ({"text": "# only a comment"}, "There is nothing to import here"),
        ({"text": TEXT, "file": upload(b"A=1")}, "not both"),
        ({"file": upload(b"A=\xff")}, "Line 1 is not UTF-8"),
        ({"file": upload(b"A=\0")}, "NUL"),
        ({"file": upload(b"A=1\n" * 300_000)}, "larger than 1 MiB"),
        ({"text": "A=1\n" * 270_000}, "longer than 1 MiB"),
        ({"text": "\n".join(f"N{i}=1" for i in range(1001))}, "names. Import"),
    ],
)
def test_it_says_what_is_wrong_with_a_text(client: Client, url: str, data: dict[str, object], said: str) -> None:
    response = client.post(url, {"step": "preview", **data})
    assert response.status_code == 422
    assert said in response.content.decode()


def test_it_refuses_five_megabytes_clearly(client: Client, url: str) -> None:
    response = client.post(url, {"step": "preview", "file": upload(b"A=1\n" * 1_310_720)})
    assert response.status_code == 413
    assert "MiB can be sent at once" in response.content.decode()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"step": "import"},
        {"step": "import", "text": "not base64!", "seal": "x"},
        {"step": "import", "text": base64.b64encode(b"\xff").decode(), "seal": "x"},
        {"step": "import", "text": base64.b64encode(b"").decode(), "seal": "x"},
        {"step": "mend", "text": "", "seal": ""},
        {"step": "nonsense"},
        {"step": "import", "text": base64.b64encode(b"A=1").decode(), "seal": "x" * 65},
    ],
)
def test_it_answers_a_garbled_form_clearly(client: Client, url: str, data: dict[str, str]) -> None:
    response = client.post(url, data)
    assert response.status_code == 422
    assert not Secret.objects.exists()


def test_it_imports_nothing_under_a_forged_seal(client: Client, url: str) -> None:
    sent = {**previewed(client, url, TEXT), "seal": "0" * 64}
    assert client.post(url, sent).status_code == 409
    assert not Secret.objects.exists()

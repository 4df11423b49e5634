"""What is stored through the forms comes back byte for byte."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from orgs.models import Environment
from tests.cast import Cast
from tests.vault.secrets.pages import post_edit, post_new, revealed, upload
from vault.secrets.models import Secret

ClientFor = Callable[..., Client]


def openssl(*arguments: str) -> str:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def pem() -> str:
    return openssl("genrsa", "4096")


@pytest.fixture
def member(cast: Cast, client_for: ClientFor) -> Client:
    return client_for(cast.bob)


def stored(client: Client, environment: Environment, kind: str, values: dict[str, object], **metadata: str) -> Secret:
    response = post_new(client, environment, kind, values, **metadata)
    assert response.status_code == 302, response.content.decode()
    return Secret.objects.latest("created_at")


def test_it_keeps_a_private_key_that_is_pasted(member: Client, passwords: Environment, pem: str) -> None:
    secret = stored(member, passwords, "ssh_key", {"private_key": pem})
    assert revealed(member, secret)["private_key"] == pem


def test_it_keeps_a_certificate_with_its_key(member: Client, passwords: Environment, pem: str, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(pem)
    certificate = openssl(
        "req", "-x509", "-key", str(tmp_path / "key.pem"), "-subj", "/CN=vault.example.com", "-days", "9"
    )
    secret = stored(member, passwords, "certificate", {"certificate": certificate, "private_key": pem})
    shown = revealed(member, secret)
    assert (shown["certificate"], shown["private_key"]) == (certificate, pem)


def test_it_keeps_a_service_account(member: Client, development: Environment, pem: str) -> None:
    account = json.dumps(
        {"type": "service_account", "private_key": pem, "name": 'Zürich "ops" \\ ☃'}, indent=2, ensure_ascii=False
    )
    secret = stored(member, development, "value", {"value": account})
    assert revealed(member, secret)["value"] == account


@pytest.mark.parametrize("size", [1, 900_000, 1024 * 1024])
def test_it_keeps_a_file(member: Client, passwords: Environment, size: int) -> None:
    content = os.urandom(size)
    secret = stored(member, passwords, "file", {"content": upload(content, "backup.tar.gz")})
    response = member.post(reverse("secrets:download", args=[secret.pk]))
    assert response.content == content
    assert response["Content-Disposition"] == 'attachment; filename="backup.tar.gz"'
    assert response["Content-Type"] == "application/octet-stream"
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("text", ["one\r\ntwo\r\n", "one\rtwo", "\ufeffmark", "\n\nlines before", "no end"])
def test_it_keeps_the_line_ends_of_an_uploaded_text(member: Client, development: Environment, text: str) -> None:
    secret = stored(member, development, "value", {"upload_value": upload(text.encode(), "key.pem")})
    assert revealed(member, secret)["value"] == text


@pytest.mark.parametrize(
    "text",
    [
        "\nleading line",
        "  blanks around \t",
        "trailing line\n\n",
        "\U0001f512 ﬀ e\u0301 \u202e",
        "</textarea>&amp;",
        "\t",
    ],
)
def test_it_keeps_what_is_typed(member: Client, development: Environment, text: str) -> None:
    secret = stored(member, development, "value", {"value": text})
    assert revealed(member, secret)["value"] == text


def test_it_keeps_blanks_around_a_password(member: Client, passwords: Environment) -> None:
    secret = stored(member, passwords, "login", {"password": "  two blanks  "})
    assert revealed(member, secret, field="password") == {"password": "  two blanks  "}


def test_it_keeps_a_stored_value_that_was_filled_in_and_saved(member: Client, development: Environment) -> None:
    secret = stored(member, development, "value", {"upload_value": upload(b"one\r\ntwo\r\n")})
    page = member.post(
        reverse("secrets:edit", args=[secret.pk]), {"fill": "1", "name": secret.name, "base_version": "1", "tags": ""}
    )
    assert b"one\r\ntwo\r\n</textarea>" in page.content
    post_edit(member, secret, {"value": "one\ntwo\n"})
    assert revealed(member, secret)["value"] == "one\r\ntwo\r\n"
    assert Secret.objects.get(pk=secret.pk).version == 1


@pytest.mark.parametrize("name", ["storefront.env", "scheduling.env", "shop.env"])
def test_it_imports_a_file_that_was_uploaded(member: Client, development: Environment, name: str) -> None:
    from vault.secrets import env_file

    raw = (Path(__file__).resolve().parents[2] / "fixtures" / name).read_bytes()
    url = reverse("secrets:env_import", args=[development.pk])
    page = member.post(url, {"step": "preview", "file": upload(raw.replace(b"\n", b"\r\n"), name)})
    assert page.status_code == 200, page.content.decode()
    sent = {"step": "import", "text": page.context["packed"], "seal": page.context["preview"].seal}
    assert member.post(url, sent).status_code == 302
    expected = {entry.name: entry.value for entry in env_file.parse(raw.decode()).entries}
    found = {secret.name: revealed(member, secret)["value"] for secret in Secret.objects.all()}
    assert found == expected

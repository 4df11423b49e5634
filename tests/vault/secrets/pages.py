"""The forms of secrets as a browser sends them."""

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from orgs.models import Environment
from vault.secrets.models import Secret

JSON = {"accept": "application/json"}


def post_new(
    client: Client, environment: Environment, kind: str, values: Mapping[str, Any], **metadata: str
) -> HttpResponse:
    """Sends the form of a new secret; `values` by payload field, uploads as SimpleUploadedFile."""
    url = f"{reverse('secrets:create', args=[environment.pk])}?kind={kind}"
    response: Any = client.post(url, {**fields(values), "name": "NAME", "description": "", "tags": "", **metadata})
    return response  # type: ignore[no-any-return]  # the test client's response


def post_edit(client: Client, secret: Secret, values: Mapping[str, Any], **metadata: Any) -> HttpResponse:
    """Sends the form for editing, as it was filled when the page was opened."""
    form = {"name": secret.name, "description": secret.description, "tags": "", "base_version": secret.version}
    response: Any = client.post(reverse("secrets:edit", args=[secret.pk]), {**form, **fields(values), **metadata})
    return response  # type: ignore[no-any-return]  # as above


def fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Text boxes send CR LF, whatever was pasted."""
    return {
        (name if name.startswith(("upload_", "clear_")) else f"field_{name}"): (
            value.replace("\r\n", "\n").replace("\n", "\r\n") if isinstance(value, str) else value
        )
        for name, value in values.items()
    }


def upload(content: bytes, name: str = "file.bin") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/octet-stream")


def revealed(client: Client, secret: Secret, **data: Any) -> dict[str, str]:
    """What the page's script is told."""
    response = client.post(reverse("secrets:reveal", args=[secret.pk]), data, headers=JSON)
    assert response.status_code == 200, response.content
    return {field["name"]: field["value"] for field in response.json()["fields"]}

"""Nothing that people store becomes a part of a page."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from orgs.models import Environment
from tests.cast import Cast
from tests.vault.secrets.pages import post_new, revealed
from vault.secrets.kinds import FIELDS, Content, Kind
from vault.secrets.models import Secret

ClientFor = Callable[..., Client]
PAYLOAD = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'`{{ 7*7 }}</textarea></pre>"
ADDRESSES = ("detail", "edit", "versions", "activity", "trash_one")


def values_of(kind: Kind) -> dict[str, str]:
    return {
        field.name: PAYLOAD
        for field in FIELDS[kind]
        if field.content not in {Content.TOTP, Content.URL, Content.FILE, Content.FILENAME}
    }


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.FILE])
def test_it_shows_markup_as_text_everywhere(
    cast: Cast, client_for: ClientFor, development: Environment, kind: Kind
) -> None:
    client = client_for(cast.alice)
    tag = PAYLOAD[:35].replace(",", "")
    response = post_new(client, development, kind.value, values_of(kind), name=PAYLOAD, description=PAYLOAD, tags=tag)
    assert response.status_code == 302, response.content.decode()
    secret = Secret.objects.get()
    pages = [client.get(reverse(f"secrets:{name}", args=[secret.pk])) for name in ADDRESSES]
    pages += [
        client.post(reverse("secrets:reveal", args=[secret.pk])),
        client.post(reverse("secrets:edit", args=[secret.pk]), {"fill": "1", "name": PAYLOAD, "base_version": "1"}),
        client.post(reverse("secrets:edit", args=[secret.pk]), {"name": "", "description": PAYLOAD, "tags": PAYLOAD}),
        client.get(reverse("secrets:list", args=[cast.acme.uid]), {"q": PAYLOAD[:20], "tag": tag}),
        client.get(reverse("secrets:list", args=[cast.acme.uid])),
        client.get(reverse("secrets:search"), {"q": "script"}),
        client.get(reverse("secrets:project", args=[development.project_id]), {"q": "script"}),
        client.get(reverse("secrets:create", args=[development.pk]), {"name": PAYLOAD}),
        client.get(reverse("secrets:create", args=[development.pk]), {"name": PAYLOAD, "kind": kind.value}),
    ]
    for page in pages:
        text = page.content.decode()
        assert page.status_code in {200, 422}
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "49</textarea>" not in text


def test_it_refuses_a_script_as_an_address_and_links_none(
    cast: Cast, client_for: ClientFor, development: Environment
) -> None:
    client = client_for(cast.alice)
    refused = post_new(client, development, "login", {"password": "p", "url": "javascript:alert(1)"})
    assert refused.status_code == 422
    text = refused.content.decode()
    assert "Web address begins with http:// or https://" in text
    assert 'href="javascript' not in text
    assert 'value="javascript:alert(1)"' in text  # what was typed is not lost
    assert not Secret.objects.exists()


def test_it_answers_json_that_no_browser_takes_for_a_page(
    cast: Cast, client_for: ClientFor, development: Environment
) -> None:
    client = client_for(cast.alice)
    post_new(client, development, "value", {"value": PAYLOAD})
    secret = Secret.objects.get()
    assert revealed(client, secret)["value"] == PAYLOAD
    response = client.post(reverse("secrets:reveal", args=[secret.pk]), headers={"accept": "application/json"})
    assert response["Content-Type"] == "application/json"
    assert response["X-Content-Type-Options"] == "nosniff"

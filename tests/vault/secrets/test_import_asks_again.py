"""A policy that comes to demand a reason between the preview of an import and the import."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from audit.actions import Action
from audit.models import Event
from orgs.classification import Classification
from orgs.models import Environment
from tests.cast import Cast
from tests.vault.secrets.classified import demand
from tests.vault.secrets.conftest import StoreSecret
from vault.secrets.models import Secret

ClientFor = Callable[..., Client]
TEXT = "KEY=hunter2\nNEW=1\nbroken line\n"


@pytest.fixture
def client(cast: Cast, client_for: ClientFor) -> Client:
    return client_for(cast.bob)


@pytest.fixture
def url(development: Environment, store: StoreSecret) -> str:
    store("KEY", "from before")
    return reverse("secrets:env_import", args=[development.pk])


def previewed(client: Client, url: str, **answers: str) -> dict[str, str]:
    page = client.post(url, {"step": "preview", "text": TEXT, **answers})
    assert page.status_code == 200, page.content.decode()
    seal = page.context["preview"].seal
    return {"step": "import", "text": page.context["packed"], "seal": seal, "accept_invalid": "on"}


def test_the_import_asks_for_the_reason_and_keeps_everything(client: Client, url: str, cast: Cast) -> None:
    sent = previewed(client, url)
    demand(cast.acme, Classification.INTERNAL, reason_required=True)
    asked = client.post(url, sent)
    assert asked.status_code == 403
    assert dict(asked.context["carried"]) == sent
    assert list(asked.context["form"].fields) == ["reason"]
    assert not Secret.objects.filter(name="NEW").exists()
    nothing = client.post(url, {**sent, "reason": " "})
    assert nothing.status_code == 422
    assert dict(nothing.context["carried"]) == sent
    assert client.post(url, {**sent, "reason": "INC-7"}).status_code == 302
    assert Secret.objects.get(name="NEW").version == 1
    assert Secret.objects.get(name="KEY").version == 2
    assert Event.objects.get(action=Action.SECRETS_IMPORTED).details["justification"] == "INC-7"


def test_a_reason_that_was_given_for_the_preview_is_not_asked_for_twice(client: Client, url: str, cast: Cast) -> None:
    demand(cast.acme, Classification.INTERNAL, reason_required=True)
    assert client.post(url, previewed(client, url, reason="INC-7")).status_code == 302
    assert Event.objects.get(action=Action.SECRETS_COMPARED).details["justification"] == "INC-7"
    assert "justification" not in Event.objects.get(action=Action.SECRETS_IMPORTED).details

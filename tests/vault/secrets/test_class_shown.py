"""The class of a secret is shown, with why it has it, and lists can be narrowed to it, in as many queries as before."""

from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.urls import reverse

from orgs.classification import Classification
from orgs.models import Environment
from tests.cast import Cast
from tests.statements import Statements
from tests.vault.secrets.classified import classify
from tests.vault.secrets.conftest import StoreSecret

ClientFor = Callable[..., Client]


def test_it_says_the_class_and_where_it_comes_from(
    cast: Cast, client_for: ClientFor, store: StoreSecret, development: Environment
) -> None:
    classify(development, Classification.CRITICAL)
    place = Environment.objects.get(pk=development.pk)
    inherits, own = store("INHERITS", environment=place), store("OWN", environment=place, classification=2)
    client = client_for(cast.vera)
    page = client.get(reverse("secrets:detail", args=[inherits.pk])).content.decode()
    assert '<span class="badge badge--danger">Critical</span>' in page
    assert "from Development" in page
    page = client.get(reverse("secrets:detail", args=[own.pk])).content.decode()
    assert '<span class="badge badge--warning">Sensitive</span>' in page
    assert "set on this secret" in page
    listed = client.get(reverse("secrets:list", args=[cast.acme.uid])).content.decode()
    assert listed.count('<span class="badge badge--danger">Critical</span>') == 1
    matrix = client.get(reverse("secrets:project", args=[place.project_id])).content.decode()
    assert '<th scope="col">Development <span class="badge badge--danger">Critical</span>' in matrix
    assert matrix.count('<span class="badge badge--warning">Sensitive</span>') == 1
    found = client.get(reverse("secrets:palette"), {"q": "OWN"}).json()["results"]
    assert found[0]["detail"].startswith("Sensitive · ")


def test_lists_are_narrowed_to_a_class(
    cast: Cast, client_for: ClientFor, store: StoreSecret, development: Environment, passwords: Environment
) -> None:
    classify(passwords, Classification.CRITICAL)
    place = Environment.objects.get(pk=passwords.pk)
    store("PLAIN")
    store("OWN", classification=Classification.CRITICAL)
    store("INHERITS", environment=place)
    store("LOWER", environment=place, classification=Classification.SENSITIVE)
    client = client_for(cast.vera)

    def names(classification: str) -> set[str]:
        page = client.get(reverse("secrets:list", args=[cast.acme.uid]), {"classification": classification})
        return {name for name in ("PLAIN", "OWN", "INHERITS", "LOWER") if f">{name}<" in _flat(page.content.decode())}

    assert names("critical") == {"OWN", "INHERITS"}
    assert names("sensitive") == {"LOWER"}
    assert names("internal") == {"PLAIN"}
    assert names("nonsense") == names("") == {"PLAIN", "OWN", "INHERITS", "LOWER"}


def _flat(page: str) -> str:
    import re

    return re.sub(r"<svg.*?</svg>", "", page).replace("</a>", "<")


def test_the_class_costs_no_query_per_row(
    cast: Cast, client_for: ClientFor, store: StoreSecret, development: Environment
) -> None:
    client = client_for(cast.vera)
    pages = [
        reverse("secrets:list", args=[cast.acme.uid]) + "?classification=critical",
        reverse("secrets:project", args=[development.project_id]) + "?classification=critical",
        reverse("secrets:palette") + "?q=N",
    ]
    store("N", classification=3)
    counts = []
    for number in (0, 6):
        for index in range(number):
            store(f"N{index}", classification=3)
        counts.append([_queries(client, page) for page in pages])
    assert counts[0] == counts[1]


def _queries(client: Client, page: str) -> int:
    client.get(page)
    with Statements(connection) as captured:
        assert client.get(page).status_code == 200
    return len(captured)

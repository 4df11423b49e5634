"""Lists, searches and counts: the same secrets from every door, in pages, without opening anything."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from orgs.models import Environment, Membership
from tests.cast import Cast
from tests.sealing import change
from tests.statements import Statements
from tests.vault.secrets.conftest import StoreSecret
from vault.keys import keyrings
from vault.secrets.kinds import Kind
from vault.secrets.selectors import (
    COUNT_LIMIT,
    Filters,
    count_of_secrets,
    first_found,
    listable_secrets,
    page_of_secrets,
    tags_in_use,
)
from vault.secrets.services import create_secret, trash_secret

ClientFor = Callable[..., Client]


def names(actor: User, **filters: object) -> list[str]:
    return [secret.name for secret in page_of_secrets(actor, Filters(**filters), "").rows]  # type: ignore[arg-type]


@pytest.fixture
def several(cast: Cast, store: StoreSecret, passwords: Environment) -> None:
    store("DATABASE_URL", description="Reading copy of the shop's orders", tags=["postgres", "prod"])
    store("Straße", tags=["prod"])
    store("100%_done")
    store("Mail", kind=Kind.LOGIN, environment=passwords, values={"password": "p"}, description="Prod mails")


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("database", ["DATABASE_URL"]), ("ＤＡＴＡＢＡＳＥ", ["DATABASE_URL"]),
        ("STRASSE", ["Straße"]), ("reading orders", ["DATABASE_URL"]),
        ("prod", ["DATABASE_URL", "Mail", "Straße"]), ("%", ["100%_done"]), ("_d", ["100%_done"]),
        ("zzz", []), ("url prod", ["DATABASE_URL"]),
        ("\\", []), ("'", ["DATABASE_URL"]), ('"', []), ("\u200d", ["100%_done", "DATABASE_URL", "Mail", "Straße"]),
    ],
)  # fmt: skip
def test_it_searches_names_descriptions_and_tags(cast: Cast, q: str, found: list[str]) -> None:
    assert names(cast.vera, q=q) == found


@pytest.mark.usefixtures("several")
def test_it_filters_by_project_environment_kind_and_tag(cast: Cast, development: Environment) -> None:
    assert names(cast.bob, kind=Kind.LOGIN) == ["Mail"]
    assert names(cast.bob, tag="PROD") == ["DATABASE_URL", "Straße"]
    assert names(cast.bob, project=development.project_id) == ["100%_done", "DATABASE_URL", "Straße"]
    assert names(cast.bob, environment=development.pk, tag="postgres") == ["DATABASE_URL"]
    assert names(cast.bob, organization=cast.initech.uid) == []
    assert tags_in_use(cast.alice, cast.acme) == ["postgres", "prod"]


def test_it_lists_only_where_the_person_may_list(cast: Cast, secret: object, foreign: Environment) -> None:
    create_secret(actor=cast.charlie, environment=foreign, kind=Kind.VALUE, name="THEIRS", values={"value": "v"})
    assert names(cast.alice) == ["STRIPE_API_KEY"]
    assert names(cast.charlie) == ["THEIRS"]
    assert names(cast.sam) == []
    Membership.objects.create(organization=cast.initech, user=cast.alice, role="viewer")
    assert names(cast.alice) == ["STRIPE_API_KEY", "THEIRS"]
    change(Membership.objects.filter(user=cast.alice), status="removed")
    assert names(cast.alice) == []


@pytest.mark.usefixtures("several")
def test_it_agrees_between_list_count_and_palette(cast: Cast) -> None:
    for q in ("", "prod", "a", "mail", "zzz"):
        listed = names(cast.vera, q=q)
        assert count_of_secrets(cast.vera, Filters(q=q)) == len(listed)
        assert [secret.name for secret in first_found(cast.vera, q, 50)] == listed
        assert sorted(listable_secrets(cast.vera, Filters(q=q)).values_list("name", flat=True)) == sorted(listed)


def test_it_leaves_the_trash_out(cast: Cast, secret: object, store: StoreSecret) -> None:
    trash_secret(actor=cast.alice, secret=store("GONE"))
    assert names(cast.alice) == ["STRIPE_API_KEY"]
    assert names(cast.alice, trashed=True) == ["GONE"]


def test_it_stops_counting(cast: Cast, development: Environment) -> None:
    fill(cast, development, COUNT_LIMIT + 5)
    assert count_of_secrets(cast.alice, Filters()) == COUNT_LIMIT + 1


def fill(cast: Cast, environment: Environment, number: int, *, start: int = 0) -> None:
    """Rows without versions: nothing that lists may look for one."""
    from vault.secrets.models import Secret

    Secret.objects.bulk_create(
        Secret(
            organization=cast.acme,
            project_id=environment.project_id,
            environment=environment,
            kind=Kind.VALUE,
            name=f"NAME_{i:06}",
            name_key=f"name_{i:06}",
            search_text=f"name_{i:06}",
            version=1,
            updated_by=cast.alice,
        )
        for i in range(start, start + number)
    )


@pytest.mark.parametrize("page", ["list", "search", "trash", "project", "palette"])
def test_it_asks_as_often_for_many_as_for_few(
    cast: Cast, client_for: ClientFor, development: Environment, several: None, page: str
) -> None:
    url = {
        "list": reverse("secrets:list", args=[cast.acme.uid]),
        "search": reverse("secrets:search") + "?q=name",
        "trash": reverse("secrets:trash", args=[cast.acme.uid]),
        "project": reverse("secrets:project", args=[development.project_id]),
        "palette": reverse("secrets:palette") + "?q=name",
    }[page]
    client = client_for(cast.alice)
    fill(cast, development, 3)
    client.get(url)
    few = queries(client, url)
    fill(cast, development, 300, start=10)
    assert queries(client, url) == few


def queries(client: Client, url: str) -> int:
    with Statements(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_it_decrypts_nothing_and_loads_no_key(
    cast: Cast, client_for: ClientFor, login: object, secret: object, development: Environment, reads: list[bool]
) -> None:
    client = client_for(cast.vera)
    keyrings.forget()
    for url in (
        reverse("secrets:list", args=[cast.acme.uid]),
        reverse("secrets:search") + "?q=mail",
        reverse("secrets:palette") + "?q=mail",
        reverse("secrets:trash", args=[cast.acme.uid]),
        reverse("secrets:project", args=[development.project_id]),
        reverse("secrets:detail", args=[login.pk]),  # type: ignore[attr-defined]  # a secret
        reverse("secrets:versions", args=[login.pk]),  # type: ignore[attr-defined]  # a secret
    ):
        assert client.get(url).status_code == 200
    assert reads == []
    assert not any(purpose == "data" for _, purpose in keyrings._rings)


@pytest.mark.parametrize(
    "query",
    [
        "page=garbage",
        "page=" + "A" * 5000,
        "kind=nonsense",
        "project=1",
        "environment=x",
        "tag=%F0%9F%94%92",
        "q=" + "x" * 5000,
    ],
)
def test_it_shows_a_page_for_every_address(cast: Cast, client_for: ClientFor, secret: object, query: str) -> None:
    response = client_for(cast.bob).get(reverse("secrets:list", args=[cast.acme.uid]) + f"?{query}")
    assert response.status_code == 200

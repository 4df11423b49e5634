"""Names across environments."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from orgs.models import Environment
from tests.cast import Cast
from tests.vault.secrets.conftest import StoreSecret
from vault.secrets.kinds import Kind
from vault.secrets.matrix import matrix_of
from vault.secrets.selectors import Filters
from vault.secrets.services import trash_secret

ClientFor = Callable[..., Client]


@pytest.fixture
def environments(development: Environment) -> list[Environment]:
    return list(development.project.environments.order_by("position"))


def test_it_shows_what_is_set_missing_and_trashed(
    cast: Cast, store: StoreSecret, environments: list[Environment]
) -> None:
    dev, staging, production = environments
    store("A", environment=dev), store("A", environment=production)
    trash_secret(actor=cast.alice, secret=store("A", environment=staging))
    store("B", kind=Kind.NOTE, values={"note": "n"}, environment=staging)
    trash_secret(actor=cast.alice, secret=store("ONLY_TRASH", environment=dev))
    project = dev.project
    lines = matrix_of(cast.vera, project, environments, Filters(project=project.pk), "").rows
    assert [(line.name, line.present, line.kind) for line in lines] == [("A", 2, Kind.VALUE), ("B", 1, Kind.NOTE)]
    cells = [(cell.secret is not None, cell.trashed is not None) for cell in lines[0].cells]
    assert cells == [(True, False), (False, True), (True, False)]


def test_it_shows_a_secret_that_was_stored_again_as_set(
    cast: Cast, store: StoreSecret, environments: list[Environment]
) -> None:
    trash_secret(actor=cast.alice, secret=store("A"))
    store("A")
    project = environments[0].project
    line = matrix_of(cast.vera, project, environments, Filters(project=project.pk), "").rows[0]
    assert line.cells[0].secret is not None
    assert line.cells[0].trashed is None


def test_it_pages_by_name_with_all_cells(cast: Cast, store: StoreSecret, environments: list[Environment]) -> None:
    from tests.vault.secrets.test_lists import fill

    fill(cast, environments[0], 45)
    fill(cast, environments[2], 45)
    project = environments[0].project
    first = matrix_of(cast.vera, project, environments, Filters(project=project.pk), "")
    second = matrix_of(cast.vera, project, environments, Filters(project=project.pk), first.next)
    assert [line.name for line in (*first.rows, *second.rows)] == [f"NAME_{i:06}" for i in range(45)]
    assert all(line.present == 2 for line in (*first.rows, *second.rows))
    back = matrix_of(cast.vera, project, environments, Filters(project=project.pk), second.previous)
    assert [line.name for line in back.rows] == [line.name for line in first.rows]


def test_it_leads_from_a_gap_to_the_form_with_name_and_kind(
    cast: Cast, client_for: ClientFor, store: StoreSecret, environments: list[Environment]
) -> None:
    store("a/b & c", kind=Kind.NOTE, values={"note": "n"}, environment=environments[0])
    page = client_for(cast.bob).get(reverse("secrets:project", args=[environments[0].project_id])).content.decode()
    link = f"{reverse('secrets:create', args=[environments[1].pk])}?kind=note&amp;name=a/b%20%26%20c"
    assert link in page
    form = client_for(cast.bob).get(link.replace("&amp;", "&"))
    assert 'value="a/b &amp; c"' in form.content.decode()
    assert (
        "create"
        not in client_for(cast.vera).get(reverse("secrets:project", args=[environments[0].project_id])).content.decode()
    )


def test_it_keeps_the_order_of_the_environments(
    cast: Cast, client_for: ClientFor, secret: object, development: Environment
) -> None:
    page = client_for(cast.vera).get(reverse("secrets:project", args=[development.project_id])).content.decode()
    places = [page.index(f'<th scope="col">{name}</th>') for name in ("Development", "Staging", "Production")]
    assert places == sorted(places)

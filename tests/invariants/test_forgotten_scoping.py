"""With the narrowing of the queries taken out on purpose, PostgreSQL still shows nothing of another organization.

SQLite, which has no policies, shows that it was taken out: there the other organization's rows come.
"""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Q
from django.urls import reverse

from audit.actions import Action
from audit.models import Event
from orgs.models import Project
from orgs.permissions import Permission, Reach
from orgs.roles import Role
from orgs.selectors import (
    environments_of,
    environments_where,
    invitations_of,
    listing,
    members_of,
    memberships_of,
    organizations_where,
    projects_of,
    projects_where,
    reached_by,
)
from orgs.services import create_project, invite_member
from tests.cast import Cast, signed_in_client
from vault import tenancy
from vault.secrets import selectors
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.permissions import authorize_opening
from vault.secrets.services import create_secret, revealing

pytestmark = pytest.mark.django_db

HIDDEN = connection.vendor == "postgresql"
CANARY = "canary"


@pytest.fixture
def secret(cast: Cast) -> Secret:
    """Charlie's, in a project of initech; everything about it has a name to look for."""
    project = create_project(
        actor=cast.charlie, organization=cast.initech, kind=Project.Kind.APPLICATION, name=f"Shared {CANARY}"
    )
    invite_member(actor=cast.charlie, organization=cast.initech, email=f"{CANARY}@example.com", role=Role.VIEWER)
    return create_secret(
        actor=cast.charlie,
        environment=project.environments.all()[0],
        kind=Kind.VALUE,
        name=f"shared/{CANARY}",
        values={"value": "a value"},
        tags=[CANARY],
    )


@pytest.fixture
def _forgotten(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks, the lists are narrowed to what charlie reaches as well."""

    def everything(actor: Any, permission: Permission, organization_ids: Iterable[UUID] | None = None) -> list[Reach]:
        with tenancy.everywhere("this is what the test takes out"):
            return [*reached_by(actor, permission), *reached_by(cast.charlie, permission)]

    for module in (selectors, listing):
        monkeypatch.setattr(module, "reached_by", everything)


LISTS: dict[str, Callable[[Cast, Secret], Any]] = {
    "secrets": lambda cast, secret: selectors.listable_secrets(cast.alice, selectors.Filters()),
    "a page of secrets": lambda cast, secret: selectors.page_of_secrets(cast.alice, selectors.Filters(), "").rows,
    "the number of secrets": lambda cast, secret: selectors.count_of_secrets(cast.alice, selectors.Filters(q=CANARY)),
    "the search": lambda cast, secret: selectors.first_found(cast.alice, CANARY, 9),
    "projects found": lambda cast, secret: selectors.first_projects(cast.alice, CANARY, 9),
    "names of projects": lambda cast, secret: selectors.names_of_projects(cast.alice, cast.initech),
    "projects to choose from": lambda cast, secret: selectors.projects_to_choose_from(cast.alice, cast.initech),
    "tags": lambda cast, secret: selectors.tags_in_use(cast.alice, cast.initech),
    "versions": lambda cast, secret: selectors.versions_of(secret),
    "organizations": lambda cast, secret: organizations_where(cast.alice, Permission.ORG_VIEW).exclude(pk=cast.acme.pk),
    "projects": lambda cast, secret: projects_where(cast.alice, Permission.SECRET_LIST),
    "projects of an organization": lambda cast, secret: projects_of(cast.alice, cast.initech),
    "environments reached": lambda cast, secret: environments_where(cast.alice, Permission.SECRET_LIST, secret.project),
    "environments": lambda cast, secret: environments_of(secret.project),
    "members": lambda cast, secret: members_of(cast.initech),
    "memberships": lambda cast, secret: memberships_of(cast.charlie),
    "invitations": lambda cast, secret: invitations_of(cast.initech),
}


@pytest.mark.usefixtures("_forgotten")
@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_forgot_to_narrow_shows_no_more(name: str, cast: Cast, secret: Secret) -> None:
    secret.project, secret.environment  # noqa: B018 - loaded while they may be
    with tenancy.within(cast.acme.uid):
        found = LISTS[name](cast, secret)
        assert bool(found if isinstance(found, int) else list(found)) is not HIDDEN


@pytest.mark.usefixtures("_forgotten")
@pytest.mark.parametrize(
    ("page", "query"), [("secrets:search", {"q": "shared"}), ("secrets:palette", {"q": "shared"}), ("orgs:list", {})]
)
def test_a_page_of_a_list_that_forgot_to_narrow_shows_no_more(
    page: str, query: dict[str, str], cast: Cast, secret: Secret
) -> None:
    answer = signed_in_client(cast.alice).get(reverse(page), query)
    assert answer.status_code == 200
    shown = answer.content.decode()
    assert (CANARY in shown or "Initech" in shown) is not HIDDEN


def shown_to_alice(cast: Cast, secret: Secret) -> str:
    """All that the pages of secrets answer her about a search for the other organization's."""
    client = signed_in_client(cast.alice)
    pages = [
        client.get(reverse("secrets:search"), {"q": "shared"}),
        client.get(reverse("secrets:palette"), {"q": "shared"}),
        client.get(reverse("secrets:list", args=[cast.acme.pk])),
    ]
    assert [page.status_code for page in pages] == [200] * 3
    return "".join(page.content.decode() for page in pages)


def test_the_pages_of_secrets_show_no_more_when_every_row_counts_as_reached(
    cast: Cast, secret: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "secrets_reached", lambda reached: ~Q(pk=None))
    assert (CANARY in shown_to_alice(cast, secret)) is not HIDDEN


def test_a_reveal_that_forgot_to_decide_opens_nothing_of_another_organization(
    cast: Cast, secret: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row of the secret is found, to record whose it is that somebody was denied; its versions are not."""

    def as_if_charlie_asked(actor: Any, *arguments: Any, **options: Any) -> Any:
        with tenancy.everywhere("this is what the test takes out"):
            return authorize_opening(cast.charlie, *arguments, **options)

    monkeypatch.setattr(revealing, "authorize_opening", as_if_charlie_asked)
    url = reverse("secrets:reveal", args=[secret.pk])
    answer = signed_in_client(cast.alice).post(url, {"field": "value"}, headers={"accept": "application/json"})
    assert ("a value" in answer.content.decode()) is not HIDDEN
    assert answer.status_code == (404 if HIDDEN else 200)
    assert Event.objects.filter(action=Action.SECRET_REVEALED).exists() is not HIDDEN

"""Of a place that somebody reaches in parts, they see and are offered these parts alone."""

import pytest

from orgs.classification import Classification
from orgs.demands import Demands
from orgs.models import Environment
from orgs.permissions import Decision, Permission
from tests.cast import Cast
from tests.vault.secrets.classified import demand
from tests.vault.secrets.conftest import Give, StoreSecret
from vault.secrets.evidence import demanded
from vault.secrets.matrix import matrix_of
from vault.secrets.models import Secret
from vault.secrets.selectors import (
    Filters,
    count_of_secrets,
    listable_secrets,
    projects_to_choose_from,
    secret_for,
    why_sealed,
)
from vault.secrets.services import trash_secret

pytestmark = pytest.mark.django_db


def test_lists_and_searches_find_what_is_reached_alone(
    cast: Cast, store: StoreSecret, foreign: Environment, give: Give
) -> None:
    for name in ("db/KEY", "web/KEY"):
        store(name, tags=["keys"])
    store("db/OTHER")
    store("db/KEY", environment=foreign, actor=cast.charlie)
    give(cast.bob, "db", Permission.SECRET_LIST)
    for filters in (Filters(q="key"), Filters(tag="keys"), Filters(q="key", organization=cast.acme.uid)):
        (found,) = listable_secrets(cast.bob, filters)
        assert (found.name, found.organization_id) == ("db/KEY", cast.acme.uid)
        assert count_of_secrets(cast.bob, filters) == 1
    assert not listable_secrets(cast.bob, Filters(organization=cast.initech.uid))


def test_a_line_of_the_matrix_shows_no_cell_that_is_not_reached(
    cast: Cast, store: StoreSecret, give: Give, development: Environment
) -> None:
    _, staging, production = environments = list(development.project.environments.order_by("position"))
    for each in environments:
        store("db/KEY", environment=each)
    trash_secret(actor=cast.alice, secret=Secret.objects.get(environment=production))
    give(cast.bob, "db", Permission.SECRET_LIST)
    for each in (staging, production):
        give(cast.bob, "web", Permission.SECRET_LIST, environment=each)
    filters = Filters(project=development.project_id)
    (line,) = matrix_of(cast.bob, development.project, environments, filters, "").rows
    assert [(cell.secret is not None, cell.trashed is not None) for cell in line.cells] == [
        (True, False),
        (False, False),
        (False, False),
    ]


def test_a_new_secret_is_offered_the_places_where_they_may_write(
    cast: Cast, development: Environment, passwords: Environment, give: Give
) -> None:
    give(cast.bob, "db", Permission.SECRET_LIST, Permission.SECRET_WRITE)
    give(cast.bob, "", Permission.SECRET_LIST, environment=passwords)
    (project,) = projects_to_choose_from(cast.bob, cast.acme)
    assert project == development.project
    assert list(project.environments.all()) == [development]


def test_why_a_value_stays_sealed_is_said_to_those_who_open_others(cast: Cast, secret: Secret) -> None:
    demand(cast.acme, Classification.INTERNAL, approvals=1)
    said = {who: why_sealed(secret_for(who, secret.pk, Permission.SECRET_LIST)) for who in (cast.bob, cast.vera)}
    assert "needs an access that 1 other approved" in said[cast.bob]
    assert said[cast.vera] == ""


def test_nothing_is_opened_on_a_decision_that_allows_nothing() -> None:
    with pytest.raises(ValueError, match="opens nothing"):
        demanded(Decision(allowed=False, because="", visible=True, demands=Demands()))

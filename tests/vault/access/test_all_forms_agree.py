"""The decision about one secret, the queries of lists, and who can read it: the same answer for random authority."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import User
from orgs.models import Machine, Membership
from orgs.permissions import AccessDenied, Permission, decide
from orgs.permissions.querysets import secrets_reached
from orgs.selectors import environments_where, projects_of, projects_where, reached_by
from tests.cast import make_organization
from tests.vault.access.worlds import World, authorities, fill, make_world
from vault.access.reading import Readers, asked, everybody
from vault.secrets.matrix import matrix_of
from vault.secrets.models import Secret
from vault.secrets.selectors import (
    Filters,
    count_of_secrets,
    first_found,
    listable_secrets,
    page_of_secrets,
    secret_for,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
QUIETLY: dict[str, Any] = {
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    # What an example needs takes a second: making a failing one smaller would take minutes.
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],
}
ABOUT_SECRETS = [each for each in Permission if each.startswith("secret:")]


@pytest.fixture
def world(db: None) -> World:
    return make_world(make_organization("World", {}))


@contextmanager
def example(world: World, drawn: dict[str, Any], at: datetime) -> Iterator[None]:
    """Rows that are gone afterwards."""
    for row in (*world.people, world.machine):
        row.refresh_from_db()
    with transaction.atomic():
        with time_machine.travel(NOW, tick=False):
            fill(world, drawn, NOW)
        with time_machine.travel(at, tick=False):
            yield
        transaction.set_rollback(True)


def actors(world: World) -> list[User | Machine]:
    return [*world.people, world.machine]


def reading(readers: Readers) -> set[object]:
    """Who is shown, all pages of it; that it counts as many is a part of what is held."""
    found = [each.subject for each in readers.page_of_people("", "", size=50).rows]
    machines = [each.subject for each in readers.page_of_machines("", "", size=50).rows]
    assert len(found) == readers.people().count()
    assert len(machines) == readers.machines().count()
    return {each.user_id for each in found if isinstance(each, Membership)} | {each.uid for each in machines}


def keys(readers: list[Any]) -> set[object]:
    return {each.subject.user_id if isinstance(each.subject, Membership) else each.subject.uid for each in readers}


@settings(max_examples=10, **QUIETLY)
@given(
    drawn=authorities(),
    permission=st.sampled_from([*ABOUT_SECRETS, Permission.SECRET_REVEAL, Permission.SECRET_LIST]),
    later=st.sampled_from([0, 1]),
)
def test_a_decision_a_list_and_who_can_read_it_agree(
    world: World, drawn: dict[str, Any], permission: Permission, later: int
) -> None:
    with example(world, drawn, NOW + timedelta(seconds=later)):
        decided: dict[Any, set[object]] = {secret.pk: set() for secret in world.secrets}
        for actor in actors(world):
            listed = set(Secret.objects.filter(secrets_reached(reached_by(actor, permission))).values_list("pk"))
            for secret in world.secrets:
                decision = decide(actor, permission, secret)
                assert decision.allowed == ((secret.pk,) in listed), (actor, secret, decision)
                if decision.allowed:
                    decided[secret.pk].add(actor.pk)
        for secret in world.secrets[::3]:
            question = asked(permission, secret.place, secret=secret.pk)
            assert reading(Readers(question, ())) == decided[secret.pk]
            assert keys(everybody(question, ())) == decided[secret.pk]
        for environment in world.environments[::3]:
            question = asked(permission, environment.place)
            shown = reading(Readers(question, ()))
            partly = {
                actor.pk for actor in actors(world) if decide(actor, permission, environment, partly=True).allowed
            }
            assert shown == partly == keys(everybody(question, ()))
            inside = [secret for secret in world.secrets if secret.environment_id == environment.pk]
            assert shown >= set().union(*(decided[secret.pk] for secret in inside))


@settings(max_examples=5, **QUIETLY)
@given(drawn=authorities())
def test_lists_search_palette_count_matrix_and_detail_agree(world: World, drawn: dict[str, Any]) -> None:
    with example(world, drawn, NOW):
        filters = Filters(organization=world.organization.uid)
        for actor in world.people:
            may = {secret.pk for secret in world.secrets if decide(actor, Permission.SECRET_LIST, secret).allowed}
            assert set(listable_secrets(actor, filters).values_list("pk", flat=True)) == may
            assert {each.pk for each in page_of_secrets(actor, filters, "", size=100).rows} == may
            assert count_of_secrets(actor, filters) == len(may)
            assert {each.pk for each in first_found(actor, "d", 100)} == {
                secret.pk for secret in world.secrets if secret.pk in may and "d" in secret.name
            }
            projects = list(projects_of(actor, world.organization))
            assert sum(vars(project)["secret_count"] for project in projects) == len(may)
            assert set(projects) == set(projects_where(actor, Permission.SECRET_LIST))
            touched = {secret.project_id for secret in world.secrets if secret.pk in may}
            assert {project.pk for project in projects} >= touched
            for project in projects:
                environments = set(environments_where(actor, Permission.SECRET_LIST, project))
                assert set(project.environments.all()) == environments
                here = Filters(organization=world.organization.uid, project=project.pk)
                lines = matrix_of(actor, project, list(project.environments.all()), here, "").rows
                cells = {cell.secret.pk for line in lines for cell in line.cells if cell.secret}
                assert cells == {each.pk for each in world.secrets if each.pk in may and each.project_id == project.pk}
            assert opened(actor, world.secrets) == may


def opened(actor: User, secrets: list[Secret]) -> set[object]:
    found: set[object] = set()
    for secret in secrets:
        try:
            found.add(secret_for(actor, secret.pk, Permission.SECRET_LIST).pk)
        except AccessDenied:
            continue
    return found

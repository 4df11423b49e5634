"""A secret on its way into a place that somebody else deletes at the same moment."""

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from django.db import connection

from audit.models import Event
from orgs.errors import NotEmpty
from orgs.models import Environment, Project
from orgs.permissions import AccessDenied
from orgs.services import delete_environment, delete_project
from tests.cast import Cast
from tests.sealing import change
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.services import State, create_secret, import_env, preview_env_import

TEXT = "A=1\nB=2\n"


def make(cast: Cast, environment: Environment) -> Secret:
    return create_secret(
        actor=cast.bob, environment=environment, kind=Kind.VALUE, name="LATE", values={"value": "a value"}
    )


def test_it_stores_nothing_in_an_environment_that_is_gone(cast: Cast, development: Environment) -> None:
    seal = preview_env_import(actor=cast.bob, environment=development, text=TEXT).seal
    delete_environment(actor=cast.alice, environment=Environment.objects.get(pk=development.pk))
    events = Event.objects.count()
    with pytest.raises(AccessDenied) as refused:
        make(cast, development)
    assert not refused.value.visible
    with pytest.raises(AccessDenied) as refused:
        import_env(actor=cast.bob, environment=development, text=TEXT, seal=seal)
    assert not refused.value.visible
    assert Event.objects.count() == events


@pytest.mark.parametrize("stored", ["one", "imported"])
@pytest.mark.parametrize("deleted", ["environment", "project"])
def test_it_deletes_no_place_under_a_secret_that_is_on_its_way(
    deleted: str, stored: str, transactional_cast: Cast, development: Environment
) -> None:
    """Whoever is second waits: neither a deadlock, nor a secret whose place is gone."""
    cast = transactional_cast
    raised: list[Exception] = []

    def delete() -> None:
        try:
            if deleted == "environment":
                delete_environment(actor=cast.alice, environment=development)
            else:
                delete_project(actor=cast.alice, project=Project.objects.get(pk=development.project_id))
        except Exception as error:  # noqa: BLE001 - looked at below
            raised.append(error)
        finally:
            connection.close()

    deleting = Thread(target=delete)

    def begun_just_before(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        """The deletion gets as far as it can before the secret is inserted."""
        if sql.startswith("INSERT INTO") and f'"{Secret._meta.db_table}"' in sql and deleting.ident is None:
            deleting.start()
            deleting.join(0.4)
        return execute(sql, *arguments)

    seal = preview_env_import(actor=cast.bob, environment=development, text=TEXT).seal
    with connection.execute_wrapper(begun_just_before):
        if stored == "one":
            make(cast, development)
        else:
            import_env(actor=cast.bob, environment=development, text=TEXT, seal=seal)
    deleting.join()
    assert [type(each) for each in raised] == [NotEmpty]
    assert {secret.environment_id for secret in Secret.objects.all()} == {development.pk}


def test_it_compares_what_its_event_names_although_somebody_renames_it(
    transactional_cast: Cast, development: Environment
) -> None:
    cast = transactional_cast
    secret = make(cast, development)

    def rename() -> None:
        change(Secret.objects.filter(pk=secret.pk), name="OTHER")
        connection.close()

    renaming = Thread(target=rename)

    def renamed_just_before(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        """The rename is tried before the versions are read, and has some time to succeed."""
        if SecretVersion._meta.db_table in sql and renaming.ident is None:
            renaming.start()
            renaming.join(0.4)
        return execute(sql, *arguments)

    with connection.execute_wrapper(renamed_just_before):
        preview = preview_env_import(actor=cast.bob, environment=development, text="LATE=another value")
    renaming.join()
    assert [(row.name, row.state) for row in preview.rows] == [("LATE", State.CHANGED)]
    assert Event.objects.latest("id").details["names"] == ["LATE"]
    assert Secret.objects.get().name == "OTHER"

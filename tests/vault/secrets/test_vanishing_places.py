"""A secret on its way into a place that somebody else deletes at the same moment."""

import time
from collections.abc import Callable
from threading import Event as Signal
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction

from audit.models import Event
from orgs.errors import NotEmpty
from orgs.models import Environment, Project
from orgs.permissions import AccessDenied
from orgs.services import delete_environment, delete_project
from tests.cast import Cast
from tests.orgs.parallel import in_parallel
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


@pytest.mark.parametrize("deleted", ["environment", "project"])
def test_it_deletes_no_place_under_a_secret_that_is_on_its_way(
    deleted: str, transactional_cast: Cast, development: Environment
) -> None:
    cast, held = transactional_cast, Signal()

    def store() -> None:
        with transaction.atomic():
            Environment.objects.select_for_update(no_key=True).get(pk=development.pk)
            held.set()
            time.sleep(0.4)  # in which the deletion gets as far as it can
            make(cast, development)

    def delete() -> None:
        held.wait(10)
        if deleted == "environment":
            delete_environment(actor=cast.alice, environment=development)
        else:
            delete_project(actor=cast.alice, project=Project.objects.get(pk=development.project_id))

    raised = in_parallel(store, delete)
    assert [type(each) for each in raised] == [type(None), NotEmpty]
    assert Secret.objects.get().environment_id == development.pk


def test_it_compares_what_its_event_names_although_somebody_renames_it(
    transactional_cast: Cast, development: Environment
) -> None:
    cast = transactional_cast
    secret = make(cast, development)

    def rename() -> None:
        Secret.objects.filter(pk=secret.pk).update(name="OTHER")
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

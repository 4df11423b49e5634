"""An event is written as a row of the organization that it is about, whoever's request it happened in."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from audit.actions import Action
from audit.actor import Actor
from audit.models import Event
from audit.services import append
from tests.cast import Cast
from vault import tenancy

pytestmark = pytest.mark.django_db


def test_a_denial_elsewhere_is_written_there(cast: Cast) -> None:
    lets: list[tuple[bool, bool]] = []

    def looked(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        if sql.startswith("INSERT INTO") and Event._meta.db_table in sql:
            tenants = tenancy.current()
            lets.append((tenants.covers(cast.acme.uid), tenants.covers(cast.initech.uid)))
        return execute(sql, *arguments)

    with tenancy.within(cast.initech.uid), connection.execute_wrapper(looked), transaction.atomic():
        append(actor=Actor.system(), action=Action.SECRET_REVEALED, organization_id=cast.acme.uid)
    assert lets == [(True, False)]

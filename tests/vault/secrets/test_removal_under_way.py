"""A removal that begins while somebody reveals: it waits for the reveal that was allowed before it."""

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from django.db import connection

from audit.actions import Action
from audit.models import Event
from orgs.models import Membership
from orgs.permissions import AccessDenied
from orgs.roles import Role
from orgs.services import change_member_role, remove_member
from tests.cast import Cast
from vault.secrets.models import Secret
from vault.secrets.services import reveal_secret


@pytest.mark.parametrize("ending", ["removal", "demotion"])
def test_it_lets_no_removal_in_between_the_decision_and_the_event(
    ending: str, transactional_cast: Cast, secret: Secret
) -> None:
    cast = transactional_cast
    membership = Membership.objects.get(organization=cast.acme, user=cast.bob)

    def end() -> None:
        if ending == "removal":
            remove_member(actor=cast.alice, membership=membership)
        else:
            change_member_role(actor=cast.alice, membership=membership, role=Role.VIEWER)
        connection.close()

    ending_it = Thread(target=end)

    def begun_just_before(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        """Between the decision and the event, the removal has some time to be faster."""
        if sql.startswith("INSERT INTO") and Event._meta.db_table in sql and ending_it.ident is None:
            ending_it.start()
            ending_it.join(0.4)
        return execute(sql, *arguments)

    with connection.execute_wrapper(begun_just_before):
        reveal_secret(actor=cast.bob, secret=secret.pk)
    ending_it.join()
    ended = {"removal": Action.MEMBERSHIP_REMOVED, "demotion": Action.MEMBERSHIP_ROLE_CHANGED}[ending]
    assert Event.objects.get(action=Action.SECRET_REVEALED).id < Event.objects.get(action=ended).id
    with pytest.raises(AccessDenied):
        reveal_secret(actor=cast.bob, secret=secret.pk)

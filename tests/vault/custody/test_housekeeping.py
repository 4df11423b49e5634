"""What the hourly housekeeping does about keys."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit.models import Event
from orgs.models import Membership
from tests.cast import Cast
from tests.sealing import tamper
from tests.vault.custody.commands import keys
from vault.custody import services
from vault.custody.errors import KeyRefused
from vault.custody.kinds import OperationKind
from vault.custody.models import KeyOperation
from vault.custody.services.authority import OPERATOR
from vault.keys.models import ServingProcess, WrappedKey
from vault.keys.purposes import Purpose
from vault.secrets.models import Secret

pytestmark = pytest.mark.django_db


def housekeeping() -> dict[str, Any]:
    out = StringIO()
    call_command("housekeeping", "--json", stdout=out)
    return json.loads(out.getvalue())  # type: ignore[no-any-return]  # a report of this shape


def leave(operation: KeyOperation) -> None:
    """Nobody has been at work on it for a while."""
    KeyOperation.objects.filter(pk=operation.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=6))


def test_it_rotates_a_key_that_has_wrapped_too_often(cast: Cast, settings: Any) -> None:
    WrappedKey.objects.filter(scope=cast.acme.key_scope).update(wraps=settings.KEY_WRAP_ROTATE_AT)
    WrappedKey.objects.filter(scope=cast.initech.key_scope).update(wraps=settings.KEY_WRAP_ROTATE_AT - 1)
    assert housekeeping()["keys_rotated"] == 1
    assert WrappedKey.objects.get(scope=cast.acme.key_scope, state="active").version == 2
    assert WrappedKey.objects.get(scope=cast.initech.key_scope).version == 1
    assert Event.objects.latest("id").actor_label == "Housekeeping"
    assert housekeeping()["keys_rotated"] == 0


def test_it_says_what_is_not_genuine(cast: Cast) -> None:
    assert housekeeping()["rows_not_genuine"] == 0
    tamper(Membership.objects.filter(user=cast.bob), role="owner")
    with pytest.raises(CommandError, match="access verify"):
        housekeeping()
    assert Event.objects.filter(action="authority.seal_broken").count() == 1


def test_it_renews_seals_after_a_rotation(cast: Cast) -> None:
    keys("rotate", "--purpose", "row")
    assert housekeeping()["seals_renewed"] > 10
    assert housekeeping()["seals_renewed"] == 0


def test_it_finishes_a_move_that_was_left(cast: Cast, stored: list[Secret]) -> None:
    keys("rotate", "--org", "acme")
    operation = services.start_operation(
        actor=cast.alice, kind=OperationKind.REWRAP, scope=cast.acme.key_scope, purpose=Purpose.DATA
    )
    assert housekeeping()["operations_finished"] == 0  # somebody is at work on it
    leave(operation)
    assert housekeeping()["operations_finished"] == 1
    operation.refresh_from_db()
    assert (operation.state, operation.done) == ("done", len(stored))


def test_it_finishes_the_answer_to_a_compromise_that_was_left(cast: Cast, stored: list[Secret]) -> None:
    operation = services.declare_compromise(actor=OPERATOR, scope=cast.acme.key_scope)
    leave(operation)
    assert housekeeping()["operations_finished"] == 1
    operation.refresh_from_db()
    assert operation.result["left"] == 0


def test_it_forgets_processes_that_are_gone(cast: Cast) -> None:
    long_ago = timezone.now() - timedelta(hours=2)
    ServingProcess.objects.create(host="a", pid=1, seen_at=long_ago)
    ServingProcess.objects.create(host="b", pid=2)
    assert housekeeping()["processes_forgotten"] == 1
    assert ServingProcess.objects.get().host == "b"


def test_what_cannot_be_done_is_told_and_stops_nothing_else(cast: Cast, stored: list[Secret], settings: Any) -> None:
    keys("rotate", "--all")
    broken = KeyOperation.objects.create(
        kind=OperationKind.REWRAP,
        scope="system",
        purpose=Purpose.TOTP,
        heartbeat_at=timezone.now() - timedelta(hours=1),
    )
    good = services.start_operation(
        actor=cast.alice, kind=OperationKind.REWRAP, scope=cast.acme.key_scope, purpose=Purpose.DATA
    )
    leave(good)
    ServingProcess.objects.create(host="a", pid=1, seen_at=timezone.now() - timedelta(hours=2))
    real = services.advance_operation

    def advance(*, operation: KeyOperation, **options: Any) -> KeyOperation:
        if operation.pk == broken.pk:
            raise KeyRefused("This one cannot be moved.")
        return real(operation=operation, **options)

    with (
        patch("vault.custody.services.keeping.advance_operation", advance),
        pytest.raises(CommandError, match="cannot be moved"),
    ):
        call_command("housekeeping", stdout=StringIO())
    good.refresh_from_db()
    assert good.state == "done"
    assert not ServingProcess.objects.exists()


def test_what_nobody_foresaw_keeps_nothing_else_from_being_done(cast: Cast, stored: list[Secret]) -> None:
    """The newest operation comes first, every hour: were it the end of the run, the older ones would wait for ever."""
    keys("rotate", "--org", "acme")
    older = services.start_operation(
        actor=cast.alice, kind=OperationKind.REWRAP, scope=cast.acme.key_scope, purpose=Purpose.DATA
    )
    broken = services.start_verification(actor=cast.alice, scope=cast.acme.key_scope)
    broken.result["position"] = {"column": "a_table.of_another_release", "after": None}
    broken.save()
    for each in (older, broken):
        leave(each)
    out = StringIO()
    with pytest.raises(CommandError, match="KeyError"):
        call_command("housekeeping", "--json", stdout=out)
    assert json.loads(out.getvalue())["operations_finished"] == 1
    older.refresh_from_db()
    assert older.state == "done"

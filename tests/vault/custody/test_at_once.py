"""The same act by several at the same moment."""

import pytest

from audit.actions import Action
from audit.models import Event
from orgs.models import Membership
from tests.cast import Cast
from tests.orgs.parallel import in_parallel
from vault.custody import services
from vault.custody.errors import CustodyError
from vault.custody.kinds import OperationKind
from vault.custody.models import KeyOperation, KeyReport
from vault.custody.services.authority import OPERATOR
from vault.keys import lifecycle
from vault.keys.models import WrappedKey
from vault.keys.purposes import KeyState, Purpose
from vault.secrets.models import Secret
from vault.secrets.services import reveal_secret

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_rotations_at_once_neither_breaks_the_other(transactional_cast: Cast) -> None:
    scope = transactional_cast.acme.key_scope
    act = lambda: services.rotate_key(actor=OPERATOR, scope=scope, purpose=Purpose.DATA)  # noqa: E731 - the same twice
    assert in_parallel(act, act) == [None, None]
    keys = WrappedKey.objects.filter(scope=scope)
    assert keys.filter(state=KeyState.ACTIVE.value).count() == 1
    assert not keys.filter(state=KeyState.PENDING.value).exists()
    rotated = Event.objects.filter(action=Action.KEY_ROTATED).count()
    assert rotated == keys.count() - 1
    assert rotated == Event.objects.filter(action=Action.KEY_CREATED, organization_id=scope).count()


def test_two_at_work_on_one_operation_finish_it_once(transactional_cast: Cast, stored: list[Secret]) -> None:
    scope = transactional_cast.acme.key_scope
    services.rotate_key(actor=OPERATOR, scope=scope, purpose=Purpose.DATA)

    def act() -> None:
        operation = services.start_operation(
            actor=OPERATOR, kind=OperationKind.REENCRYPT, scope=scope, purpose=Purpose.DATA
        )
        while operation.running:
            operation = services.advance_operation(actor=OPERATOR, operation=operation)

    assert in_parallel(act, act) == [None, None]
    done = KeyOperation.objects.filter(state="done").order_by("started_at")
    assert done.count() == KeyOperation.objects.count()
    # Whoever comes when it has ended finds nothing left to do, or begins anew.
    assert done[0].done == len(stored)
    assert {operation.done for operation in done} <= {0, len(stored)}
    assert Event.objects.filter(action=Action.KEY_REENCRYPTED).count() == done.count()
    for index, secret in enumerate(stored):
        assert reveal_secret(actor=transactional_cast.alice, secret=secret.pk)["value"] == f"canary {index}"


def test_two_at_work_on_one_compromise_write_one_report(transactional_cast: Cast, stored: list[Secret]) -> None:
    operation = services.declare_compromise(actor=OPERATOR, scope=transactional_cast.acme.key_scope)
    act = lambda: services.advance_compromise(actor=OPERATOR, operation=KeyOperation.objects.get(pk=operation.pk))  # noqa: E731 - the same twice
    assert in_parallel(act, act) == [None, None]
    operation.refresh_from_db()
    assert (operation.state, operation.result["left"]) == ("done", 0)
    assert KeyReport.objects.count() == 1
    assert Event.objects.filter(action=Action.KEY_COMPROMISE_ANSWERED).count() == 1


def test_a_key_that_was_pending_at_a_compromise_does_not_stay(transactional_cast: Cast, stored: list[Secret]) -> None:
    """Whoever read the key table may have read it there."""
    scope = transactional_cast.acme.key_scope
    pending = lifecycle.add_pending_key(scope=scope, purpose=Purpose.DATA)
    operation = services.declare_compromise(actor=OPERATOR, scope=scope)
    services.advance_compromise(actor=OPERATOR, operation=operation)
    pending.refresh_from_db()
    assert pending.state == KeyState.RETIRED.value
    assert WrappedKey.objects.get(scope=scope, state=KeyState.ACTIVE.value).version == 3


def test_an_approval_and_a_cancellation_at_once_have_one_outcome(
    transactional_cast: Cast, second_owner: Membership
) -> None:
    cast = transactional_cast
    request = services.request_shred(actor=cast.alice, organization=cast.acme, confirmation="Acme")
    approved, _ = in_parallel(
        lambda: services.approve_shred(actor=second_owner.user, request=request),
        lambda: services.cancel_shred(actor=cast.alice, request=request),
    )
    request.refresh_from_db()
    destroyed = WrappedKey.objects.filter(scope=cast.acme.key_scope, state=KeyState.DESTROYED.value).exists()
    assert destroyed == (request.executed_at is not None) == (request.cancelled_at is None) == (approved is None)
    assert approved is None or isinstance(approved, CustodyError)

"""Work on keys takes several transactions: whoever loses the right in between goes no further."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail

from orgs.models import Membership
from orgs.permissions import AccessDenied
from orgs.roles import Role
from tests.cast import Cast
from tests.sealing import change
from vault.crypto.rootkey import RootKey
from vault.custody import services
from vault.custody.kinds import OperationKind
from vault.custody.models import KeyOperation
from vault.custody.services import operations, verifying_in_parts
from vault.custody.services.authority import OPERATOR, InstanceAdministratorsOnly
from vault.keys import lifecycle
from vault.keys.models import WrappedKey
from vault.keys.purposes import Purpose
from vault.secrets.models import Secret

pytestmark = pytest.mark.django_db
Lose = Callable[[Any, str], None]


@pytest.fixture
def lose(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Lose:
    """`lose(module, name)`: once that was called, adam is a viewer."""

    def after(module: Any, name: str) -> None:
        real = getattr(module, name)

        def called(*args: Any, **options: Any) -> Any:
            done = real(*args, **options)
            change(Membership.objects.filter(organization=cast.acme, user=cast.adam), role=Role.VIEWER)
            return done

        monkeypatch.setattr(module, name, called)

    return after


def states(cast: Cast) -> list[str]:
    keys = WrappedKey.objects.filter(scope=cast.acme.key_scope).order_by("version")
    return list(keys.values_list("state", flat=True))


def test_a_key_that_was_made_is_not_put_to_use(cast: Cast, lose: Lose) -> None:
    lose(lifecycle, "add_pending_key")
    with pytest.raises(AccessDenied):
        services.rotate_key(actor=cast.adam, scope=cast.acme.key_scope, purpose=Purpose.DATA)
    assert states(cast) == ["active", "pending"]


def test_an_operation_that_was_asked_for_is_not_begun(cast: Cast, stored: list[Secret], lose: Lose) -> None:
    lose(operations, "_running")
    with pytest.raises(AccessDenied):
        services.start_operation(
            actor=cast.adam, kind=OperationKind.REWRAP, scope=cast.acme.key_scope, purpose=Purpose.DATA
        )
    assert not KeyOperation.objects.exists()


def test_one_under_way_is_neither_shown_nor_ended_for_somebody_without_the_right(
    cast: Cast, stored: list[Secret]
) -> None:
    what: dict[str, Any] = {"scope": cast.acme.key_scope, "purpose": Purpose.DATA}
    operation = services.start_operation(actor=cast.adam, kind=OperationKind.REWRAP, **what)
    with pytest.raises(AccessDenied):
        services.start_operation(actor=cast.bob, kind=OperationKind.REWRAP, **what)
    with pytest.raises(AccessDenied):
        operations.stop_rewrapping(actor=cast.bob, problem="", **what)
    operation.refresh_from_db()
    assert operation.running


def test_an_operation_that_has_moved_everything_is_not_ended(cast: Cast, stored: list[Secret], lose: Lose) -> None:
    services.rotate_key(actor=OPERATOR, scope=cast.acme.key_scope, purpose=Purpose.DATA)
    operation = services.start_operation(
        actor=cast.adam, kind=OperationKind.REWRAP, scope=cast.acme.key_scope, purpose=Purpose.DATA
    )
    lose(operations, "retire_unneeded")
    with pytest.raises(AccessDenied):
        services.advance_operation(actor=cast.adam, operation=operation, seconds=60)
    operation.refresh_from_db()
    assert operation.running


def test_what_a_verification_found_is_not_taken_in(cast: Cast, stored: list[Secret], lose: Lose) -> None:
    operation = services.start_verification(actor=cast.adam, scope=cast.acme.key_scope)
    lose(verifying_in_parts, "verify_part")
    with pytest.raises(AccessDenied):
        services.advance_verification(actor=cast.adam, operation=operation, seconds=0)
    operation.refresh_from_db()
    assert (operation.running, operation.done) == (True, 0)


def test_nobody_is_mailed_and_no_phase_ended_by_somebody_without_the_right(
    cast: Cast, stored: list[Secret], settings: Any
) -> None:
    settings.EMAIL_CONFIGURED = True
    operation = services.declare_compromise(actor=cast.adam, scope=cast.acme.key_scope)
    for phase in ("rotate", "move", "retire", "report", "notify"):
        operation.refresh_from_db()
        assert operation.result["phase"] == phase
        with pytest.raises(AccessDenied):
            services.advance_compromise(actor=cast.bob, operation=operation)
        while operation.running and operation.result["phase"] == phase:
            assert not mail.outbox
            services.advance_compromise(actor=cast.adam, operation=operation, seconds=0)
    assert not operation.running
    assert [message.to for message in mail.outbox] == [[cast.alice.email]]


def test_the_answer_to_a_compromised_root_key_is_for_those_who_look_after_the_instance(
    cast: Cast, next_root: RootKey
) -> None:
    operation = services.declare_compromise(actor=OPERATOR, scope=None)
    with pytest.raises(InstanceAdministratorsOnly):
        services.advance_compromise(actor=cast.charlie, operation=operation)

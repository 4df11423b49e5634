"""The calls of the services that look after keys, for `tests.invariants.services`."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

import vault.custody.services as custody
from orgs.models import Membership
from orgs.roles import Role
from tests.sealing import change
from vault.crypto.rootkey import generate_root_key_text
from vault.custody.kinds import OperationKind
from vault.custody.models import KeyOperation, ShredRequest
from vault.custody.services.authority import OPERATOR
from vault.fields import rewrapping
from vault.keys import keyrings
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, KeyState, Purpose

if TYPE_CHECKING:
    from tests.invariants.services import Prepare, World


def _scope(world: "World") -> str:
    return world.cast.acme.key_scope


def _rotated(world: "World") -> WrappedKey:
    """The key of acme that was superseded, with everything still under it."""
    custody.rotate_key(actor=OPERATOR, scope=_scope(world), purpose=Purpose.DATA)
    return WrappedKey.objects.get(scope=_scope(world), state=KeyState.DECRYPT_ONLY.value)


def _emptied(world: "World") -> WrappedKey:
    """The same with nothing under it."""
    key = _rotated(world)
    while rewrapping.outstanding(_scope(world), Purpose.DATA):
        rewrapping.advance(_scope(world), Purpose.DATA, mode=rewrapping.Mode.REWRAP)
    return key


def _retired(world: "World") -> WrappedKey:
    key = _emptied(world)
    custody.retire_unneeded(actor=OPERATOR, scope=_scope(world), purpose=Purpose.DATA)
    return WrappedKey.objects.get(pk=key.pk)


def _moving(world: "World") -> KeyOperation:
    return custody.start_operation(actor=OPERATOR, kind=OperationKind.REWRAP, scope=_scope(world), purpose=Purpose.DATA)


def _advance(world: "World") -> Callable[[], object]:
    _emptied(world)
    operation = _moving(world)
    return lambda: custody.advance_operation(actor=world.cast.adam, operation=operation)


def _start(world: "World") -> Callable[[], object]:
    _rotated(world)
    return lambda: custody.start_operation(
        actor=world.cast.adam, kind=OperationKind.REWRAP, scope=_scope(world), purpose=Purpose.DATA
    )


def _destroy(world: "World") -> Callable[[], object]:
    key = _retired(world)
    return lambda: custody.destroy_key(actor=world.cast.adam, key=key, confirmation=key.fingerprint)


def _retire(world: "World") -> Callable[[], object]:
    _emptied(world)
    return lambda: custody.retire_unneeded(actor=world.cast.adam, scope=_scope(world), purpose=Purpose.DATA)


def _rotate_due(world: "World") -> Callable[[], object]:
    WrappedKey.objects.filter(scope=_scope(world)).update(wraps=settings.KEY_WRAP_ROTATE_AT)
    return custody.rotate_due_keys


def _next_root(world: "World") -> Callable[[], object]:
    """Configures one; `tests/invariants/conftest.py` takes it back."""
    settings.ROOT_KEY = f"{settings.ROOT_KEY} {generate_root_key_text()}"
    keyrings.forget()
    return lambda: custody.rotate_root(actor=world.cast.alice)


def _finish_root(world: "World") -> Callable[[], object]:
    _next_root(world)()
    return lambda: custody.finish_root_rotation(actor=world.cast.alice)


def _confirm(world: "World") -> Callable[[], object]:
    words = custody.split_root_key(actor=world.cast.alice).shares[0]
    return lambda: custody.confirm_share(actor=world.cast.alice, words=words)


def _answer(world: "World") -> Callable[[], object]:
    operation = custody.declare_compromise(actor=world.cast.adam, scope=_scope(world))
    return lambda: custody.advance_compromise(actor=world.cast.adam, operation=operation)


def _last_part(world: "World") -> Callable[[], object]:
    """A verification of which the last part is left: those before are no news."""

    def begun() -> KeyOperation:
        return custody.start_verification(actor=world.cast.adam, scope=_scope(world))

    def part(operation: KeyOperation) -> KeyOperation:
        return custody.advance_verification(actor=world.cast.adam, operation=operation, seconds=0)

    parts, operation = 1, part(begun())
    while operation.running:
        parts, operation = parts + 1, part(operation)
    operation = begun()
    for _ in range(parts - 1):
        operation = part(operation)
    return lambda: part(operation)


def _wish(world: "World") -> ShredRequest:
    """Alice's, with adam as the other owner."""
    change(Membership.objects.filter(organization=world.cast.acme, user=world.cast.adam), role=Role.OWNER)
    return custody.request_shred(actor=world.cast.alice, organization=world.cast.acme, confirmation="Acme")


def _request(world: "World") -> Callable[[], object]:
    change(Membership.objects.filter(organization=world.cast.acme, user=world.cast.adam), role=Role.OWNER)
    return lambda: custody.request_shred(actor=world.cast.alice, organization=world.cast.acme, confirmation="Acme")


def _approve(world: "World") -> Callable[[], object]:
    request = _wish(world)
    return lambda: custody.approve_shred(actor=world.cast.adam, request=request)


def _cancel(world: "World") -> Callable[[], object]:
    request = _wish(world)
    return lambda: custody.cancel_shred(actor=world.cast.adam, request=request)


def _execute(world: "World") -> Callable[[], object]:
    custody.approve_shred(actor=world.cast.adam, request=_wish(world), execute=False)
    return lambda: custody.execute_shred(actor=OPERATOR, organization=world.cast.acme, confirmation="Acme")


KEY_CASES: "dict[str, Prepare]" = {
    "custody.advance_compromise": _answer,
    "custody.advance_operation": _advance,
    "custody.advance_verification": _last_part,
    "custody.approve_shred": _approve,
    "custody.cancel_shred": _cancel,
    "custody.confirm_share": _confirm,
    "custody.declare_compromise": lambda w: (
        lambda: custody.declare_compromise(actor=w.cast.adam, scope=_scope(w), since=timezone.now() - timedelta(days=1))
    ),
    "custody.destroy_key": _destroy,
    "custody.execute_shred": _execute,
    "custody.finish_root_rotation": _finish_root,
    "custody.request_shred": _request,
    "custody.retire_unneeded": _retire,
    "custody.rotate_due_keys": _rotate_due,
    "custody.rotate_key": lambda w: (
        lambda: custody.rotate_key(actor=w.cast.adam, scope=_scope(w), purpose=Purpose.DATA)
    ),
    "custody.rotate_root": _next_root,
    "custody.split_root_key": lambda w: lambda: custody.split_root_key(actor=w.cast.alice),
    "custody.start_operation": _start,
    "custody.verify_values": lambda w: lambda: custody.verify_values(actor=w.cast.adam, scope=_scope(w)),
}

INSTANCE_CASES: "dict[str, Prepare]" = {
    "confirm_share": _confirm,
    "finish_root_rotation": _finish_root,
    "rotate_key": lambda w: lambda: custody.rotate_key(actor=w.cast.alice, scope=SYSTEM_SCOPE, purpose=Purpose.TOTP),
    "rotate_root": _next_root,
    "split_root_key": lambda w: lambda: custody.split_root_key(actor=w.cast.alice),
    "start_verification": lambda w: lambda: custody.start_verification(actor=w.cast.alice),
    "verify_values": lambda w: lambda: custody.verify_values(actor=w.cast.alice),
}
"""Calls about the keys of the whole instance, by its administrator alice."""

KEY_SILENT = {
    "custody.start_verification": "opens nothing yet; the end of a verification is its event",
}

_ROTATED = ["key.created", "key.rotated"]

KEY_COMPOSED = {
    "custody.advance_compromise": [
        *_ROTATED,
        "key.reencryption_started",
        "key.retired",
        "key.reencrypted",
        "key.compromise_answered",
    ],
    "custody.advance_operation": ["key.retired", "key.rewrapped"],
    "custody.rotate_due_keys": _ROTATED,
    "custody.rotate_key": _ROTATED,
}

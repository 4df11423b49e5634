"""The operations on keys that are killed, as a process of their own does them, and what is true of a finished one."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from orgs.models import Organization
from tests.proof.scene import Scene, opens, unfinished
from vault.crypto.fingerprint import fingerprint as fingerprint_of
from vault.custody.kinds import OperationKind
from vault.custody.services import operations, roots, rotation, shredding
from vault.custody.services.authority import OPERATOR
from vault.custody.services.operations import advance_operation, start_operation
from vault.fields import rewrapping
from vault.fields.census import rows_left
from vault.keys import lifecycle
from vault.keys.models import WrappedKey
from vault.keys.purposes import KeyState, Purpose


def small_batches() -> None:
    """In a child: a few values are a batch, so that a few dozen of them are many steps; and no rest between them."""
    operations._LONGEST_REST = 0
    rewrapping._BYTES = rewrapping._SQLITE_BYTES = 800


def rotate(scope: str, purpose: Purpose) -> None:
    """`keys rotate`."""
    rotation.rotate_key(actor=OPERATOR, scope=scope, purpose=purpose)


def move(kind: OperationKind, scope: str, purpose: Purpose) -> None:
    """`keys rewrap` or `keys reencrypt`."""
    small_batches()
    operation = start_operation(actor=OPERATOR, kind=kind, scope=scope, purpose=purpose)
    while operation.running:
        operation = advance_operation(actor=OPERATOR, operation=operation)


def rotate_root(fingerprint: str) -> None:
    """`keys rotate-root` and `keys rotate-root --finish`."""
    roots.rotate_root(actor=OPERATOR, fingerprint=fingerprint)
    roots.finish_root_rotation(actor=OPERATOR)


def shred(organization: UUID) -> None:
    """`keys shred`, after two owners agreed."""
    found = Organization.objects.get(pk=organization)
    shredding.execute_shred(actor=OPERATOR, organization=found, confirmation=found.name)


@dataclass(frozen=True)
class Operation:
    """`prepare` makes work for it and gives what `act` takes. `finished` says what is undone: nothing, after a run."""

    name: str
    act: Callable[..., object]
    prepare: Callable[[Scene], tuple[object, ...]]
    finished: Callable[..., list[str]]
    root_keys: int = 0
    """How many root keys it needs beside the one that wraps: each wraps once and never again."""


def _destroy_retired(scene: Scene) -> None:
    """So that a run is not longer for the runs before it: rows of a retired key are looked for, too."""
    for key in WrappedKey.objects.filter(scope=scene.scope, state=KeyState.RETIRED.value):
        lifecycle.destroy(key, rows_left=rows_left)


def _prepare_rotate(scene: Scene) -> tuple[object, ...]:
    _destroy_retired(scene)
    return scene.scope, Purpose.DATA


def _rotated(scene: Scene, scope: str, purpose: Purpose) -> list[str]:
    pending = WrappedKey.objects.filter(scope=scope, purpose=purpose.value, state=KeyState.PENDING.value)
    return [str(key) for key in pending]


def _prepare_rewrap(scene: Scene) -> tuple[object, ...]:
    _destroy_retired(scene)
    rotate(scene.scope, Purpose.DATA)
    return OperationKind.REWRAP, scene.scope, Purpose.DATA


def _prepare_reencrypt(scene: Scene) -> tuple[object, ...]:
    _destroy_retired(scene)
    return OperationKind.REENCRYPT, scene.scope, Purpose.DATA


def _moved(scene: Scene, kind: OperationKind, scope: str, purpose: Purpose) -> list[str]:
    left = rewrapping.outstanding(scope, purpose)
    return unfinished(scope, purpose) + ([f"{left} values are left"] if left else [])


def _prepare_rotate_root(scene: Scene) -> tuple[object, ...]:
    return (scene.next_root_key(),)


def _root_rotated(scene: Scene, fingerprint: str) -> list[str]:
    return [
        str(key)
        for key in WrappedKey.objects.exclude(state=KeyState.DESTROYED.value)
        if key.next_wrapped is not None or fingerprint_of(bytes(key.root_key_id)) != fingerprint
    ]


def _prepare_shred(scene: Scene) -> tuple[object, ...]:
    return (scene.doomed().pk,)


def _shredded(scene: Scene, organization: UUID) -> list[str]:
    keys = WrappedKey.objects.filter(scope=str(organization)).exclude(state=KeyState.DESTROYED.value)
    return [str(key) for key in keys] + (["values still open"] if opens(organization) else [])


OPERATIONS = [
    Operation("rotate", rotate, _prepare_rotate, _rotated),
    Operation("rewrap", move, _prepare_rewrap, _moved),
    Operation("reencrypt", move, _prepare_reencrypt, _moved),
    Operation("rotate-root", rotate_root, _prepare_rotate_root, _root_rotated, root_keys=150),
    Operation("shred", shred, _prepare_shred, _shredded),
]

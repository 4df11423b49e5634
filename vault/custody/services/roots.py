"""Rotating the root key: every tenant key gets a second wrapping, and later loses the first."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from audit.actions import Action, ResourceKind
from audit.resource import Resource
from audit.services import append
from vault.crypto.fingerprint import fingerprint as fingerprint_of
from vault.crypto.rootkey import RootKey
from vault.custody.errors import RootKeyRefused
from vault.custody.services.authority import Requester, audit_actor, authorize_instance
from vault.keys import rootkeys
from vault.keys.keyrings import WrongRootKey
from vault.keys.models import WrappedKey
from vault.keys.providers import root_keys
from vault.keys.purposes import KeyState

Progress = Callable[[int, int], None]
"""Is told how many tenant keys were rewritten so far, of how many."""


@dataclass(frozen=True, slots=True)
class RootRotation:
    """`fingerprint`: of the root key that wraps now. `keys`: how many tenant keys were rewritten by this call.
    `finished`: whether it is the only wrapping of all of them."""

    fingerprint: str
    keys: int
    finished: bool


def rotate_root(*, actor: Requester, fingerprint: str | None = None, progress: Progress | None = None) -> RootRotation:
    """Phase 1: the next configured root key wraps, beside the present one. Done again, it changes nothing.

    `fingerprint`: which of several configured ones; with the one that wraps alone already, nothing happens. Raises
    `InstanceAdministratorsOnly`, `RootKeyRefused` (no next root key; the message says how to configure one),
    `EventNotWritten`.
    """
    with transaction.atomic(durable=True):
        authorize_instance(actor)
        under_way, wanted = _under_way(), fingerprint.strip().lower() if fingerprint is not None else None
        if under_way is None and wanted is not None and wanted == rootkeys.wrapping_root_key().fingerprint:
            return RootRotation(wanted, 0, finished=True)
        try:
            root_key = under_way or rootkeys.next_root_key(fingerprint)
            if wanted is not None and root_key.fingerprint != wanted:
                raise RootKeyRefused(
                    f"A rotation to the root key {root_key.fingerprint} is under way. Finish it with "
                    "`manage.py keys rotate-root --finish` before you begin another."
                )
            keys = rootkeys.begin_root_rotation(root_key, progress=_of_all(progress))
        except (rootkeys.NoNextRootKey, rootkeys.RootRotationUnderWay, WrongRootKey) as refused:
            raise RootKeyRefused(str(refused)) from refused
        if keys:
            append(
                actor=audit_actor(actor),
                action=Action.ROOT_KEY_ROTATION_STARTED,
                resource=root_key_resource(root_key),
                details={"root_key": root_key.fingerprint, "keys": keys},
            )
    return RootRotation(root_key.fingerprint, keys, finished=False)


def finish_root_rotation(*, actor: Requester, force: bool = False, progress: Progress | None = None) -> RootRotation:
    """Phase 2: the second wrapping becomes the only one; nothing happens when there is none.

    Raises `RootKeyRefused` while a serving process lacks the root key, unless `force`; `InstanceAdministratorsOnly`,
    `EventNotWritten`.
    """
    with transaction.atomic(durable=True):
        authorize_instance(actor)
        root_key = _under_way()
        if root_key is None:
            return RootRotation(rootkeys.wrapping_root_key().fingerprint, 0, finished=True)
        try:
            keys = rootkeys.finish_root_rotation(root_key, force=force, progress=_of_all(progress))
        except rootkeys.ProcessesLackRootKey as refused:
            raise RootKeyRefused(str(refused)) from refused
        append(
            actor=audit_actor(actor),
            action=Action.ROOT_KEY_ROTATION_FINISHED,
            resource=root_key_resource(root_key),
            details={"root_key": root_key.fingerprint, "keys": keys, "forced": force},
        )
    return RootRotation(root_key.fingerprint, keys, finished=True)


def root_key_resource(root_key: RootKey) -> Resource:
    """How events name a root key: by its id and its fingerprint."""
    return Resource(ResourceKind.KEY, root_key.key_id.hex(), root_key.fingerprint)


def _of_all(progress: Progress | None) -> Callable[[int], None] | None:
    if progress is None:
        return None
    total = WrappedKey.objects.exclude(state=KeyState.DESTROYED.value).count()
    return lambda rows: progress(rows, max(rows, total))


def _under_way() -> RootKey | None:
    """The root key to which a rotation is under way. Raises `RootKeyRefused` if it is not configured here."""
    waiting = WrappedKey.objects.filter(next_root_key_id__isnull=False).values_list("next_root_key_id", flat=True)
    next_id = waiting.order_by().first()
    if next_id is None:
        return None
    for root_key in root_keys():
        if root_key.key_id == bytes(next_id):
            return root_key
    raise RootKeyRefused(
        f"A rotation to the root key {fingerprint_of(bytes(next_id))} is under way, and it is not configured here. "
        "Add it to the configured root keys and restart."
    )

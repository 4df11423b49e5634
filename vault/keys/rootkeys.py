"""Root keys over time: which one wraps, and how the next one takes its place.

In two phases, so that nobody is ever without a root key that opens. ``begin_root_rotation`` gives every tenant key a
second wrapping under the next root key: processes that have either root key work. ``finish_root_rotation`` makes the
second wrapping the only one, once every process has the next root key. Both write rows of tenant keys and nothing else,
in short transactions; killed and called again, they go on where they were.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from vault.crypto.errors import CryptoError
from vault.crypto.fingerprint import fingerprint as shown
from vault.crypto.rootkey import WRAPPED_SIZE, RootKey, new_tenant_key, root_key_id_of, unwrap, wrap_again
from vault.keys import generation, processes, providers
from vault.keys.keyrings import WrongRootKey
from vault.keys.models import KnownRootKey, ServingProcess, WrappedKey
from vault.keys.providers import RootKeyProblem
from vault.keys.purposes import KeyState, Purpose

_BATCH = 500


class NoNextRootKey(CryptoError):
    """No configured root key could take over the wrapping. Says how to configure one."""


class RootRotationUnderWay(CryptoError):
    """Another root key is on its way to take over. Names it."""

    def __init__(self, root_key_id: bytes) -> None:
        self.root_key_id = root_key_id
        super().__init__(
            f"The root key {shown(root_key_id)} is on its way to take over, and not every process may have it yet. "
            "Finish that first: `manage.py keys rotate-root --finish`."
        )


class RootRotationNotBegun(CryptoError):
    """A root key that does not wrap was to become the only one."""

    def __init__(self, root_key_id: bytes) -> None:
        super().__init__(
            f"The root key {shown(root_key_id)} does not wrap yet. Run `manage.py keys rotate-root` first."
        )


class ProcessesLackRootKey(CryptoError):
    """Processes that are serving do not have the root key. ``processes``: which."""

    def __init__(self, root_key_id: bytes, lacking: list[ServingProcess]) -> None:
        self.processes = lacking
        named = ", ".join(f"{each.pid} on {each.host}" for each in lacking)
        super().__init__(
            f"Processes that were there within the last hour do not have the root key {shown(root_key_id)}: {named}. "
            "Add it to their configuration after the first and restart them, or wait an hour if they are gone."
        )


class Wrapping(NamedTuple):
    """The root keys under which a new tenant key is wrapped. ``next``: the one that is on its way to take over."""

    now: RootKey
    next: RootKey | None


def wrapping_root_key() -> RootKey:
    """The root key that wraps new tenant keys, and will be the only one. Raises RootKeyProblem."""
    wrapping = wrapping_root_keys()
    return wrapping.next or wrapping.now


def wrapping_root_keys() -> Wrapping:
    """The root keys under which a new tenant key is wrapped: of those that wrap, the ones configured here.

    In an instance where none wraps yet, and in a process that has none of those, the first that is configured and was
    not replaced. Raises RootKeyProblem.
    """
    configured = {key.key_id: key for key in providers.root_keys()}
    here = [configured[key_id] for key_id in _wrapping_ids() if key_id in configured]
    if not here:
        here = [key for key_id, key in configured.items() if key_id not in _replaced_ids()][:1]
    if not here:
        raise RootKeyProblem(
            "Every root key that is configured was replaced by another one, which is not configured. Add it to "
            "HOLDFAST_ROOT_KEY, or to the file that HOLDFAST_ROOT_KEY_FILE names, and restart."
        )
    return Wrapping(here[0], here[-1] if len(here) > 1 else None)


def wrap_new(*, scope: str, purpose: Purpose, version: int) -> tuple[bytes, dict[str, bytes | None]]:
    """A new tenant key, wrapped under every root key that it needs. Within a transaction, which a rotation waits for.

    Gives its id, and its wrappings by the name of the column. Raises RootKeyProblem.
    """
    generation.share()
    now, following = wrapping_root_keys()
    wrapped, key = new_tenant_key(now, scope=scope, purpose=purpose.value, version=version, use=purpose.use)
    again = None
    if following is not None:
        again = wrap_again(
            now, following, wrapped, scope=scope, purpose=purpose.value, version=version, key_id=key.key_id
        )
    _note_wrapping(now)
    return key.key_id, {
        "root_key_id": now.key_id,
        "wrapped": wrapped,
        "next_root_key_id": None if following is None else following.key_id,
        "next_wrapped": again,
    }


def record_root_keys() -> None:
    """Write down which root keys this process was started with, and where they come from. Raises RootKeyProblem."""
    for root_key in providers.root_keys():
        source = _source(root_key)
        _, new = KnownRootKey.objects.get_or_create(key_id=root_key.key_id, defaults={"source": source})
        if not new:
            KnownRootKey.objects.filter(key_id=root_key.key_id).exclude(source=source).update(source=source)


def next_root_key(fingerprint: str | None = None) -> RootKey:
    """The root key to rotate to: the one that is configured and never wrapped; or the one already on its way.

    ``fingerprint``: which, if several could. Root keys that were added to the configuration meanwhile are seen. Raises
    NoNextRootKey, RootKeyProblem.
    """
    wrapping, replaced = _wrapping_ids(), _replaced_ids()
    under_way = wrapping[-1:] if len(wrapping) > 1 else []
    possible = [
        key
        for key in providers.reread()
        if key.key_id in under_way or (not under_way and key.key_id not in {*wrapping, *replaced})
    ]
    if fingerprint is not None:
        possible = [key for key in possible if key.fingerprint == fingerprint.strip().lower()]
    if len(possible) == 1:
        return possible[0]
    if possible:
        named = ", ".join(key.fingerprint for key in possible)
        raise NoNextRootKey(
            f"Several configured root keys could be the next one: {named}. Name one by its fingerprint."
        )
    if under_way:
        raise RootRotationUnderWay(under_way[0])
    raise NoNextRootKey(
        f"{'No configured root key can' if fingerprint is None else f'The root key {fingerprint} cannot'} be the next "
        "one: it must be configured, and must never have wrapped. Make one with `manage.py generate_root_key`, keep a "
        "copy offline, add it after the first in HOLDFAST_ROOT_KEY, or in the file that HOLDFAST_ROOT_KEY_FILE names, "
        "and restart every process."
    )


def begin_root_rotation(root_key: RootKey, *, progress: Callable[[int], None] | None = None) -> int:
    """Give every tenant key a second wrapping under ``root_key``, which wraps new ones too from now on.

    Nothing is taken away: whoever has the old root key goes on. ``progress(rows)`` is called after each batch. Gives
    the number of rows written, 0 if all was done before. Raises RootRotationUnderWay, NoNextRootKey for a root key that
    was replaced, WrongRootKey if the old one is not configured, DamagedKey.
    """
    with transaction.atomic():
        generation.lock()
        wrapping = _wrapping_ids()
        if len(wrapping) > 1 and wrapping[-1] != root_key.key_id:
            raise RootRotationUnderWay(wrapping[-1])
        if root_key.key_id in _replaced_ids() or root_key.key_id in wrapping[:-1]:
            raise NoNextRootKey(f"The root key {root_key.fingerprint} was replaced, and never wraps again.")
        _note_wrapping(root_key)
    return _in_batches(root_key, _not_under(root_key).exclude(_has_next(root_key)), _wrap_next, progress=progress)


def finish_root_rotation(
    root_key: RootKey, *, force: bool = False, progress: Callable[[int], None] | None = None
) -> int:
    """Make the wrapping under ``root_key`` the only one of every tenant key: the old root key is needed no more.

    Each second wrapping is opened before the first is given up. Gives the number of rows written. Raises
    RootRotationNotBegun, RootRotationUnderWay, ProcessesLackRootKey unless ``force``, WrongRootKey, DamagedKey.
    """
    wrapping = _wrapping_ids()
    if root_key.key_id not in wrapping:
        raise RootRotationNotBegun(root_key.key_id)
    if wrapping[-1] != root_key.key_id:
        raise RootRotationUnderWay(wrapping[-1])
    lacking = [] if force else processes_lacking(root_key.key_id)
    if lacking:
        raise ProcessesLackRootKey(root_key.key_id, lacking)
    return _in_batches(root_key, _not_under(root_key), _only_next, at_the_end=_replace_others, progress=progress)


def processes_lacking(root_key_id: bytes) -> list[ServingProcess]:
    """The processes that were there within the last hour and do not have a root key."""
    return [each for each in processes.present() if root_key_id.hex() not in each.root_key_ids]


def _wrapping_ids() -> list[bytes]:
    """The root keys that wrap, the one that wraps longest first: one, or two during a rotation."""
    rows = KnownRootKey.objects.filter(retired_at=None, wrapping_since__isnull=False)
    return [bytes(key_id) for key_id in rows.order_by("wrapping_since", "pk").values_list("key_id", flat=True)]


def _replaced_ids() -> list[bytes]:
    replaced = KnownRootKey.objects.filter(retired_at__isnull=False)
    return [bytes(key_id) for key_id in replaced.values_list("key_id", flat=True)]


def _source(root_key: RootKey) -> str:
    return providers.source_description(root_key.key_id)[: KnownRootKey._meta.get_field("source").max_length]


def _note_wrapping(root_key: RootKey) -> None:
    """Write down since when a root key wraps, unless that is written: after all others, whatever the clock says."""
    wrapping = KnownRootKey.objects.filter(wrapping_since__isnull=False)
    if wrapping.filter(key_id=root_key.key_id).exists():
        return
    now, latest = timezone.now(), wrapping.aggregate(latest=models.Max("wrapping_since"))["latest"]
    if latest is not None and latest >= now:
        now = latest + timedelta(microseconds=1)
    known = KnownRootKey(key_id=root_key.key_id, source=_source(root_key), wrapping_since=now)
    KnownRootKey.objects.bulk_create([known], ignore_conflicts=True)
    KnownRootKey.objects.filter(key_id=root_key.key_id, wrapping_since=None).update(wrapping_since=now)


def _not_under(root_key: RootKey) -> models.QuerySet[WrappedKey]:
    """The rows whose wrapping is another's, by their bytes: what a row says of itself may be wrong, and giving up the
    other root key could not be undone."""
    begins = b"\x01" + root_key.key_id  # version and root key (FORMAT.md, Wrapped tenant key)
    under = Q(root_key_id=root_key.key_id, wrapped__gte=begins, wrapped__lte=begins.ljust(WRAPPED_SIZE, b"\xff"))
    return WrappedKey.objects.exclude(state=KeyState.DESTROYED.value).exclude(under)


def _has_next(root_key: RootKey) -> Q:
    return Q(next_root_key_id__isnull=False, next_root_key_id=root_key.key_id)


def _in_batches(
    root_key: RootKey,
    rows: models.QuerySet[WrappedKey],
    change: Callable[[WrappedKey, RootKey], None],
    *,
    at_the_end: Callable[[RootKey], None] | None = None,
    progress: Callable[[int], None] | None,
) -> int:
    """Change rows until there are none, a batch in each transaction; ``at_the_end`` in the one that finds none."""
    written = 0
    while True:
        with transaction.atomic():
            generation.lock()
            batch = list(rows.select_for_update(no_key=True).order_by("pk")[:_BATCH])
            for row in batch:
                change(row, root_key)
            WrappedKey.objects.bulk_update(batch, ["root_key_id", "wrapped", "next_root_key_id", "next_wrapped"])
            if not batch and at_the_end is not None:
                at_the_end(root_key)
        if not batch:
            return written
        written += len(batch)
        if progress is not None:
            progress(written)


def _wrap_next(row: WrappedKey, root_key: RootKey) -> None:
    """Give a row its second wrapping, made from the first."""
    wrapped = bytes(row.wrapped)
    source = providers.root_key(root_key_id_of(wrapped))
    if source is None:
        raise WrongRootKey(root_key_id_of(wrapped))
    row.next_root_key_id = root_key.key_id
    row.next_wrapped = wrap_again(
        source,
        root_key,
        wrapped,
        scope=row.scope,
        purpose=row.purpose,
        version=row.version,
        key_id=bytes(row.key_id),
    )


def _only_next(row: WrappedKey, root_key: RootKey) -> None:
    """Make the second wrapping of a row the only one. A row that was made meanwhile without one gets it first."""
    if row.next_root_key_id is None or bytes(row.next_root_key_id) != root_key.key_id:
        _wrap_next(row, root_key)
    wrapped = bytes(row.next_wrapped or b"")
    purpose = Purpose(row.purpose)
    unwrap(
        root_key,
        wrapped,
        scope=row.scope,
        purpose=purpose.value,
        version=row.version,
        use=purpose.use,
        key_id=bytes(row.key_id),
    )
    row.root_key_id, row.wrapped = root_key.key_id, wrapped
    row.next_root_key_id = row.next_wrapped = None


def _replace_others(root_key: RootKey) -> None:
    others = KnownRootKey.objects.filter(retired_at=None, wrapping_since__isnull=False).exclude(key_id=root_key.key_id)
    others.update(retired_at=timezone.now())

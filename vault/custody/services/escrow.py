"""Shares of the root key: making them, and letting a holder confirm one."""

from django.db import transaction
from django.utils import timezone

from audit.actions import Action, ResourceKind
from audit.resource import Resource
from audit.services import append
from vault.crypto import shares as slip39
from vault.crypto.secrecy import Confidential, scrubbed
from vault.custody.errors import RootKeyRefused, ShareRefused
from vault.custody.models import EscrowSet, EscrowShare
from vault.custody.services.authority import Requester, audit_actor, authorize_instance
from vault.keys import rootkeys
from vault.keys.peppers import keyed_hash, keyed_hash_candidates
from vault.keys.providers import RootKeyProblem, root_key_text
from vault.keys.purposes import Purpose


class SplitRoot(Confidential):
    """The words of each share, in order, which exist nowhere else; and the set that knows them by keyed hash."""

    __slots__ = ("escrow", "shares")

    escrow: EscrowSet
    shares: tuple[str, ...]

    def __init__(self, escrow: EscrowSet, shares: tuple[str, ...]) -> None:
        self._set(escrow=escrow, shares=shares)


@scrubbed
def split_root_key(*, actor: Requester, shares: int = 5, threshold: int = 3) -> SplitRoot:
    """Splits the wrapping root key into `shares`, of which any `threshold` rebuild it; replaces the set before.

    The shares before still rebuild that key: their holders destroy them. Raises `InstanceAdministratorsOnly`,
    `RootKeyRefused`, `ValueError` for numbers that cannot be, `EventNotWritten`.
    """
    with transaction.atomic(durable=True):
        authorize_instance(actor)
        root_key = rootkeys.wrapping_root_key()
        try:
            words = slip39.split(root_key_text(root_key.key_id), threshold=threshold, shares=shares)
        except RootKeyProblem as refused:
            raise RootKeyRefused(str(refused)) from None
        now = timezone.now()
        EscrowSet.objects.filter(root_key_id=root_key.key_id, replaced_at__isnull=True).update(replaced_at=now)
        escrow = EscrowSet.objects.create(
            root_key_id=root_key.key_id, threshold=threshold, shares=shares, created_at=now
        )
        EscrowShare.objects.bulk_create(
            EscrowShare(escrow=escrow, index=index, mac=keyed_hash(Purpose.TOKEN, _message(share)))
            for index, share in enumerate(words, 1)
        )
        append(
            actor=audit_actor(actor),
            action=Action.ROOT_KEY_SPLIT,
            resource=_resource(escrow),
            details={"shares": shares, "threshold": threshold, "root_key": escrow.root_fingerprint},
        )
    return SplitRoot(escrow, tuple(words))


@scrubbed
def confirm_share(*, actor: Requester, words: str) -> EscrowShare:
    """Notes that a holder still has a share, by its words, and returns it with its set (`share.escrow`).

    Raises `InstanceAdministratorsOnly`; `ShareRefused` for what is no share, and for a share of no set that is known
    here; `EventNotWritten`.
    """
    try:
        candidates = keyed_hash_candidates(Purpose.TOKEN, _message(words))
    except slip39.BadShare as bad:
        raise ShareRefused(f"This is not a share of a root key: {bad.problem}") from None
    with transaction.atomic():
        authorize_instance(actor)
        share = EscrowShare.objects.select_related("escrow").filter(mac__in=candidates).first()
        if share is None:
            raise ShareRefused(
                "The words are a share, but of no set that this instance made. Perhaps it belongs to another instance."
            )
        share.confirmed_at = timezone.now()
        share.save(update_fields=["confirmed_at"])
        append(
            actor=audit_actor(actor),
            action=Action.ROOT_KEY_SHARE_CONFIRMED,
            resource=_resource(share.escrow),
            details={"index": share.index, "root_key": share.escrow.root_fingerprint},
        )
    return share


def _message(words: str) -> bytes:
    """What the keyed hash of a share is made of: its words in their one form. Raises `BadShare`."""
    return b"escrow-share:" + slip39.normalized(words).encode()


def _resource(escrow: EscrowSet) -> Resource:
    return Resource(ResourceKind.KEY, bytes(escrow.root_key_id).hex(), escrow.root_fingerprint)

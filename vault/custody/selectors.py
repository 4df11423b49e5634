"""What pages and commands show of keys: the inventory, what is due, the last verification, escrow, open work.

Whoever calls decides who may see it: `key:rotate` for an organization's keys, instance administrators for the rest.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from orgs.models import Organization
from vault.crypto.errors import CryptoError
from vault.crypto.fingerprint import fingerprint
from vault.custody.kinds import MOVING, OperationKind, OperationState
from vault.custody.models import EscrowSet, EscrowShare, KeyOperation, KeyReport, ShredRequest
from vault.fields import census
from vault.keys import counting, rootkeys
from vault.keys.models import KnownRootKey, WrappedKey
from vault.keys.providers import RootKeyProblem, root_keys, source_description
from vault.keys.purposes import SYSTEM_SCOPE, KeyState, Purpose


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One tenant key in the inventory.

    `scope_label`: the organization's name, or “This instance”. `root_source`: where its root key comes from, empty if
    it is not configured. `wraps`: how often it was used to wrap, reserved in blocks. `rows`: values or keyed hashes
    under it now. `due_at`, `overdue`: of an active key, by the rotation period of its purpose (`period_days`).
    """

    uid: UUID
    scope: str
    scope_label: str
    organization_id: UUID | None
    organization_slug: str
    purpose: Purpose
    version: int
    state: KeyState
    fingerprint: str
    root_fingerprint: str
    next_root_fingerprint: str
    root_source: str
    created_at: datetime
    activated_at: datetime | None
    age_days: int
    wraps: int
    rows: int
    period_days: int
    due_at: datetime | None
    overdue: bool

    @property
    def movable(self) -> bool:
        """Whether values lie under it, so that it can be rewrapped and reencrypted; other keys authenticate."""
        return self.purpose in MOVABLE


MOVABLE = (Purpose.DATA, Purpose.TOTP)
"""Purposes whose keys wrap data keys."""


@dataclass(frozen=True, slots=True)
class EscrowState:
    """Whether the wrapping root key can be rebuilt from shares.

    `root_fingerprint`: of the root key that wraps now. `current`: the set of its shares, None if it was never split.
    `shares`: of that set, in order. `confirmed`: how many of them were confirmed since they were made.
    """

    root_fingerprint: str
    current: EscrowSet | None
    shares: tuple[EscrowShare, ...]

    @property
    def confirmed(self) -> int:
        return sum(share.confirmed_at is not None for share in self.shares)

    @property
    def covered(self) -> bool:
        """Whether there is a set of shares for the root key that wraps now."""
        return self.current is not None

    @property
    def last_confirmed_at(self) -> datetime | None:
        return max((share.confirmed_at for share in self.shares if share.confirmed_at), default=None)


@dataclass(frozen=True, slots=True)
class RootKeyLine:
    """One root key that is configured or needed. `keys`: how many tenant keys it wraps now. `due_at`, `overdue`: of the
    one that wraps, by the rotation period of root keys (`period_days`)."""

    fingerprint: str
    source: str
    configured: bool
    wrapping: bool
    keys: int
    first_seen_at: datetime | None
    wrapping_since: datetime | None
    period_days: int

    @property
    def due_at(self) -> datetime | None:
        if not self.wrapping or self.wrapping_since is None:
            return None
        return self.wrapping_since + timedelta(days=self.period_days)

    @property
    def overdue(self) -> bool:
        return self.due_at is not None and self.due_at <= timezone.now()


def inventory(scope: str) -> list[KeyLine]:
    """Every key of one scope (an organization's uid as text, or `system`), the newest of each purpose first."""
    return _lines(WrappedKey.objects.filter(scope=scope))


def instance_inventory() -> list[KeyLine]:
    """Every key of every scope: the instance's own first, then organization by organization."""
    return _lines(WrappedKey.objects.all())


def lines_of(keys: QuerySet[WrappedKey]) -> list[KeyLine]:
    """The lines of some keys, as a page of many shows them."""
    return _lines(keys)


def due_lines(lines: Iterable[KeyLine], *, within_days: int = 0) -> list[KeyLine]:
    """Those of `lines` whose rotation is due now, or within so many days; the longest overdue first."""
    limit = timezone.now() + timedelta(days=within_days)
    due = [line for line in lines if line.due_at is not None and line.due_at <= limit]
    return sorted(due, key=lambda line: line.due_at or limit)


def root_key_lines() -> list[RootKeyLine]:
    """The root keys that are configured, and those that tenant keys in the database need."""
    sources = _sources()
    configured = set(sources)
    wrapping = rootkeys.wrapping_root_key().key_id
    counts: dict[bytes, int] = {}
    for root_key_id in (
        WrappedKey.objects.exclude(state=KeyState.DESTROYED.value).order_by().values_list("root_key_id", flat=True)
    ):
        counts[bytes(root_key_id)] = counts.get(bytes(root_key_id), 0) + 1
    known = {bytes(row.key_id): row for row in KnownRootKey.objects.all()}
    lines = [
        RootKeyLine(
            fingerprint=fingerprint(key_id),
            source=sources.get(key_id, ""),
            configured=key_id in configured,
            wrapping=key_id == wrapping,
            keys=counts.get(key_id, 0),
            first_seen_at=known[key_id].first_seen_at if key_id in known else None,
            wrapping_since=known[key_id].wrapping_since if key_id in known else None,
            period_days=settings.ROOT_KEY_ROTATION_DAYS,
        )
        for key_id in {*configured, *counts}
    ]
    return sorted(lines, key=lambda line: (not line.wrapping, not line.configured, line.fingerprint))


def escrow_state() -> EscrowState:
    """The shares of the root key that wraps now."""
    root_key = rootkeys.wrapping_root_key()
    current = EscrowSet.objects.filter(root_key_id=root_key.key_id, replaced_at__isnull=True).first()
    return EscrowState(root_key.fingerprint, current, tuple(current.members.all()) if current else ())


def last_verification(scope: str | None, *, whole: bool = False) -> KeyOperation | None:
    """The newest finished verification of that scope (None: of the whole instance), or of everything.

    `whole`: the newest one that opened every value, and not a sample of them.
    """
    scopes = {"", scope or ""}
    found = KeyOperation.objects.filter(kind=OperationKind.VERIFY, scope__in=scopes, finished_at__isnull=False)
    return (found.filter(result__sample=None) if whole else found).first()


def open_operation(scope: str, purpose: Purpose) -> KeyOperation | None:
    """The rewrapping or reencryption of these rows that is under way."""
    return KeyOperation.objects.filter(
        scope=scope, purpose=purpose, state=OperationState.RUNNING, kind__in=MOVING
    ).first()


def operations_of(scope: str | None, *, limit: int = 20) -> list[KeyOperation]:
    """The newest operations about a scope (None: about any), those about everything included."""
    operations = KeyOperation.objects.all()
    if scope is not None:
        operations = operations.filter(Q(scope=scope) | Q(scope=""))
    return list(operations[:limit])


def reports_of(organization_id: UUID | None) -> QuerySet[KeyReport]:
    """The signed reports about an organization (None: about the instance), the newest first."""
    return KeyReport.objects.filter(organization_id=organization_id)


def open_shred_request(organization: Organization) -> ShredRequest | None:
    """The request to destroy the organization's keys that waits for approval or, approved, for its execution."""
    return (
        ShredRequest.objects.select_related("requested_by", "approved_by")
        .filter(
            organization=organization,
            executed_at__isnull=True,
            cancelled_at__isnull=True,
            expires_at__gt=timezone.now(),
        )
        .first()
    )


def shredded_at(organization_id: UUID) -> datetime | None:
    """When the organization's keys were destroyed; None while they are there."""
    return (
        ShredRequest.objects.filter(organization_id=organization_id, executed_at__isnull=False)
        .values_list("executed_at", flat=True)
        .first()
    )


def _lines(keys: QuerySet[WrappedKey]) -> list[KeyLine]:
    """The lines of `keys`, with one census for all of them."""
    found = list(keys)
    rows = census.rows_under(found)
    organizations = {str(each.uid): each for each in Organization.objects.filter(uid__in=_uids(found))}
    sources = _sources()
    now = timezone.now()
    reserved = counting.reserved()
    lines = [
        _line(
            key,
            organizations.get(key.scope),
            rows=rows.get(key.uid, 0),
            wraps=max(key.wraps, reserved.get(bytes(key.key_id), 0)),
            sources=sources,
            now=now,
        )
        for key in found
    ]
    return sorted(
        lines, key=lambda line: (line.scope != SYSTEM_SCOPE, line.scope_label, line.scope, line.purpose, -line.version)
    )


def _uids(keys: Iterable[WrappedKey]) -> set[str]:
    return {key.scope for key in keys if key.scope != SYSTEM_SCOPE}


def _sources() -> dict[bytes, str]:
    """Where each configured root key comes from."""
    try:
        return {key.key_id: source_description(key.key_id) for key in root_keys()}
    except (RootKeyProblem, CryptoError):
        return {}


def _line(
    key: WrappedKey,
    organization: Organization | None,
    *,
    rows: int,
    wraps: int,
    sources: dict[bytes, str],
    now: datetime,
) -> KeyLine:
    purpose, state = Purpose(key.purpose), KeyState(key.state)
    period = settings.KEY_ROTATION_DAYS[purpose.value]
    since = key.activated_at or key.created_at
    due_at = since + timedelta(days=period) if state is KeyState.ACTIVE else None
    if key.scope == SYSTEM_SCOPE:
        label = "This instance"
    else:
        label = organization.name if organization else "An organization that is gone"
    return KeyLine(
        uid=key.uid,
        scope=key.scope,
        scope_label=label,
        organization_id=organization.uid if organization else None,
        organization_slug=organization.slug if organization else "",
        purpose=purpose,
        version=key.version,
        state=state,
        fingerprint=key.fingerprint,
        root_fingerprint=fingerprint(bytes(key.root_key_id)),
        next_root_fingerprint=fingerprint(bytes(key.next_root_key_id)) if key.next_root_key_id else "",
        root_source=sources.get(bytes(key.root_key_id), ""),
        created_at=key.created_at,
        activated_at=key.activated_at,
        age_days=(now - key.created_at).days,
        wraps=wraps,
        rows=rows,
        period_days=period,
        due_at=due_at,
        overdue=due_at is not None and due_at <= now,
    )

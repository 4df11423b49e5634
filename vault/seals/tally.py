"""The tallies: one number for an organization (and one for the instance) that tells which seals there are.

The sum is the multiset hash MSet-Add-Hash of D. Clarke, S. Devadas, M. van Dijk, B. Gassend and G. E. Suh, "Incremental
Multiset Hash Functions and Their Application to Memory Integrity Checking", ASIACRYPT 2003, §5: the hashes of the
elements, keyed, added modulo 2^256, plus a keyed hash of a fresh nonce. Adding or taking away an element costs two
hashes, whatever the size of the set. The nonce's hash hides the sum: without it the difference between two tallies
would show an element's hash, and enough of those could be combined to an equal sum (D. Wagner, "A Generalized Birthday
Problem", CRYPTO 2002).

Whoever changes a seal locks the tally first and holds it until the transaction ends, so that whoever holds a tally
sees all the seals that it counts.
"""

import secrets
from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.actions import ResourceKind
from vault.crypto.errors import KeyUnavailable
from vault.crypto.fingerprint import KEY_ID_SIZE
from vault.crypto.signing import length_prefixed
from vault.keys.peppers import keyed_hash, keyed_hash_matches, keyed_hasher
from vault.keys.purposes import SYSTEM_SCOPE, Purpose
from vault.seals import seen
from vault.seals.canonical import canonical_element, canonical_value
from vault.seals.models import NONCE_SIZE, SUM_SIZE, Seal, Tally
from vault.seals.reporting import Broken, report

KIND = "seals.tally"
_LABEL = b"holdfast/v1/seal-tally"
_NONCE_LABEL = b"holdfast/v1/seal-nonce"
_MODULUS: int = 2 ** (8 * SUM_SIZE)

Element = tuple[str, str, int]
"""Kind, row and version of a seal."""


def scope_of(organization_id: UUID | None) -> str:
    """The scope of a tally, and of its rows."""
    return SYSTEM_SCOPE if organization_id is None else str(organization_id)


def change(organization_id: UUID | None, *, added: Sequence[Element] = (), removed: Sequence[Element] = ()) -> None:
    """Count seals in and out, before they are written: locks the tally until the transaction ends.

    A tally that is wrong stays wrong, however often it is changed, until somebody takes the rows over as they are
    (``accept``).
    """
    tally = _locked(organization_id)
    key_id = _active_key_id()
    fault = fault_of(tally)
    if fault is None and bytes(tally.mac[:KEY_ID_SIZE]) == key_id:
        total = _bare_sum(tally)
    else:
        # The key was rotated, or the tally is not ours: count all seals, under the active key, and keep what was wrong.
        there = elements(organization_id)
        right = fault is None and agrees(tally, there)
        total = (_total(there, key_id) + (0 if right else 1 + secrets.randbelow(_MODULUS - 1))) % _MODULUS
        if fault is not None:
            report(broken(tally, fault))
    total += _total(added, key_id) - _total(removed, key_id)
    tally.rows = max(0, tally.rows + len(added) - len(removed))
    _write(tally, total % _MODULUS, key_id)


def accept(organization_id: UUID | None) -> None:
    """Make the tally that of the seals that are there now, whatever it was."""
    tally = _locked(organization_id)
    there, key_id = elements(organization_id), _active_key_id()
    tally.rows = len(there)
    _write(tally, _total(there, key_id), key_id)


def fault_of(tally: Tally) -> str | None:
    """What is wrong with a tally by itself: ``altered`` or ``older than seen``. None for a genuine one."""
    try:
        if not keyed_hash_matches(Purpose.ROW, _message(tally), tally.mac):
            return "altered"
    except KeyUnavailable:
        return "altered"
    return "older than seen" if tally.version < seen.highest(KIND, tally.scope) else None


def agrees(tally: Tally, there: Iterable[Element]) -> bool:
    """Whether a genuine tally is that of these seals."""
    there = list(there)
    return tally.rows == len(there) and _bare_sum(tally) == _total(there, bytes(tally.mac[:KEY_ID_SIZE]))


def elements(organization_id: UUID | None) -> list[Element]:
    """The seals of an organization, or of the instance, as they are in the database."""
    return list(Seal.objects.filter(organization_id=organization_id).values_list("kind", "row", "version"))


def broken(tally: Tally, fault: str) -> Broken:
    """The report about a tally."""
    return Broken(KIND, tally.scope, fault, tally.organization_id, ResourceKind.SEAL)


def _locked(organization_id: UUID | None) -> Tally:
    scope = scope_of(organization_id)
    tallies = Tally.objects.select_for_update(no_key=True).filter(scope=scope)
    tally = tallies.first()
    if tally is not None:
        return tally
    key_id = _active_key_id()
    # A tally that somebody deleted begins anew with nothing, which does not fit the seals that are there.
    new = Tally(scope=scope, organization_id=organization_id, rows=0, version=0)
    try:
        with transaction.atomic():
            _write(new, 0, key_id)
    except IntegrityError:
        return tallies.get()  # another transaction made it meanwhile
    return new


def _write(tally: Tally, total: int, key_id: bytes) -> None:
    nonce = secrets.token_bytes(NONCE_SIZE)
    tally.nonce = nonce
    tally.sum = ((total + _mask(nonce, key_id)) % _MODULUS).to_bytes(SUM_SIZE, "big")
    tally.version = max(tally.version, seen.highest(KIND, tally.scope)) + 1
    tally.mac = keyed_hash(Purpose.ROW, _message(tally))
    tally.save()
    seen.note([(KIND, tally.scope, tally.version)])


def _message(tally: Tally) -> bytes:
    return length_prefixed(
        _LABEL,
        tally.scope.encode(),
        canonical_value(tally.organization_id),
        *(canonical_value(value) for value in (tally.rows, tally.sum, tally.nonce, tally.version)),
    )


def _bare_sum(tally: Tally) -> int:
    hidden = int.from_bytes(bytes(tally.sum), "big")
    return (hidden - _mask(bytes(tally.nonce), bytes(tally.mac[:KEY_ID_SIZE]))) % _MODULUS


def _total(of: Iterable[Element], key_id: bytes) -> int:
    hashed = _hasher(key_id)
    return sum(hashed(canonical_element(kind=kind, row=row, version=version)) for kind, row, version in of) % _MODULUS


def _mask(nonce: bytes, key_id: bytes) -> int:
    return _hasher(key_id)(length_prefixed(_NONCE_LABEL, nonce))


def _hasher(key_id: bytes) -> Callable[[bytes], int]:
    hashed = keyed_hasher(Purpose.ROW, key_id=key_id)
    return lambda message: int.from_bytes(hashed(message)[KEY_ID_SIZE:], "big")


def _active_key_id() -> bytes:
    """The id of the key that seals are made with now, which nobody gives up before this transaction ends."""
    return keyed_hash(Purpose.ROW, _LABEL)[:KEY_ID_SIZE]

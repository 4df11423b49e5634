"""Going over everything that grants authority, row by row, and the tallies, which tell what the rows cannot."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from audit.actions import Action, Outcome, ResourceKind
from audit.actor import Actor
from audit.resource import Resource
from audit.services import record
from vault import tenancy
from vault.seals import tally as tallies
from vault.seals.kinds import sealed_models, self_sealed_models
from vault.seals.models import Seal, Tally
from vault.seals.reporting import Broken, report
from vault.seals.sealed import SealedModel
from vault.seals.verification import MEANWHILE, Fault, broken, fault_of, with_seal
from vault.seals.whole import MISCOUNTED

_BATCH = 500
UNREADABLE = "-"
"""In place of a row's name, where it cannot be told which one it is."""

Progress = Callable[[int, int], None]
"""Told how much is done of how much."""


@dataclass
class Verified:
    """`rows`: how many were looked at, tallies included. `faults`: everything that is not genuine."""

    rows: int = 0
    faults: list[Broken] = field(default_factory=list)


def verify_authority(*, actor: Actor, progress: Progress | None = None) -> Verified:
    """Verify every sealed row and every tally; alerts about what is not genuine, and an event of the run.

    A row that changes meanwhile is no fault. Raises InsideTransaction in a transaction.
    """
    with tenancy.everywhere("verifying what grants authority"):
        found = _verified(progress)
        for fault in found.faults:
            report(fault)
        record(
            actor=actor,
            action=Action.AUTHORITY_VERIFIED,
            outcome=Outcome.FAILURE if found.faults else Outcome.SUCCESS,
            resource=Resource(ResourceKind.INSTANCE, "1", "This instance"),
            details={"checked": found.rows, "failed": len(found.faults)},
        )
    return found


def _verified(progress: Progress | None) -> Verified:
    found = Verified()
    scopes = _scopes()
    total = sum(model._base_manager.count() for model in sealed_models()) + len(scopes)
    for fault in _sealed_rows():
        found.rows += 1
        if fault is not None:
            found.faults.append(fault)
        if progress is not None:
            progress(min(found.rows, total), total)
    for self_sealed in self_sealed_models():
        for fault in _readable(self_sealed.__name__.lower(), ResourceKind.SEAL, self_sealed.not_genuine()):
            found.rows += 1
            if fault is not None:
                found.faults.append(fault)
    found.faults += [
        Broken(seal.kind, seal.row, "of no model", seal.organization_id, ResourceKind.SEAL) for seal in _strays()
    ]
    for organization_id in scopes:
        for problem in _readable(tallies.KIND, ResourceKind.SEAL, map(_tally, [organization_id])):
            found.rows += 1
            if problem is not None:
                found.faults.append(problem)
    if progress is not None:
        progress(total, total)
    return found


def _sealed_rows() -> Iterator[Broken | None]:
    """For each row of a sealed model, and for each seal whose row is gone, what is wrong with it."""
    for model in sealed_models():
        for faults in (_rows(model), _orphans(model)):
            yield from _readable(model.seal_kind(), model.SEAL_RESOURCE, faults)


def _readable(kind: str, resource: ResourceKind, faults: Iterator[Broken | None]) -> Iterator[Broken | None]:
    """The same faults. A value that no row of ours has, and that cannot even be read, is one as well: it must not hide
    all others, hour after hour."""
    try:
        yield from faults
    except (DatabaseError, ValueError, TypeError, OverflowError) as problem:
        yield Broken(kind, UNREADABLE, f"rows that cannot be read ({type(problem).__name__})", None, resource)


def _rows(model: type[SealedModel]) -> Iterator[Broken | None]:
    after = None
    while True:
        rows = with_seal(model._base_manager.only(*model.SEALED).order_by("pk"))
        batch = list((rows if after is None else rows.filter(pk__gt=after))[:_BATCH])
        for row in batch:
            fault = fault_of(row)
            yield None if fault is None or fault in MEANWHILE else broken(row, fault)
        if len(batch) < _BATCH:
            return
        after = batch[-1].pk


def _orphans(model: type[SealedModel]) -> Iterator[Broken]:
    """Seals whose rows are not there: somebody deleted the rows alone."""
    there = {row.seal_row() for row in model._base_manager.only("pk").iterator(chunk_size=_BATCH)}
    for seal in Seal.objects.filter(kind=model.seal_kind()).iterator(chunk_size=_BATCH):
        if seal.row not in there and _is_orphan(model, seal):
            yield Broken(seal.kind, seal.row, str(Fault.GONE), seal.organization_id, model.SEAL_RESOURCE)


def _is_orphan(model: type[SealedModel], seal: Seal) -> bool:
    """Whether the row is still not there and the seal still is: neither was made, or deleted, meanwhile."""
    with suppress(ValidationError):
        if model._base_manager.filter(pk=model._meta.pk.to_python(seal.row)).exists():
            return False
    return Seal.objects.filter(pk=seal.pk).exists()


def _strays() -> list[Seal]:
    return list(Seal.objects.exclude(kind__in=[model.seal_kind() for model in sealed_models()]))


def _scopes() -> list[UUID | None]:
    """Whose tallies there are, or should be."""
    named = {*Tally.objects.values_list("organization_id", flat=True)}
    named |= set(Seal.objects.values_list("organization_id", flat=True).distinct())
    return sorted(named, key=str)


def _tally(organization_id: UUID | None) -> Broken | None:
    """What is wrong with a tally, which is locked meanwhile, so that its seals stand still."""
    with transaction.atomic():
        there = Tally.objects.select_for_update(no_key=True).filter(scope=tallies.scope_of(organization_id)).first()
        if there is None:
            gone = Tally(scope=tallies.scope_of(organization_id), organization_id=organization_id)
            return tallies.broken(gone, str(Fault.GONE))
        fault = tallies.fault_of(there)
        if fault is None and not tallies.agrees(there, tallies.elements(organization_id)):
            fault = MISCOUNTED
    return None if fault is None else tallies.broken(there, fault)

"""Whether all of an organization's rows of a kind are there: asked where they only forbid.

A row that is not genuine counts as absent, and one that was deleted is. Where rows give something, both are safe. Where
they forbid (who asked, who is in a team, what is owed), whoever takes one away would gain by it, also for a moment
alone: so the kind is looked at as a whole, with the tally, in the transaction that decides.
"""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from vault.seals import tally
from vault.seals.errors import SealBroken
from vault.seals.models import Seal, Tally
from vault.seals.reporting import Broken, report
from vault.seals.sealed import SealedModel
from vault.seals.verification import Fault, broken, fault_of, with_seal

MISCOUNTED = "does not fit its rows: some were brought back, or removed, together with their seals"
"""What is wrong with a tally that is not that of the seals which are there."""


def require_whole(organization_id: UUID, *models: type[SealedModel]) -> None:
    """Raises SealBroken, and reports, unless every row of these kinds that the organization ever had, and has not
    removed by itself, is there and genuine.

    In a transaction that holds the organization's lock, or rows may come and go meanwhile. Two queries for each kind,
    and two for the tally, which stays locked; it counts all seals of the organization. Where there are 100,000 an
    approval takes about eighteen times what it does where there are a hundred: a second of one core, in which others
    who change access in that organization wait. No memory of an earlier count would do instead: who takes a row away
    together with its seal changes nothing else.
    """
    for model in models:
        _require_rows(model, organization_id)
    scope = tally.scope_of(organization_id)
    counted = Tally.objects.select_for_update(no_key=True).filter(scope=scope).first()
    fault = str(Fault.GONE) if counted is None else tally.fault_of(counted)
    if counted is not None and fault is None and not tally.agrees(counted, tally.elements(organization_id)):
        fault = MISCOUNTED
    if fault is not None:
        _refuse(tally.broken(counted or Tally(scope=scope, organization_id=organization_id), fault))


def _require_rows(model: type[SealedModel], organization_id: UUID) -> None:
    seals = Seal.objects.filter(kind=model.seal_kind(), organization_id=organization_id)
    missing = set(seals.values_list("row", flat=True))
    rows: QuerySet[Any] = model._base_manager.all()  # of a model that has organizations
    for row in with_seal(rows.filter(organization_id=organization_id)):
        missing.discard(row.seal_row())
        fault = fault_of(row)
        if fault is not None:
            _refuse(broken(row, fault))
    if missing:
        gone = Broken(model.seal_kind(), min(missing), str(Fault.GONE), organization_id, model.SEAL_RESOURCE)
        _refuse(gone)


def _refuse(found: Broken) -> None:
    report(found)
    raise SealBroken(found.kind, found.row, found.fault)

"""Taking something over as it is in the database: for whoever has a shell on the server, and has found out why."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.actions import Action
from audit.actor import Actor
from audit.resource import Resource
from audit.services import append
from vault import tenancy
from vault.seals import sealed
from vault.seals import tally as tallies
from vault.seals.kinds import sealed_models
from vault.seals.models import Seal, Tally
from vault.seals.sealed import SealedModel
from vault.seals.tally import scope_of
from vault.seals.verification import broken, fault_of, with_seal


class NoSuchRow(LookupError):
    """There is neither such a row nor a seal of it. Says so for people."""


@transaction.atomic
def accept_row(*, actor: Actor, kind: str, row: str) -> str:
    """Seal a row as it is; take the seal of a row that is gone away. Returns what was wrong, empty if nothing was.

    ``kind``, ``row``: as ``verify_authority`` names them. Raises NoSuchRow.
    """
    with tenancy.everywhere("taking over a row that is not genuine"):
        model = _model(kind)
        stored = _stored(model, row)
        if stored is None:
            return _dropped(actor, model, row)
        fault = fault_of(stored)
        if fault is None:
            return ""
        sealed.accept(stored)
        report = broken(stored, fault)
        _append(actor, Resource(report.resource_kind, row), kind, str(fault), report.organization_id)
        return str(fault)


@transaction.atomic
def accept_tally(*, actor: Actor, scope: str) -> None:
    """Make the tally of an organization (its uid), or of the instance (``system``), that of the seals there are.

    Raises NoSuchRow.
    """
    with tenancy.everywhere("taking over a tally"):
        organization_id = _organization(scope)
        if not (
            Tally.objects.filter(scope=scope).exists() or Seal.objects.filter(organization_id=organization_id).exists()
        ):
            raise NoSuchRow(f"There is no tally of {scope}.")
        tallies.accept(organization_id)
        report = tallies.broken(Tally(scope=scope, organization_id=organization_id), "counted anew")
        _append(actor, Resource(report.resource_kind, scope), report.kind, report.fault, organization_id)


def _dropped(actor: Actor, model: type[SealedModel], row: str) -> str:
    seal = Seal.objects.filter(kind=model.seal_kind(), row=row).first()
    if seal is None:
        raise NoSuchRow(f"There is no row {row} of {model.seal_kind()}, and no seal of one.")
    tallies.change(seal.organization_id, removed=[(seal.kind, seal.row, seal.version)])
    seal.delete()
    _append(actor, Resource(model.SEAL_RESOURCE, row), seal.kind, "deleted", seal.organization_id)
    return "deleted"


def _append(actor: Actor, resource: Resource, kind: str, fault: str, organization_id: UUID | None) -> None:
    append(
        actor=actor,
        action=Action.AUTHORITY_SEAL_ACCEPTED,
        organization_id=organization_id,
        resource=resource,
        details={"model": kind, "reason": fault},
    )


def _model(kind: str) -> type[SealedModel]:
    for model in sealed_models():
        if model.seal_kind() == kind:
            return model
    kinds = ", ".join(model.seal_kind() for model in sealed_models())
    raise NoSuchRow(f"There is no kind {kind}. There are: {kinds}.")


def _stored(model: type[SealedModel], row: str) -> SealedModel | None:
    try:
        pk = model._meta.pk.to_python(row)
    except ValidationError:
        raise NoSuchRow(f"{row} names no row of {model.seal_kind()}.") from None
    return with_seal(model._base_manager.filter(pk=pk)).first()


def _organization(scope: str) -> UUID | None:
    if scope == scope_of(None):
        return None
    try:
        return UUID(scope)
    except ValueError:
        raise NoSuchRow(f"{scope} is neither the uid of an organization nor `system`.") from None

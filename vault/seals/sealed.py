"""Models whose rows are sealed, and their querysets: everything that writes them writes the seal, or raises."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar
from uuid import UUID

from django.db import models, transaction

from audit.actions import ResourceKind
from vault.keys.peppers import keyed_hash
from vault.keys.purposes import Purpose
from vault.seals import seen, tally
from vault.seals.canonical import canonical_row
from vault.seals.errors import SealBroken, SealBypassed
from vault.seals.models import Seal
from vault.seals.reporting import report
from vault.seals.verification import STAMP, broken, fault_of, is_genuine, with_seal

G = TypeVar("G", bound=models.Model)
M = TypeVar("M", bound="SealedModel")

_ONE_BY_ONE = "Change the rows one by one with save(), under the lock of their service."


class GuardedQuerySet(models.QuerySet[G]):
    """Rows with a ``SEALED`` and a ``SEAL_EXEMPT``: what would change sealed columns in bulk raises SealBypassed."""

    def update(self, **kwargs: Any) -> int:
        """For columns that no seal covers. Raises SealBypassed for any other."""
        self._refuse_sealed(kwargs, "update()")
        return super().update(**kwargs)

    update.alters_data = True  # type: ignore[attr-defined]  # as Django marks it, for templates

    def bulk_update(self, objs: Iterable[G], fields: Iterable[str], batch_size: int | None = None) -> int:
        """For columns that no seal covers. Raises SealBypassed for any other."""
        fields = list(fields)
        self._refuse_sealed(fields, "bulk_update()")
        return super().bulk_update(objs, fields, batch_size)

    def _refuse_sealed(self, names: Iterable[str], what: str) -> None:
        exempt: Collection[str] = getattr(self.model, "SEAL_EXEMPT", ())
        covered = [name for name in names if _attname(self.model, name) not in exempt]
        if covered:
            raise SealBypassed(self.model, f"{what} of {', '.join(covered)}", _ONE_BY_ONE)


class SealedQuerySet(GuardedQuerySet[M]):
    """Rows that grant authority. ``bulk_create`` seals; what would skip the seals raises SealBypassed."""

    def bulk_create(
        self,
        objs: Iterable[M],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Any = None,
        unique_fields: Any = None,
    ) -> list[M]:
        """Inserts the rows with their seals. Raises SealBypassed for the variants that skip or change rows."""
        if ignore_conflicts or update_conflicts:
            raise SealBypassed(self.model, "bulk_create() that ignores or updates conflicts", _ONE_BY_ONE)
        with transaction.atomic():
            made = super().bulk_create(objs, batch_size)
            _seal_new(made)
        return made

    def delete(self) -> tuple[int, dict[str, int]]:
        """Deletes the rows, and what hangs on them, with their seals."""
        with unsealing():
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]  # as Django marks it, for templates
    delete.queryset_only = True  # type: ignore[attr-defined]  # as Django has it: not on managers

    def _raw_delete(self, using: str | None) -> NoReturn:
        raise SealBypassed(self.model, "a raw delete", "Use delete().")


if TYPE_CHECKING:
    _Manager = models.Manager
else:
    _Manager = models.Manager.from_queryset(SealedQuerySet)  # made by a function, which the type checker cannot follow


class SealedManager(_Manager[M]):
    """The manager of sealed models."""


class SealedModel(models.Model):
    """A row that grants authority: its seal is written with it, and goes with it.

    A subclass says with ``SEALED`` which columns its seal covers and with ``SEAL_EXEMPT`` which not, and why; together
    they are all but the primary key (a test holds it). The names are part of what is sealed: renaming one, or adding
    one, takes a migration with ``vault.seals.resealing.reseal``. Managers of its own stand on ``SealedQuerySet``.
    """

    SEALED: ClassVar[tuple[str, ...]] = ()
    SEAL_EXEMPT: ClassVar[Mapping[str, str]] = {}
    WRITTEN_ONCE: ClassVar[bool] = False
    """Whether nothing of its rows ever changes: PostgreSQL lets the program add and read them, and not lock them."""
    SEAL_RESOURCE: ClassVar[ResourceKind] = ResourceKind.SEAL
    """What kind of thing an alert about such a row names."""

    objects = SealedManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save(
        self,
        *,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        """Saves the row and its seal in one transaction.

        Only what is asked for is written and sealed: columns beside ``update_fields`` keep what the database has. A
        stored row must be genuine, or saving would make it so: raises SealBroken.
        """
        written = self._written(update_fields)
        options: dict[str, Any] = {"using": using, "update_fields": update_fields}
        if not written & set(self.SEALED):
            super().save(force_insert=force_insert, force_update=force_update, **options)
            return
        with transaction.atomic(using):
            if self._state.adding and not force_update:
                super().save(force_insert=force_insert or True, **options)
                _seal_new([self])
                return
            stored = type(self)._base_manager.select_for_update(of=("self",), no_key=True).filter(pk=self.pk).first()
            if stored is not None:
                fault = fault_of(stored)
                if fault is not None:
                    report(broken(stored, fault))
                    raise SealBroken(self.seal_kind(), self.seal_row(), str(fault))
            super().save(force_update=True, **options)
            if stored is not None:
                _seal_changed(self, stored, written)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Deletes the row, and what hangs on it, with their seals."""
        with unsealing():
            return super().delete(*args, **kwargs)

    def seal_row(self) -> str:
        """The primary key as the seal names it."""
        return row_of(self.pk)

    def seal_organization(self) -> UUID | None:
        """Whose row it is, None for the instance's own."""
        return getattr(self, "organization_id", None)

    def seal_message(self, version: int) -> bytes:
        """What the seal of this row covers, as the row is in memory. Raises NotCanonical."""
        return message_of(self.seal_kind(), self, self.SEALED, version)

    @classmethod
    def seal_kind(cls) -> str:
        """How seals name this model."""
        return _kind_of(cls)

    def _written(self, update_fields: Iterable[str] | None) -> set[str]:
        """The columns that a save would write."""
        deferred = self.get_deferred_fields()
        fields = self._meta.concrete_fields
        if update_fields is None:
            return {field.attname for field in fields} - deferred
        named = set(update_fields)
        return {field.attname for field in fields if field.name in named or field.attname in named}


def _attname(model: type[models.Model], name: str) -> str:
    return str(getattr(model._meta.get_field(name), "attname", name))


@cache
def _kind_of(model: type[models.Model]) -> str:
    return model._meta.label_lower


def row_of(pk: object) -> str:
    """A primary key as text: a UUID in 32 hex digits."""
    return pk.hex if isinstance(pk, UUID) else str(pk)


def message_of(kind: str, row: models.Model, sealed: Collection[str], version: int) -> bytes:
    """What the seal of a row covers. ``sealed``: column names. Raises NotCanonical."""
    return canonical_row(
        kind=kind,
        row=row_of(row.pk),
        organization=getattr(row, "organization_id", None),
        version=version,
        fields={name: row.__dict__[name] if name in row.__dict__ else getattr(row, name) for name in sealed},
    )


_AT_ONCE = 500
"""Rows that a query names at most: SQLite takes no more than some parameters."""

_deleted: ContextVar[dict[str, list[str]] | None] = ContextVar("holdfast_deleted_rows", default=None)


@contextmanager
def unsealing() -> Iterator[None]:
    """Take the seals of all rows that are deleted meanwhile away together, in one transaction with them."""
    if _deleted.get() is not None:
        yield
        return
    rows: dict[str, list[str]] = {}
    token = _deleted.set(rows)
    try:
        with transaction.atomic():
            yield
            _unseal(rows)
    finally:
        _deleted.reset(token)


def unseal_deleted(sender: type[SealedModel], instance: SealedModel, **_: Any) -> None:
    """Receiver of post_delete: the seal of a deleted row goes with it."""
    rows = _deleted.get()
    if rows is None:
        with transaction.atomic():
            _unseal({instance.seal_kind(): [instance.seal_row()]})
    else:
        rows.setdefault(instance.seal_kind(), []).append(instance.seal_row())


def _unseal(rows: Mapping[str, list[str]]) -> None:
    seals = [seal for kind, names in rows.items() for seal in Seal.objects.filter(kind=kind, row__in=names)]
    by_organization: dict[UUID | None, list[Seal]] = {}
    for seal in seals:
        by_organization.setdefault(seal.organization_id, []).append(seal)
    for organization_id, group in sorted(by_organization.items(), key=lambda item: str(item[0])):
        tally.change(organization_id, removed=[(seal.kind, seal.row, seal.version) for seal in group])
    Seal.objects.filter(pk__in=[seal.pk for seal in seals]).delete()
    seen.note((seal.kind, seal.row, seal.version + 1) for seal in seals)  # brought back, they are older than that


def held(rows: "models.QuerySet[M]") -> "models.QuerySet[M]":
    """The same rows, held as they are until the transaction ends."""
    return rows if rows.model.WRITTEN_ONCE else rows.select_for_update(of=("self",), no_key=True)


def locked_row(model: type[M], pk: object) -> M | None:
    """The row, locked until the transaction ends; None if it is gone, or not genuine, which is reported then."""
    rows: models.QuerySet[M] = with_seal(model.objects.filter(pk=pk)).select_for_update(of=("self",), no_key=True)
    row = rows.first()
    return row if is_genuine(row) else None


def accept(row: SealedModel) -> None:
    """Seal a row as it is in the database now, whatever was wrong with it: for whoever has found out why.

    Its tally is to be accepted as well (``tally.accept``).
    """
    with transaction.atomic():
        stored = held(type(row)._base_manager.filter(pk=row.pk)).get()
        seal = Seal.objects.filter(kind=row.seal_kind(), row=row.seal_row()).first()
        _write(stored, seal)


def _seal_new(rows: Collection[SealedModel]) -> None:
    if not rows:
        return
    for row in rows:
        _settle(row)
    kind = next(iter(rows)).seal_kind()
    by_row = {row.seal_row(): row for row in rows}
    # Left by a row that was deleted behind our back: the new row goes on from it.
    names = list(by_row)
    parts = (names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE))
    orphans = {seal.row: seal for part in parts for seal in Seal.objects.filter(kind=kind, row__in=part)}
    for name, orphan in orphans.items():
        _write(by_row[name], orphan)
    by_organization: dict[UUID | None, list[SealedModel]] = {}
    for name, row in by_row.items():
        if name not in orphans:
            by_organization.setdefault(row.seal_organization(), []).append(row)
    for organization_id, group in sorted(by_organization.items(), key=lambda item: str(item[0])):
        versions = [(kind, row.seal_row(), seen.highest(kind, row.seal_row()) + 1) for row in group]
        tally.change(organization_id, added=versions)
        seals = [_made(row, version) for row, (_, _, version) in zip(group, versions, strict=True)]
        Seal.objects.bulk_create(seals)
        seen.note(versions)


def _made(row: SealedModel, version: int) -> Seal:
    mac = keyed_hash(Purpose.ROW, row.seal_message(version))
    row.__dict__[STAMP] = (version, mac)
    return Seal(
        kind=row.seal_kind(),
        row=row.seal_row(),
        organization_id=row.seal_organization(),
        version=version,
        mac=mac,
    )


def _seal_changed(row: SealedModel, stored: SealedModel, written: set[str]) -> None:
    """Seal a stored row that was genuine, with those of its columns that were written just now."""
    for name in written:
        if name in row.SEALED:
            stored.__dict__[name] = row.__dict__[name]
    _write(stored, Seal.objects.get(kind=row.seal_kind(), row=row.seal_row()))
    row.__dict__[STAMP] = stored.__dict__[STAMP]


def _write(row: SealedModel, seal: Seal | None) -> None:
    """Seal a row as it is in memory, as one version after its seal so far."""
    _settle(row)
    kind, name = row.seal_kind(), row.seal_row()
    before = 0 if seal is None else seal.version
    version = max(before, seen.highest(kind, name)) + 1
    organization_id = row.seal_organization()
    removed = [(kind, name, before)] if seal is not None else []
    if seal is not None and seal.organization_id != organization_id:
        tally.change(seal.organization_id, removed=removed)
        removed = []
    tally.change(organization_id, added=[(kind, name, version)], removed=removed)
    made = _made(row, version)
    if seal is not None:
        made.pk = seal.pk
    made.save(force_insert=seal is None, force_update=seal is not None)
    seen.note([(kind, name, version)])


def _settle(row: SealedModel) -> None:
    """Give the sealed columns the very values that the database will give back."""
    for name in row.SEALED:
        held = getattr(row, name)
        if held is not None and not isinstance(held, bytes | datetime | UUID):
            field: models.Field[Any, Any] = row._meta.get_field(name)  # type: ignore[assignment]  # a column
            row.__dict__[name] = field.to_python(held)

"""Whether a row that grants authority is what this program last wrote: one HMAC, no query.

What is not genuine counts as absent, and is reported (``reporting``). The seal comes with the row: ``with_seal``.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models
from django.db.models import Func

from vault.crypto.errors import KeyUnavailable
from vault.keys.peppers import keyed_hash_matches
from vault.keys.purposes import Purpose
from vault.seals import seen
from vault.seals.errors import SealBroken
from vault.seals.models import Seal
from vault.seals.reporting import Broken, report

if TYPE_CHECKING:
    from vault.seals.sealed import SealedModel

R = TypeVar("R", bound="SealedModel")
A = TypeVar("A", bound=models.Model)

STAMP = "seal_stamp"
"""The annotation, and the attribute, that carries a row's seal: its version and its MAC, or None without a seal."""

STAMP_OF = "seal_stamp_of_"
"""The same for a related row, before the name of the foreign key."""

Stamp = tuple[int, bytes]


class Fault(StrEnum):
    """What is wrong with a row."""

    UNSEALED = "no seal"
    ALTERED = "altered"
    OLDER = "older than seen"
    ELSEWHERE = "belongs to another organization"
    GONE = "deleted"
    STALE = "changed in memory"
    """Of the row in hand only: what the database has is genuine."""


MEANWHILE = (Fault.STALE, Fault.GONE)
"""What services of this program do to a row between its look and its check: never reported."""


if TYPE_CHECKING:
    _BinaryField = models.BinaryField[Any, Any]
else:
    _BinaryField = models.BinaryField  # generic for the type checker only


class _StampField(_BinaryField):
    """Reads what ``_Stamped`` makes."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Stamp | None:
        if value is None:
            return None
        if isinstance(value, str):
            version, mac = value.split(":")
            return int(version), bytes.fromhex(mac)
        value = bytes(value)
        return int.from_bytes(value[:8], "big"), value[8:]


class _Stamped(Func):
    """Version and MAC of the seal of a row, as one value, so that one look into the index brings both.

    A subquery in its own words: Django's ``Subquery`` would be put together anew for each of the many queries that ask
    for it, which took as long as the query.
    """

    output_field = _StampField()

    def __init__(self, pk: Any, *, kind: str, is_uuid: bool) -> None:
        super().__init__(pk)
        self.kind = kind
        self.is_uuid = is_uuid

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> Any:  # type: ignore[override]  # no options
        row, parameters = compiler.compile(self.get_source_expressions()[0])
        row = f"CAST({row} AS text)"
        if self.is_uuid:
            row = f"REPLACE({row}, '-', '')"  # as PostgreSQL writes a UUID and SQLite does not
        both = self._both(connection)
        statement = f"(SELECT {both} FROM {_SEALS} WHERE seal.kind = %s AND seal.row = {row})"  # noqa: S608 - own words
        return statement, [self.kind, *parameters]

    @staticmethod
    def _both(connection: Any) -> str:
        if connection.vendor == "postgresql":
            return "int8send(seal.version) || seal.mac"
        return "seal.version || ':' || hex(seal.mac)"


_SEALS = f"{Seal._meta.db_table} AS seal"


def with_seal(queryset: "models.QuerySet[R]", *related: str) -> "models.QuerySet[R]":
    """The same rows, each with its seal, for ``genuine``: an annotation, no further query.

    ``related``: foreign keys to sealed rows, selected along (``select_related``), whose seals come as well; then
    ``genuine`` wants those rows to be genuine too.
    """
    annotated: models.QuerySet[R] = queryset.annotate(**{STAMP: _stamp_of(queryset.model, "pk")})
    return with_seals_of(annotated, *related)


def with_seals_of(queryset: "models.QuerySet[A]", *related: str) -> "models.QuerySet[A]":
    """The same rows, which need not be sealed themselves, each with the seals of these related rows, for
    ``require_genuine``. ``related``: as in ``select_related``, which must have them: ``secret__environment``."""
    annotations = {STAMP_OF + name: _stamp_of(_target(queryset.model, name), f"{name}_id") for name in related}
    annotated: models.QuerySet[A] = queryset.annotate(**annotations)
    return annotated


def _target(model: type[models.Model], name: str) -> "type[SealedModel]":
    for part in name.split("__"):
        model = model._meta.get_field(part).related_model  # type: ignore[assignment]  # a model, not "self"
    return model  # type: ignore[return-value]  # the caller names sealed ones


def _stamp_of(model: "type[SealedModel]", pk: str) -> _Stamped:
    return _Stamped(pk, kind=model.seal_kind(), is_uuid=isinstance(model._meta.pk, models.UUIDField))


def genuine(rows: "Iterable[R]") -> "list[R]":
    """Those of the rows that are genuine; the others are reported, and count as absent.

    Of a row that came with related seals (``with_seal``), the related rows must be genuine as well.
    """
    rows = list(rows)
    related = [name for name in rows[0].__dict__ if name.startswith(STAMP_OF)] if rows else []
    met: list[tuple[str, str, int]] = []
    found = [row for row in rows if _is_met(row, met) and all(_is_met(each, met) for each in _named(row, related))]
    if met:
        seen.note(met)
    return found


def is_genuine(row: "SealedModel | None") -> bool:
    """Whether there is this row, and it is genuine; one that is not is reported. Without its stamp: one more query."""
    return row is not None and bool(genuine([row]))


def require_genuine(row: models.Model) -> None:
    """Raises SealBroken, and reports, unless the row is genuine, and all rows whose seals came with it: no query."""
    related = [name for name in row.__dict__ if name.startswith(STAMP_OF)]
    own: list[Any] = [row] if STAMP in row.__dict__ else []
    met: list[tuple[str, str, int]] = []
    for each in (*own, *_named(row, related)):
        if not _is_met(each, met):
            raise SealBroken(each.seal_kind(), each.seal_row(), str(fault_of(each) or Fault.STALE))
    seen.note(met)


def _named(row: models.Model, names: list[str]) -> "Iterator[SealedModel]":
    """The related rows of these annotations, each with its stamp."""
    for name in names:
        related: Any = row
        for part in name.removeprefix(STAMP_OF).split("__"):
            related = getattr(related, part)
        if related is not None:
            related.__dict__.setdefault(STAMP, row.__dict__[name])
            yield related


def _is_met(row: "SealedModel", met: list[tuple[str, str, int]]) -> bool:
    """Whether a row is genuine; adds what was met of it, or reports it."""
    fault = fault_of(row)
    if fault is None:
        met.append((row.seal_kind(), row.seal_row(), row.__dict__[STAMP][0]))
        return True
    if fault not in MEANWHILE:
        report(broken(row, fault))
    return False


def fault_of(row: "SealedModel") -> Fault | None:
    """What is wrong with a row, None with a genuine one, whose stamp it has then. Reports nothing."""
    if STAMP not in row.__dict__:
        row.__dict__[STAMP] = _read_stamp(row)
    held: Stamp | None = row.__dict__[STAMP]
    if _is_sound(row, held):
        return None
    # A row that was waited for, under lock, comes with the seal from before the wait (PostgreSQL evaluates the row
    # anew, but not the subquery). The seal as it is now decides.
    now = _read_stamp(row)
    if _is_sound(row, now):
        row.__dict__[STAMP] = now
        return None
    if now is None:
        return Fault.UNSEALED if type(row)._base_manager.filter(pk=row.pk).exists() else Fault.GONE
    highest = seen.highest(row.seal_kind(), row.seal_row())
    if _matches(row, held):
        # Genuine when it was read; changed since, as any row may be that is not locked, or brought back.
        return None if now[0] >= highest else Fault.OLDER
    if _matches(row, now):
        return Fault.OLDER
    return _diagnosed(row)


def _diagnosed(row: "SealedModel") -> Fault:
    stored = with_seal(type(row)._base_manager.filter(pk=row.pk)).first()
    if stored is None:
        return Fault.GONE
    if _matches(stored, stored.__dict__[STAMP]):
        return Fault.STALE
    seal = Seal.objects.filter(kind=row.seal_kind(), row=row.seal_row()).first()
    if seal is not None and seal.organization_id != stored.seal_organization():
        return Fault.ELSEWHERE
    return Fault.ALTERED


def broken(row: "SealedModel", fault: Fault) -> Broken:
    """The report about a row."""
    return Broken(row.seal_kind(), row.seal_row(), str(fault), row.seal_organization(), row.SEAL_RESOURCE)


def _is_sound(row: "SealedModel", stamp: Stamp | None) -> bool:
    return stamp is not None and stamp[0] >= seen.highest(row.seal_kind(), row.seal_row()) and _matches(row, stamp)


def _matches(row: "SealedModel", stamp: Stamp | None) -> bool:
    if stamp is None:
        return False
    try:
        return keyed_hash_matches(Purpose.ROW, row.seal_message(stamp[0]), stamp[1])
    except (KeyUnavailable, ValueError):  # a MAC under no key of ours; a version, or a value, that no row has
        return False


def _read_stamp(row: "SealedModel") -> Stamp | None:
    seal = Seal.objects.filter(kind=row.seal_kind(), row=row.seal_row()).first()
    return None if seal is None else (seal.version, bytes(seal.mac))

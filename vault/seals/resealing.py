"""Sealing rows anew in a migration that changes what their seals cover, or sealed columns themselves.

A row that is not genuine before the migration is not genuine after it: an upgrade makes nothing of what somebody has
put into the database.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import models, transaction

from vault.crypto.errors import KeyUnavailable
from vault.keys.peppers import keyed_hash, keyed_hash_matches
from vault.keys.purposes import Purpose
from vault.seals import tally
from vault.seals.adoption import needing_the_key
from vault.seals.canonical import canonical_row
from vault.seals.models import Seal
from vault.seals.sealed import row_of

_BATCH = 500
_NOTHING_RENAMED: Mapping[str, str] = {}


def reseal(
    apps: Any,
    schema_editor: Any,
    *,
    app: str,
    model: str,
    before: Sequence[str],
    after: Sequence[str],
    renamed: Mapping[str, str] = _NOTHING_RENAMED,
    change: Callable[[Any], object] | None = None,
) -> None:
    """Seal the genuine rows of a model anew. For ``RunPython``, in a transaction with what it is about.

    ``before``: the columns that the seals cover so far, by the names that they had then; all of them must still be
    there, so columns are removed after this. ``after``: those that they cover from now on. ``renamed``: for columns
    that an earlier operation of the migration has renamed, the name before → the name now. ``change``: is given each
    genuine row, and sets its columns; the row is saved then. It keeps the row in its organization.

    Needs the root key only where there are rows. Raises CommandError, in words for whoever upgrades, when it is not
    there.
    """
    rows = apps.get_model(app, model)._base_manager
    kind = rows.model._meta.label_lower
    names = {name: renamed.get(name, name) for name in before}
    if not rows.exists():
        return
    with needing_the_key(rows.model), transaction.atomic():
        pks = list(rows.order_by("pk").values_list("pk", flat=True))
        for start in range(0, len(pks), _BATCH):
            batch = list(rows.filter(pk__in=pks[start : start + _BATCH]).order_by("pk"))
            seals = {
                seal.row: seal for seal in Seal.objects.filter(kind=kind, row__in=[row_of(row.pk) for row in batch])
            }
            genuine = [row for row in batch if _is_genuine(row, seals.get(row_of(row.pk)), names)]
            if change is not None:
                for row in genuine:
                    change(row)
                    row.save()
            _seal(kind, genuine, seals, after)


def _is_genuine(row: models.Model, seal: Seal | None, names: Mapping[str, str]) -> bool:
    if seal is None:
        return False
    try:
        return keyed_hash_matches(Purpose.ROW, _message(row, seal.kind, seal.version, names), seal.mac)
    except (KeyUnavailable, ValueError):  # a MAC under no key of ours; a version, or a value, that no row has
        return False


def _seal(kind: str, rows: Sequence[models.Model], seals: Mapping[str, Seal], columns: Sequence[str]) -> None:
    """One version after the seal so far: what was before cannot be brought back unseen."""
    names = {name: name for name in columns}
    by_organization: dict[Any, list[Seal]] = {}
    for row in rows:
        seal = seals[row_of(row.pk)]
        seal.version += 1
        seal.mac = keyed_hash(Purpose.ROW, _message(row, kind, seal.version, names))
        by_organization.setdefault(seal.organization_id, []).append(seal)
    for organization_id, group in by_organization.items():
        tally.change(
            organization_id,
            added=[(kind, seal.row, seal.version) for seal in group],
            removed=[(kind, seal.row, seal.version - 1) for seal in group],
        )
        Seal.objects.bulk_update(group, ["version", "mac"])


def _message(row: models.Model, kind: str, version: int, names: Mapping[str, str]) -> bytes:
    return canonical_row(
        kind=kind,
        row=row_of(row.pk),
        organization=getattr(row, "organization_id", None),
        version=version,
        fields={name: getattr(row, column) for name, column in names.items()},
    )

"""Sealing rows that were there before there were seals: in migrations only.

Once, when the administrator upgrades; never silently later, when it would make genuine what somebody has put there.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError
from django.db import models, transaction

from vault.crypto.errors import CryptoError
from vault.crypto.keyring import NoActiveKey
from vault.keys.peppers import keyed_hash
from vault.keys.providers import RootKeyProblem
from vault.keys.purposes import Purpose
from vault.seals import tally
from vault.seals.models import Seal, Tally
from vault.seals.sealed import message_of, row_of

_BATCH = 500


def adopt(
    apps: Any,
    schema_editor: Any,
    *,
    app: str,
    sealed: Mapping[str, Sequence[str]],
    made: Mapping[str, Collection[Any]] | None = None,
) -> None:
    """Seal every row of these models of an app that has no seal yet. For ``RunPython``.

    ``sealed``: by model, the columns as they are sealed at this point of history. ``made``: by model, the rows that the
    migration itself has made, where others may have their seals already. Needs the root key only where there are rows.

    Raises CommandError, in words for whoever upgrades: when the root key is not there; for a row without a seal that
    the migration has not made, where others of its kind have theirs; and where the seals of its organization are not
    those that were counted. Whoever has a migration run again gets nothing sealed by it.
    """
    for name, columns in sealed.items():
        model = apps.get_model(app, name)
        if not model._default_manager.exists():
            continue
        with needing_the_key(model), transaction.atomic():
            _adopt(model, columns, (made or {}).get(name))


@contextmanager
def needing_the_key(model: type[models.Model]) -> Iterator[None]:
    """Says, to whoever upgrades, what to do where the root key is missing: raises CommandError."""
    try:
        yield
    except (RootKeyProblem, NoActiveKey, CryptoError) as problem:
        raise CommandError(
            f"The rows of {model._meta.label} get their seals in this upgrade, and that needs the root key: "
            f"{problem} Give migrate the same HOLDFAST_ROOT_KEY or HOLDFAST_ROOT_KEY_FILE that the server has."
        ) from problem


def _adopt(model: type[models.Model], columns: Sequence[str], made: Collection[Any] | None) -> None:
    kind = model._meta.label_lower
    there = set(Seal.objects.filter(kind=kind).values_list("row", flat=True))
    rows = model._default_manager.order_by("pk")
    unsealed = [pk for pk in rows.values_list("pk", flat=True) if row_of(pk) not in there]
    if there and not set(unsealed) <= set(made or ()):
        raise _suspicious(f"rows of {model._meta.label} have no seal, where others have theirs")
    fitting: set[Any] = set()
    for start in range(0, len(unsealed), _BATCH):
        batch = list(rows.filter(pk__in=unsealed[start : start + _BATCH]))
        for organization_id in {_organization_of(row) for row in batch} - fitting:
            if not _fits(organization_id):
                raise _suspicious(f"the seals of {tally.scope_of(organization_id)} are not as this program left them")
            fitting.add(organization_id)
        _seal(kind, batch, columns)


def _fits(organization_id: Any) -> bool:
    """Whether the seals of an organization are those that its tally counts. One without either is as it was founded."""
    there = tally.elements(organization_id)
    counted = Tally.objects.filter(scope=tally.scope_of(organization_id)).first()
    if counted is None:
        return not there
    return tally.fault_of(counted) is None and tally.agrees(counted, there)


def _organization_of(row: models.Model) -> Any:
    return getattr(row, "organization_id", None)


def _suspicious(what: str) -> CommandError:
    return CommandError(
        f"This upgrade seals rows that give authority, once, and it found that {what}. Somebody wrote to the database, "
        "or had a migration run again. Nothing was sealed. Run `manage.py access verify` with the release from before, "
        "put the rows right (docs/operators/sealed-rows.md), and migrate again."
    )


def _seal(kind: str, rows: Sequence[models.Model], columns: Sequence[str]) -> None:
    by_organization: dict[Any, list[models.Model]] = {}
    for row in rows:
        by_organization.setdefault(_organization_of(row), []).append(row)
    for organization_id, group in by_organization.items():
        tally.change(organization_id, added=[(kind, row_of(row.pk), 1) for row in group])
        Seal.objects.bulk_create(
            Seal(
                kind=kind,
                row=row_of(row.pk),
                organization_id=organization_id,
                version=1,
                mac=keyed_hash(Purpose.ROW, message_of(kind, row, columns, 1)),
            )
            for row in group
        )

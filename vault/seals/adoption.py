"""Sealing rows that were there before there were seals: in migrations only.

Once, when the administrator upgrades; never silently later, when it would make genuine what somebody has put there.
"""

from collections.abc import Iterator, Mapping, Sequence
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
from vault.seals.models import Seal
from vault.seals.sealed import message_of, row_of

_BATCH = 500


def adopt(apps: Any, schema_editor: Any, *, app: str, sealed: Mapping[str, Sequence[str]]) -> None:
    """Seal every row of these models of an app that has no seal yet. For ``RunPython``.

    ``sealed``: by model, the columns as they are sealed at this point of history. Needs the root key only where there
    are rows. Raises CommandError, in words for whoever upgrades, when it is not there.
    """
    for name, columns in sealed.items():
        model = apps.get_model(app, name)
        if not model._default_manager.exists():
            continue
        with needing_the_key(model), transaction.atomic():
            _adopt(model, columns)


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


def _adopt(model: type[models.Model], columns: Sequence[str]) -> None:
    kind = model._meta.label_lower
    there = set(Seal.objects.filter(kind=kind).values_list("row", flat=True))
    batch: list[models.Model] = []
    for row in model._default_manager.order_by("pk").iterator(chunk_size=_BATCH):
        if row_of(row.pk) not in there:
            batch.append(row)
        if len(batch) >= _BATCH:
            _seal(kind, batch, columns)
            batch = []
    _seal(kind, batch, columns)


def _seal(kind: str, rows: Sequence[models.Model], columns: Sequence[str]) -> None:
    by_organization: dict[Any, list[models.Model]] = {}
    for row in rows:
        by_organization.setdefault(getattr(row, "organization_id", None), []).append(row)
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

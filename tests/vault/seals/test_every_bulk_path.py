"""For every sealed model: what would write sealed columns without their seals raises, and says what to do instead."""

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.conf import settings
from django.contrib.admin import ModelAdmin
from django.db import models
from django.db.models import F, Manager

from accounts.models import Session
from accounts.support import support_site
from vault.seals import SealBypassed, SealedModel
from vault.seals.kinds import sealed_models

pytestmark = pytest.mark.django_db

EVERY = pytest.mark.parametrize("model", sealed_models(), ids=lambda model: model._meta.label)
INSTEAD = r"save\(\)|delete\(\)"


def managers(model: type[SealedModel]) -> list[Any]:
    return [model._base_manager, model._default_manager, *model._meta.managers]


def columns(model: type[SealedModel]) -> Iterator[str]:
    """What a statement may call a sealed column: the field, and its column."""
    for name in model.SEALED:
        yield name
        field: Any = next(each for each in model._meta.concrete_fields if each.attname == name)
        if field.name != name:
            yield field.name


@EVERY
def test_an_update_raises(model: type[SealedModel]) -> None:
    for manager in managers(model):
        for name in columns(model):
            for value in (None, F("pk"), models.Value(None)):
                with pytest.raises(SealBypassed, match=INSTEAD):
                    manager.update(**{name: value})
                with pytest.raises(SealBypassed, match=INSTEAD):
                    manager.filter(pk__isnull=False).order_by("pk").update(**{name: value})


@EVERY
def test_a_bulk_update_raises(model: type[SealedModel]) -> None:
    for manager in managers(model):
        for name in columns(model):
            with pytest.raises(SealBypassed, match=INSTEAD):
                manager.bulk_update([stored(model)], [name])


@EVERY
def test_a_bulk_creation_that_leaves_out_or_changes_raises(model: type[SealedModel]) -> None:
    for manager in managers(model):
        with pytest.raises(SealBypassed, match=INSTEAD):
            manager.bulk_create([model()], ignore_conflicts=True)
        with pytest.raises(SealBypassed, match=INSTEAD):
            manager.bulk_create([model()], update_conflicts=True, update_fields=[model.SEALED[0]], unique_fields=["pk"])


@EVERY
def test_a_raw_deletion_raises(model: type[SealedModel]) -> None:
    for manager in managers(model):
        with pytest.raises(SealBypassed, match=INSTEAD):
            manager.all()._raw_delete("default")


def test_an_asynchronous_update_raises() -> None:
    async def change(model: type[SealedModel]) -> None:
        await model._default_manager.aupdate(**{model.SEALED[0]: None})

    for model in sealed_models():
        with pytest.raises(SealBypassed, match=INSTEAD):
            async_to_sync(change)(model)


def stored(model: type[models.Model], **values: Any) -> Any:
    """A row that is as if it were stored: nothing here reaches the database."""
    pk = uuid.uuid4() if isinstance(model._meta.pk, models.UUIDField) else 1
    row = model(pk=pk, **values)
    row._state.adding, row._state.db = False, "default"
    return row


RELATIONS = [
    (model, field)
    for model in sealed_models()
    for field in model._meta.concrete_fields
    if isinstance(field, models.ForeignKey)
    and field.attname in model.SEALED
    and not field.remote_field.hidden
    and not field.one_to_one
]
OF_RELATIONS = pytest.mark.parametrize(("model", "field"), RELATIONS, ids=[str(field) for _, field in RELATIONS])
WAYS: dict[str, Callable[[Any, Any], object]] = {
    "add": lambda related, child: related.add(child),
    "set": lambda related, child: related.set([child]),
    "update": lambda related, child: related.update(**{related.field.name: None}),
}


@pytest.mark.parametrize("way", WAYS)
@OF_RELATIONS
def test_a_related_manager_raises(model: type[SealedModel], field: Any, way: str) -> None:
    parent = stored(field.related_model)
    related = getattr(parent, field.remote_field.get_accessor_name())
    with pytest.raises(SealBypassed, match=INSTEAD):
        WAYS[way](related, stored(model))


@OF_RELATIONS
def test_a_related_manager_that_empties_raises_or_is_not_there(model: type[SealedModel], field: Any) -> None:
    related: Manager[Any] = getattr(stored(field.related_model), field.remote_field.get_accessor_name())
    if not field.null:
        assert not hasattr(related, "clear")
        assert not hasattr(related, "remove")
        return
    with pytest.raises(SealBypassed, match=INSTEAD):
        related.clear()  # type: ignore[attr-defined]  # where the column may be empty
    with pytest.raises(SealBypassed, match=INSTEAD):
        related.remove(stored(model, **{field.attname: related.instance.pk}))  # type: ignore[attr-defined]  # as above


def test_no_relation_writes_sealed_rows_between_two_others() -> None:
    """A many-to-many relation inserts and deletes in bulk, without the managers of the model between."""
    between = {field.remote_field.through for model in apps.get_models() for field in model._meta.local_many_to_many}
    assert between
    assert not between & set(sealed_models())


def test_the_admin_saves_and_deletes_row_by_row() -> None:
    """Its action that deletes what is selected calls delete() of the queryset, which takes the seals along."""
    for model, admin in support_site._registry.items():
        if issubclass(model, SealedModel):
            kind = type(admin)
            assert kind.save_model is ModelAdmin.save_model
            assert kind.delete_model is ModelAdmin.delete_model
            assert kind.delete_queryset is ModelAdmin.delete_queryset
            assert not kind.list_editable
            assert set(kind.actions or ()) == set()


def test_no_statement_of_our_own_writes_to_their_tables() -> None:
    tables = "|".join([*(model._meta.db_table for model in sealed_models()), Session._meta.db_table])
    writing = re.compile(rf'\b(?:UPDATE|INTO|DELETE FROM|TRUNCATE)\s+"?(?:{tables})\b', re.IGNORECASE)
    ours = [
        path
        for part in ("accounts", "audit", "orgs", "vault")
        for path in (Path(settings.BASE_DIR) / part).rglob("*.py")
        if path.parent.name != "migrations"
    ]
    assert len(ours) > 100
    assert [str(path) for path in ours if writing.search(path.read_text())] == []

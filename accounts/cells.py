"""How the support desk shows one column of one row: as a plain value with its kind, which templates lay out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True, slots=True)
class Cell:
    """`value` is a text, a boolean, a moment or None; `url` leads to the page of the row that it names, if any."""

    label: str
    value: Any
    url: str = ""

    @property
    def is_moment(self) -> bool:
        return isinstance(self.value, datetime)

    @property
    def is_boolean(self) -> bool:
        return isinstance(self.value, bool)


def label_of(model_admin: "ModelAdmin[Any]", name: str) -> str:
    """The heading of a column."""
    label = str(label_for_field(name, model_admin.model, model_admin))
    return label[:1].upper() + label[1:]


def cell_of(model_admin: "ModelAdmin[Any]", name: str, row: Any) -> Cell:
    """The column or method `name` of `row`; a foreign key becomes a link where the desk has a page for it."""
    label = label_of(model_admin, name)
    try:
        field, _, value = lookup_field(name, row, model_admin)
    except ObjectDoesNotExist:
        return Cell(label, None)
    if isinstance(field, models.ForeignKey) and isinstance(value, models.Model):
        return Cell(label, str(value), _url_of(value))
    if field is not None and getattr(field, "flatchoices", None):
        value = dict(field.flatchoices).get(value, value)
    if value is None or isinstance(value, bool | datetime):
        return Cell(label, value)
    return Cell(label, str(value))


def _url_of(row: models.Model) -> str:
    try:
        return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    except NoReverseMatch:
        return ""

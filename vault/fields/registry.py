"""Every encrypted field of every installed model, and where in the database its values and their places are."""

from dataclasses import dataclass
from functools import cached_property

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from vault.fields.base import EncryptedField
from vault.fields.indexes import KeyIdIndex
from vault.keys.purposes import SYSTEM_SCOPE, Purpose


def encrypted_fields() -> tuple[EncryptedField, ...]:
    """The encrypted fields of the installed models, each once, in the order of the apps and of their models."""
    return tuple(
        field
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
        for field in model._meta.local_concrete_fields
        if isinstance(field, EncryptedField)
    )


def encrypted_columns(purpose: Purpose | None = None) -> list["EncryptedColumn"]:
    """The columns of ``encrypted_fields``; those of one purpose only, if one is given.

    Raises ImproperlyConfigured for a field whose scope, row or row version is not a column of its table.
    """
    fields = encrypted_fields()
    return [EncryptedColumn(field) for field in fields if purpose is None or field.purpose is purpose]


@dataclass(frozen=True, eq=False)
class EncryptedColumn:
    """The column of one encrypted field, with the columns that say where a value of it belongs. Names unquoted."""

    field: EncryptedField

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"

    @cached_property
    def table(self) -> str:
        return self.field.model._meta.db_table

    @cached_property
    def name(self) -> str:
        return self.field.get_attname_column()[1]

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The columns of the primary key: more than one, if it is composite."""
        return tuple(str(field.column) for field in self.field.model._meta.pk_fields)

    @cached_property
    def key_types(self) -> tuple[str, ...]:
        """The database's types of ``keys``."""
        return tuple(field.rel_db_type(connection) or "" for field in self.field.model._meta.pk_fields)

    @cached_property
    def row(self) -> str:
        """The column of the row's uid."""
        return self._column(self.field.row)

    @cached_property
    def version(self) -> str | None:
        """The column of the row version; None: it is always 1."""
        return None if self.field.row_version is None else self._column(self.field.row_version)

    @cached_property
    def scope(self) -> str | None:
        """The column of the organization's uid; None: the values are the instance's."""
        return None if self.field.scope is None else self._column(self.field.scope)

    @cached_property
    def index(self) -> str | None:
        """The name of its ``KeyIdIndex``; None: it has none."""
        indexes = (index for index in self.field.model._meta.indexes if isinstance(index, KeyIdIndex))
        return next((index.name for index in indexes if index.field == self.field.name), None)

    def holds(self, scope: str) -> bool:
        """Whether values of a scope can be in it: the instance's and the organizations' never share a column."""
        return (self.scope is None) == (scope == SYSTEM_SCOPE)

    def _column(self, attribute: str) -> str:
        for found in self.field.model._meta.local_concrete_fields:
            if attribute in (found.attname, found.name):
                return str(found.column)
        raise ImproperlyConfigured(
            f"{self.field} is bound to {attribute}, which is not a column of {self.table}. Values of it could not be "
            "rewrapped or verified: name a field of the same model."
        )

"""Which tables hold what belongs to an organization, as the models say it. Nobody has to list them."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db.models import Field, ForeignKey, Model

COLUMN = "organization_id"
TENANT = "orgs.Organization"


@dataclass(frozen=True, slots=True)
class TenantTable:
    """A table whose rows belong to organizations. `shared`: those without one belong to the instance."""

    name: str
    column: str
    shared: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """A column of one such table that points to a row of another, which must be of the same organization."""

    table: str
    column: str
    target: str
    target_column: str

    @property
    def name(self) -> str:
        """Of the constraint; PostgreSQL's names have 63 bytes at most."""
        return f"{self.table}_{self.column}_same_tenant"

    @property
    def target_name(self) -> str:
        """Of the constraint that the other table needs for it."""
        return f"{self.target}_tenant_row"


def tenant_tables() -> Iterator[TenantTable]:
    """Every table with a column of that name, and the one of the organizations themselves."""
    for model in _models():
        if model._meta.label == TENANT:
            yield TenantTable(model._meta.db_table, str(model._meta.pk.column), shared=False)
        elif (field := _organization(model)) is not None:
            yield TenantTable(model._meta.db_table, COLUMN, shared=field.null)


def references() -> Iterator[Reference]:
    """Every foreign key from one of these tables to another; that to the organization itself needs nothing more.

    One without a constraint of its own (`db_constraint=False`) may outlive what it points to, so nothing can be asked
    of it: where it is followed, the policies show no row of another organization.
    """
    for model in _models():
        if _organization(model) is None:
            continue
        for field in model._meta.local_fields:
            if not isinstance(field, ForeignKey) or _organization(field.related_model) is None:
                continue
            if field.db_constraint:  # type: ignore[attr-defined]  # the stubs leave it out
                target = field.related_model._meta
                yield Reference(model._meta.db_table, field.column, target.db_table, str(field.target_field.column))


def _models() -> Iterator[type[Model]]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            yield model


def _organization(model: type[Model]) -> "Field[object, object] | None":
    return next((field for field in model._meta.local_fields if field.column == COLUMN), None)

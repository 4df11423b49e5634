"""The same verification in parts, one after the other, for whoever cannot wait for the whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from vault.fields.failures import RowFailure
from vault.fields.opening import Opener
from vault.fields.registry import EncryptedColumn, encrypted_columns
from vault.fields.statements import statements_for
from vault.fields.verification import failure_of_key, shredded_organizations
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, KeyState

PART = 500
"""Values in one part."""

_KEYS = f"{WrappedKey._meta.db_table}.wrapped"


@dataclass(frozen=True, slots=True)
class Position:
    """Up to where a verification has come: in which ``table.column``, and after which primary key of it (as JSON has
    it; None: from its beginning)."""

    column: str = _KEYS
    after: tuple[Any, ...] | None = None

    def as_json(self) -> dict[str, Any]:
        return {"column": self.column, "after": None if self.after is None else [_plain(part) for part in self.after]}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Position":
        after = stored.get("after")
        return cls(str(stored["column"]), None if after is None else tuple(after))


@dataclass(frozen=True, slots=True)
class Part:
    """What one part found: how many values of ``column`` were opened or tried, and which of them do not open.

    ``following``: where the next part begins; None after the last.
    """

    column: str
    checked: int
    failures: tuple[RowFailure, ...]
    following: Position | None


def count(scope: str | None) -> int:
    """How many values and tenant keys there are to open, of a scope or of the whole instance."""
    organization, without = _organization(scope), _left_out(scope)
    return _tenant_keys(scope).count() + sum(
        statements_for(column, without=without).count(organization) for column in _columns(scope).values()
    )


def verify_part(scope: str | None, position: Position) -> Part:
    """Open the next values of a scope (None: of the whole instance), at most ``PART``; the tenant keys come first.

    Raises RootKeyProblem without root keys.
    """
    columns = _columns(scope)
    if position.column == _KEYS:
        keys = list(_tenant_keys(scope))
        return Part(
            _KEYS, len(keys), tuple(failure for key in keys if (failure := failure_of_key(key))), _start_of(columns, 0)
        )
    names = list(columns)
    statements = statements_for(columns[position.column], without=_left_out(scope))
    keys_of_rows = statements.pages(_organization(scope), position.after, PART)
    checked, failures = Opener(statements).open(keys_of_rows) if keys_of_rows else (0, [])
    following = (
        Position(position.column, tuple(keys_of_rows[-1]))
        if len(keys_of_rows) == PART
        else _start_of(columns, names.index(position.column) + 1)
    )
    return Part(position.column, checked, tuple(failures), following)


def _plain(part: Any) -> Any:
    """A part of a primary key as JSON has it; the database takes a uid as text as well."""
    return str(part) if isinstance(part, UUID) else part


def _organization(scope: str | None) -> UUID | None:
    return None if scope is None or scope == SYSTEM_SCOPE else UUID(scope)


def _left_out(scope: str | None) -> list[UUID]:
    return shredded_organizations() if scope is None else []


def _columns(scope: str | None) -> dict[str, EncryptedColumn]:
    return {str(column): column for column in encrypted_columns() if scope is None or column.holds(scope)}


def _start_of(columns: Mapping[str, EncryptedColumn], number: int) -> Position | None:
    names = list(columns)
    return Position(names[number]) if number < len(names) else None


def _tenant_keys(scope: str | None) -> QuerySet[WrappedKey]:
    keys = WrappedKey.objects.exclude(state=KeyState.DESTROYED.value).order_by("pk")
    return keys if scope is None else keys.filter(scope=scope)

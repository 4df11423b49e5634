"""Opening every stored value, and every tenant key, to know that they open. What is in them goes nowhere.

``verify`` does all of it in one go. ``verify_part`` does a part of it, for whoever cannot wait for the whole and keeps
the `Position` between two parts.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from vault.crypto.errors import CryptoError
from vault.crypto.rootkey import RootKey, root_key_id_of, unwrap
from vault.fields.failures import Failures, RowFailure
from vault.fields.opening import AT_ONCE, Opener
from vault.fields.registry import EncryptedColumn, encrypted_columns
from vault.fields.statements import Key, Statements, statements_for
from vault.keys.keyrings import WrongRootKey
from vault.keys.models import WrappedKey
from vault.keys.providers import root_keys
from vault.keys.purposes import SYSTEM_SCOPE, KeyState, Purpose

__all__ = [
    "Part",
    "Position",
    "RowFailure",
    "Verification",
    "count_values",
    "shredded_organizations",
    "verify",
    "verify_part",
]

PART = 500
"""Values in one part."""

_KEYS = f"{WrappedKey._meta.db_table}.wrapped"

Progress = Callable[[int, int], None]
"""Is told how many values were opened so far, of how many."""


@dataclass(slots=True)
class TableCount:
    """Of one column: how many values were opened, and how many of them did not open."""

    checked: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found.

    ``checked``: values and tenant keys that were opened, or tried. ``failed``: those that do not open. ``failures``:
    which; at most 1,000 of them. ``by_table``: the counts of each ``table.column``. ``left_out``: how many
    organizations were left out, because their keys were destroyed on purpose.
    """

    checked: int
    failed: int
    failures: tuple[RowFailure, ...]
    by_table: dict[str, TableCount] = field(default_factory=dict)
    left_out: int = 0

    @property
    def holds(self) -> bool:
        """Whether everything that was tried opens."""
        return not self.failed


def verify(*, scope: str | None = None, sample: int | None = None, progress: Progress | None = None) -> Verification:
    """Open every tenant key that was not destroyed and every value, or those of one scope, and say what does not open.

    ``sample``: open so many values only. Each column gives a share in proportion to its rows, and one at least as long
    as there are enough; within a column every set of rows of that size is equally likely. The tenant keys are opened
    all the same.

    Without ``scope``, organizations are left out whose keys were all destroyed: that their values do not open is what
    somebody wanted.

    Memory is flat, and nothing is locked. A value that is replaced meanwhile is looked at again before it is reported;
    rows that come in meanwhile may be left out. On PostgreSQL the values of a column are read in one transaction, to
    which belongs what ``progress`` writes. Raises ValueError for what is no scope or no number of rows,
    RootKeyProblem without root keys.
    """
    organization, without = _organization(scope), _left_out(scope)
    if sample is not None and sample < 1:
        raise ValueError("A sample has at least one value.")
    run = _Run(progress or _nobody)
    keys = _tenant_keys(scope)
    several = [statements_for(column, without=without) for column in _columns(scope).values()]
    numbers = [statements.count(organization) for statements in several]
    shares = numbers if sample is None else _shares(sample, numbers)
    run.total = keys.count() + sum(shares)
    run.open_keys(keys)
    for statements, share in zip(several, shares, strict=True):
        if sample is None:
            run.open_values(statements, organization)
        elif share:
            run.open_some_values(statements, statements.any_of(organization, share))
    return run.result(left_out=len(without))


def shredded_organizations() -> list[UUID]:
    """The organizations that have keys, all of which are destroyed."""
    scopes = WrappedKey.objects.filter(purpose=Purpose.DATA.value).order_by().values("scope")
    left = scopes.annotate(left=Count("pk", filter=~Q(state=KeyState.DESTROYED.value)))
    return [UUID(scope) for scope in left.filter(left=0).values_list("scope", flat=True)]


def _nobody(done: int, total: int) -> None:
    """Nobody asked how far it is."""


def _shares(sample: int, numbers: Sequence[int]) -> list[int]:
    """How many of a sample each column gives, in proportion to its number of rows."""
    total = sum(numbers)
    if sample >= total:
        return list(numbers)
    exact = [sample * number / total for number in numbers]
    shares = [min(number, max(1, int(share))) for number, share in zip(numbers, exact, strict=True)]
    while sum(shares) < sample:
        lacking = max(range(len(shares)), key=lambda n: (shares[n] < numbers[n], exact[n] - shares[n]))
        shares[lacking] += 1
    while sum(shares) > sample:
        rich = max(
            range(len(shares)), key=lambda n: (shares[n] > 1, shares[n] - exact[n] if shares[n] > 1 else numbers[n])
        )
        shares[rich] -= 1
    return shares


class _Run:
    """One verification under way."""

    def __init__(self, progress: Progress) -> None:
        self.total = 0
        self._progress = progress
        self._failures = Failures()
        self._counts: dict[str, TableCount] = {}

    def result(self, *, left_out: int) -> Verification:
        """What was found so far."""
        checked = sum(count.checked for count in self._counts.values())
        return Verification(checked, self._failures.count, tuple(self._failures.kept), self._counts, left_out)

    def open_keys(self, keys: "QuerySet[WrappedKey]") -> None:
        """Open each wrapping of each tenant key for which there is a root key."""
        count = self._count(_KEYS)
        for key in keys.iterator(AT_ONCE):
            count.checked += 1
            failure = _failure_of_key(key)
            self._fail(count, [failure] if failure else [])
        self._tell()

    def open_values(self, statements: Statements, organization: UUID | None) -> None:
        """Open the values of one column; those of one organization, if one is given."""
        with closing(Opener(statements).open_all(organization)) as parts:
            self._take(statements, parts)

    def open_some_values(self, statements: Statements, keys: Sequence[Key]) -> None:
        """Open the values of one column in the rows with these primary keys."""
        opener = Opener(statements)
        parts = (keys[start : start + AT_ONCE] for start in range(0, len(keys), AT_ONCE))
        self._take(statements, map(opener.open, parts))

    def _take(self, statements: Statements, parts: Iterable[tuple[int, list[RowFailure]]]) -> None:
        count = self._count(str(statements.column))
        for checked, failures in parts:
            count.checked += checked
            self._fail(count, failures)
            self._tell()

    def _count(self, name: str) -> TableCount:
        return self._counts.setdefault(name, TableCount())

    def _fail(self, count: TableCount, failures: Iterable[RowFailure]) -> None:
        for failure in failures:
            count.failed += 1
            self._failures.add(failure)

    def _tell(self) -> None:
        self._progress(sum(count.checked for count in self._counts.values()), self.total)


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


def count_values(scope: str | None) -> int:
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
            _KEYS, len(keys), tuple(failure for key in keys if (failure := _failure_of_key(key))), _start_of(columns, 0)
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


def _failure_of_key(key: WrappedKey) -> RowFailure | None:
    """None if each wrapping opens for which there is a root key, and there is one at least."""
    opened = False
    for column, wrapped in (("wrapped", key.wrapped), ("next_wrapped", key.next_wrapped)):
        if wrapped is None:
            continue
        try:
            root_key = _root_key_of(bytes(wrapped))
            if root_key is not None:
                unwrap(
                    root_key,
                    bytes(wrapped),
                    scope=key.scope,
                    purpose=key.purpose,
                    version=key.version,
                    use=Purpose(key.purpose).use,
                    key_id=bytes(key.key_id),
                )
                opened = True
        except CryptoError as error:
            return _key_failure(key, column, str(error))
    return None if opened else _key_failure(key, "wrapped", str(WrongRootKey(bytes(key.root_key_id))))


def _root_key_of(wrapped: bytes) -> RootKey | None:
    needed = root_key_id_of(wrapped)
    return next((root_key for root_key in root_keys() if root_key.key_id == needed), None)


def _key_failure(key: WrappedKey, column: str, problem: str) -> RowFailure:
    return RowFailure(
        table=key._meta.db_table,
        column=column,
        row=str(key.uid),
        version=key.version,
        scope=key.scope,
        key_fingerprint=key.fingerprint,
        problem=problem,
    )


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

"""Rows whose values do not open: which, and why in words. Never what is in them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_FAILURES = 1000
"""How many are told one by one; beyond, they are only counted, so that memory stays flat."""


@dataclass(frozen=True, slots=True)
class RowFailure:
    """One stored value that does not open.

    ``table``, ``column``: database names. ``row``: the row's uid as text, as the database has it. ``version``: the row
    version, None if it is not a number. ``scope``: an organization's uid, or ``system``. ``key_fingerprint``: the key
    that the value names, None if it is too short to name one. ``problem``: what is wrong, and what to do.
    """

    table: str
    column: str
    row: str
    version: int | None
    scope: str
    key_fingerprint: str | None
    problem: str

    def __str__(self) -> str:
        version = "" if self.version is None else f", version {self.version}"
        return f"{self.table}.{self.column}, row {self.row}{version}: {self.problem}"


@dataclass(slots=True)
class Failures:
    """Failures as they are found: counted, and the first ``limit`` of them kept."""

    limit: int = MAX_FAILURES
    count: int = 0
    kept: list[RowFailure] = field(default_factory=list)

    def add(self, failure: RowFailure) -> None:
        """Count one, and keep it while there is room."""
        self.count += 1
        if len(self.kept) < self.limit:
            self.kept.append(failure)

    def __iter__(self) -> Iterator[RowFailure]:
        return iter(self.kept)

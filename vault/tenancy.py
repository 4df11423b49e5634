"""Which organizations the statements of this request, command or test may touch.

Nothing, until somebody says otherwise: a thread that nobody has let in reads no organization's rows. On PostgreSQL the
backend puts the answer in front of every statement (`vault.database.postgresql`), and the policies of the tables hold
every row against it (`vault.database.policies`). On SQLite nothing does; there the scoping of the queries stands alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

_EVERY = "*"


@dataclass(frozen=True, slots=True)
class Tenants:
    """The organizations that may be touched. `setting`: the same as PostgreSQL's `app.tenant` spells it."""

    organizations: frozenset[UUID] = frozenset()
    every: bool = False
    setting: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # The uids are written into the text of a statement: only UUIDs, whose text is hexadecimal digits and dashes.
        listed = ",".join(sorted(str(UUID(bytes=uid.bytes)) for uid in self.organizations))
        object.__setattr__(self, "setting", _EVERY if self.every else listed)

    def covers(self, organization: UUID | None) -> bool:
        """Whether rows of the organization may be touched; what belongs to none (None) always may."""
        return self.every or organization is None or organization in self.organizations


NOTHING = Tenants()
_EVERYTHING = Tenants(every=True)

_default = NOTHING  # what holds where nothing was said; only the conftest of the tests puts something else here
_tenants: ContextVar[Tenants | None] = ContextVar("tenants", default=None)


def current() -> Tenants:
    """What holds here."""
    return _tenants.get() or _default


@contextmanager
def within(*organizations: UUID) -> Iterator[None]:
    """These organizations and no others, whatever held before; without any, none."""
    token = _tenants.set(Tenants(frozenset(organizations)))
    try:
        yield
    finally:
        _tenants.reset(token)


@contextmanager
def everywhere(why: str) -> Iterator[None]:
    """All organizations, for what cannot know beforehand which one it is about, or is about all of them.

    `why` says what that is. Who calls this is a closed list (tests/invariants/test_sources.py).
    """
    if not why:
        raise ValueError("Say why every organization is needed.")
    token = _tenants.set(_EVERYTHING)
    try:
        yield
    finally:
        _tenants.reset(token)

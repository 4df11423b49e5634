"""The names of a project across its environments: what is set where, and what is missing."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from orgs.classification import Classification
from orgs.models import Environment, Project
from orgs.permissions import Permission
from orgs.permissions.querysets import secrets_reached
from orgs.selectors import reached_by
from vault.paging import Order, Page, page_of
from vault.secrets.kinds import ICONS, Kind
from vault.secrets.models import Secret
from vault.secrets.selectors import Filters, listable_secrets

BY_NAME = Order(("name_key", "name"), (str, str))


@dataclass(frozen=True, slots=True)
class Cell:
    """A name in one environment: the live secret, or the one that was trashed last, or neither."""

    environment: Environment
    secret: Secret | None = None
    trashed: Secret | None = None

    @property
    def own_class(self) -> Classification | None:
        """The class of the secret, if that is another one than its environment's, which heads the column."""
        if self.secret is None or self.secret.classification in (None, self.environment.classification):
            return None
        return Classification(self.secret.classification)


@dataclass(frozen=True, slots=True)
class Line:
    """A name across the environments of a project. `kind` is what most of its secrets are."""

    name: str
    kind: Kind
    cells: Sequence[Cell]

    @property
    def icon(self) -> str:
        return ICONS[self.kind]

    @property
    def present(self) -> int:
        """In how many environments it is set."""
        return sum(cell.secret is not None for cell in self.cells)

    @property
    def complete(self) -> bool:
        return self.present == len(self.cells)


def matrix_of(
    actor: User, project: Project, environments: Sequence[Environment], filters: Filters, cursor: str
) -> Page[Line]:
    """One page of the names that are set somewhere in `project`, in two queries. `filters` narrow which names.

    A name that is only in the trash has no line; in a line, a cell says when the trash holds it.
    """
    names = listable_secrets(actor, filters).values_list("name_key", "name", named=True).distinct()
    page = page_of(names, BY_NAME, cursor)
    lines = _lines(actor, project, environments, [row.name for row in page.rows])
    return Page(lines, previous=page.previous, next=page.next)


def _lines(actor: User, project: Project, environments: Sequence[Environment], names: Sequence[str]) -> list[Line]:
    live: dict[tuple[str, UUID], Secret] = {}
    trashed: dict[tuple[str, UUID], Secret] = {}
    kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
    seen = secrets_reached(reached_by(actor, Permission.SECRET_LIST, [project.organization_id]))
    found = Secret.objects.filter(seen, project=project, name__in=names).order_by("trashed_at")
    for secret in found.only("uid", "name", "kind", "version", "environment_id", "trashed_at", "classification"):
        place = (secret.name, secret.environment_id)
        if secret.trashed_at is None:
            live[place] = secret
            kinds[secret.name][secret.kind] += 1
        else:
            trashed[place] = secret
    return [
        Line(
            name,
            Kind(kinds[name].most_common(1)[0][0]) if kinds[name] else Kind.VALUE,
            [
                Cell(each, live.get((name, each.pk)), None if (name, each.pk) in live else trashed.get((name, each.pk)))
                for each in environments
            ],
        )
        for name in names
    ]

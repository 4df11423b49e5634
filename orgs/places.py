"""What access is asked about, and how far a grant reaches. Pure: no database, no clock."""

from dataclasses import dataclass, replace
from uuid import UUID

from orgs.classification import Classification


def is_within(path: str, name: str) -> bool:
    """Whether the secret `name` lies below `path`, part by part: `db` holds `db` and `db/url`, and not `dbx`."""
    return not path or name == path or name.startswith(f"{path}/")


@dataclass(frozen=True, slots=True)
class Place:
    """An organization, or the narrower thing in it that is named. `classification` only where there is a secret."""

    organization: UUID
    project: UUID | None = None
    environment: UUID | None = None
    name: str | None = None
    classification: Classification | None = None

    def secret(self, name: str, classification: int) -> "Place":
        """The place of a secret of this name and class in this environment."""
        return replace(self, name=name, classification=Classification(classification))


@dataclass(frozen=True, slots=True)
class Scope:
    """How far a grant reaches: the whole organization, or the narrowest of what is named."""

    organization: UUID
    project: UUID | None = None
    environment: UUID | None = None
    path: str = ""

    def covers(self, place: Place) -> bool:
        """Whether all of `place` lies in it."""
        return (
            self.organization == place.organization
            and (self.project is None or self.project == place.project)
            and (self.environment is None or self.environment == place.environment)
            and (not self.path or (place.name is not None and is_within(self.path, place.name)))
        )

    def touches(self, place: Place) -> bool:
        """Whether any of `place` may lie in it."""
        return (
            self.organization == place.organization
            and (self.project is None or place.project is None or self.project == place.project)
            and (self.environment is None or place.environment is None or self.environment == place.environment)
            and (not self.path or place.name is None or is_within(self.path, place.name))
        )

"""What access is asked about, and how far a grant reaches. Pure: no database, no clock."""

from dataclasses import dataclass, replace
from uuid import UUID

from django.core.exceptions import ValidationError

from orgs.classification import Classification
from vault.names import clean_name

PATH_LENGTH = 200


def clean_path(value: str, *, field: str = "Path") -> str:
    """The form in which a path is stored: parts between single slashes, each a name as names of secrets are; empty for
    none. What went through once comes out of a second pass unchanged.

    Raises `ValidationError` naming `field` and the remedy: a slash at the beginning or the end, an empty part, a part
    that only points somewhere else (`.`, `..`), or what no name may have.
    """
    if not value.strip():
        return ""
    path = clean_name(value, field=field, max_length=PATH_LENGTH)
    parts = path.split("/")
    if any(part.strip() in ("", ".", "..") for part in parts):
        raise ValidationError(
            f"{field} is made of names between single slashes, such as db or db/primary. Leave out the slash at the "
            "beginning and at the end, doubled slashes, and the parts . and ..",
            code="path",
        )
    return path


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

    def includes(self, other: "Scope") -> bool:
        """Whether all that lies in `other` lies in it."""
        return (
            self.organization == other.organization
            and (self.project is None or self.project == other.project)
            and (self.environment is None or self.environment == other.environment)
            and (not self.path or (bool(other.path) and is_within(self.path, other.path)))
        )

    @property
    def place(self) -> Place:
        """What access to all of it is asked about."""
        return Place(self.organization, self.project, self.environment, self.path or None)

    def touches(self, place: Place) -> bool:
        """Whether any of `place` may lie in it."""
        return (
            self.organization == place.organization
            and (self.project is None or place.project is None or self.project == place.project)
            and (self.environment is None or place.environment is None or self.environment == place.environment)
            and (not self.path or place.name is None or is_within(self.path, place.name))
        )

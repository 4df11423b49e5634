"""What selects offer: members and projects, each the same wherever it can be chosen."""

from collections.abc import Iterable, Sequence

from orgs.models import Membership, Project
from vault.access.selectors.sources import person_label

Choices = list[tuple[str, str]]


def people(members: Iterable[Membership], *, prefix: str = "") -> Choices:
    """Members by their uid, with `prefix` before it; with the address, so that two of the same name are told apart."""
    return [(f"{prefix}{each.uid}", person_label(each)) for each in members]


def one_person(members: Iterable[Membership]) -> Choices:
    """The same where one has to be chosen."""
    return [("", "Choose a person"), *people(members)]


def places(projects: Sequence[Project], *, whole: str) -> Choices:
    """Projects by their uid, below the whole organization of this name; empty where that cannot be chosen."""
    return [
        ("", f"All of {whole}" if whole else "Choose a project"),
        *((str(each.uid), each.name) for each in projects),
    ]

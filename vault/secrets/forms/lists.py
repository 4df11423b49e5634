"""What a list is narrowed to, read from an address. What means nothing narrows nothing."""

from collections.abc import Mapping
from uuid import UUID

from orgs.classification import Classification
from vault.secrets.kinds import Kind
from vault.secrets.selectors import Filters

SEARCH_LENGTH = 200


def filters_from(
    query: Mapping[str, str],
    *,
    organization: UUID | None = None,
    project: UUID | None = None,
    trashed: bool = False,
) -> Filters:
    """The filters of an address's query; `organization` and `project` are fixed by the page and never by the query."""
    kind = query.get("kind", "")
    return Filters(
        q=query.get("q", "").strip()[:SEARCH_LENGTH],
        organization=organization,
        project=project or _uid(query.get("project", "")),
        environment=_uid(query.get("environment", "")),
        kind=Kind(kind) if kind in Kind.values else None,
        classification=_classification(query.get("classification", "")),
        tag=query.get("tag", "").strip()[:SEARCH_LENGTH],
        trashed=trashed,
    )


def _classification(word: str) -> Classification | None:
    return next((each for each in Classification if each.word == word), None)


def _uid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

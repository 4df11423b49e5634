"""What is known about a secret without opening it: its name, description and tags, and how they are found."""

from collections.abc import Iterable
from dataclasses import dataclass

from orgs.names import clean_named
from vault.names import clean_name, clean_text, fold_name
from vault.secrets.errors import TooManyTags

NAME_LENGTH = 200
DESCRIPTION_LENGTH = 1000
TAG_LENGTH = 40
MOST_TAGS = 20


@dataclass(frozen=True, slots=True)
class Metadata:
    """Cleaned: `name_key` orders and finds the name, `tags` are lower case, unique and sorted."""

    name: str
    name_key: str
    description: str
    tags: tuple[str, ...]

    @property
    def search_text(self) -> str:
        """What a search looks through. The parts stand on lines of their own, so that none runs into the next."""
        return "\n".join([self.name_key, fold_name(self.description), *self.tags])


def clean_metadata(*, name: str, description: str, tags: Iterable[str]) -> Metadata:
    """Raises `ValidationError` and TooManyTags, naming the field and the remedy."""
    cleaned, key = clean_named(name, field="Name", max_length=NAME_LENGTH)
    about = clean_text(description, field="Description", max_length=DESCRIPTION_LENGTH)
    return Metadata(cleaned, key, about, clean_tags(tags))


def clean_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """The tags as they are stored; empty ones are left out. Raises as `clean_metadata`."""
    cleaned = {fold_name(clean_name(tag, field="Tag", max_length=TAG_LENGTH)) for tag in tags if tag.strip()}
    for tag in cleaned:
        clean_name(tag, field="Tag", max_length=TAG_LENGTH)  # folding can write one character out as many
    if len(cleaned) > MOST_TAGS:
        raise TooManyTags(f"A secret has at most {MOST_TAGS} tags; these are {len(cleaned)}. Remove some.")
    return tuple(sorted(cleaned))


def split_tags(text: str) -> list[str]:
    """The tags in what somebody typed: separated by commas or line breaks."""
    return [part for line in text.splitlines() for part in line.split(",") if part.strip()]

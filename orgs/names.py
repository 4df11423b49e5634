"""The limits of names in this app, the key under which a name is unique, and what commands call an organization."""

import re
from itertools import count

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils.text import slugify

from vault.names import clean_name, fold_name

ORGANIZATION_NAME_LENGTH = 100
PERSON_NAME_LENGTH = 100
PROJECT_NAME_LENGTH = 100
PROJECT_DESCRIPTION_LENGTH = 500
ENVIRONMENT_NAME_LENGTH = 60
SLUG_LENGTH = 60
TEAM_NAME_LENGTH = ROLE_NAME_LENGTH = MACHINE_NAME_LENGTH = 100
AUTHORITY_DESCRIPTION_LENGTH = 500
_UID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OURS = frozenset({"all", "instance", "system"})
"""Words for what belongs to no organization, beside which slugs stand in `keys status`."""
_BUILT_IN = frozenset({"owner", "admin", "member", "viewer", "everyone", "every member", "nobody", "system"})
"""What a team, a role or a machine may not be called: pages and the log use these words for something else."""
_NUMBER_LENGTH = 8
"""Room for a hyphen and the number of a name that is taken."""


def clean_named(value: str, *, field: str, max_length: int) -> tuple[str, str]:
    """The name to store and its folded key, which may have twice as many characters.

    Folding can write one character out as many (U+FDFA becomes eighteen), so a name that passes can have a key that
    does not fit. Raises `ValidationError` for both.
    """
    name = clean_name(value, field=field, max_length=max_length)
    key = fold_name(name)
    if not key or len(key) > 2 * max_length:
        raise ValidationError(
            f"{field} uses characters that cannot be compared with other names. Write it in plain letters.",
            code="fold",
        )
    return name, key


def clean_authority_named(value: str, *, field: str, max_length: int) -> tuple[str, str]:
    """The same for a team, a role or a machine. Raises `ValidationError` also for a word that means something else."""
    name, key = clean_named(value, field=field, max_length=max_length)
    if key in _BUILT_IN:
        raise ValidationError(
            f"{name} is a word of this program: a role that everybody knows, or everybody. Choose another name.",
            code="reserved",
        )
    return name, key


def free_slug(name: str, taken: "QuerySet[Model, str]") -> str:
    """A slug made from `name` that is not among `taken`: `acme`, or else `acme-2`, `acme-3`, …

    Lower-case letters, digits and single hyphens. A name without a Latin letter or digit becomes `organization`.
    Never the text of a uid, by which commands name an organization as well, nor a word for the instance itself.
    """
    base = slugify(name)[: SLUG_LENGTH - _NUMBER_LENGTH].strip("-_") or "organization"
    if base in _OURS or _UID.fullmatch(base):
        base = f"organization-{base}"
    near = set(taken.filter(slug__startswith=base))
    return next(slug for number in count(1) if (slug := base if number == 1 else f"{base}-{number}") not in near)

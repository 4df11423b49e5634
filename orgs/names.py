"""The limits of names in this app, and the key under which a name is unique."""

from django.core.exceptions import ValidationError

from vault.names import clean_name, fold_name

ORGANIZATION_NAME_LENGTH = 100
PERSON_NAME_LENGTH = 100
PROJECT_NAME_LENGTH = 100
PROJECT_DESCRIPTION_LENGTH = 500
ENVIRONMENT_NAME_LENGTH = 60


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

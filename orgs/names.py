"""The limits of names and addresses in this app, and the keys under which they are compared."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.emails import normalize_email
from vault.names import clean_name, fold_name

ORGANIZATION_NAME_LENGTH = 100
PERSON_NAME_LENGTH = 100
PROJECT_NAME_LENGTH = 100
PROJECT_DESCRIPTION_LENGTH = 500
ENVIRONMENT_NAME_LENGTH = 60
ADDRESS_LENGTH = 254


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


def clean_address(value: str) -> tuple[str, str]:
    """The e-mail address to write to, and the normalized key by which people are compared.

    Django's check lets characters through in a domain that nobody can see; the rule for names does not. Raises
    `ValidationError`.
    """
    address = clean_name(value, field="E-mail address", max_length=ADDRESS_LENGTH)
    validate_email(address)
    key = normalize_email(address)
    if len(key) > ADDRESS_LENGTH:
        raise ValidationError("Enter the e-mail address in plain letters.", code="fold")
    return address, key

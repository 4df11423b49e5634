"""The kinds of secret and the fields of each. Pure data: forms, pages and services are generated from it."""

from dataclasses import dataclass

from django.db import models


class Kind(models.TextChoices):
    """What sort of secret it is; decides its form."""

    VALUE = "value", "Generic value"
    LOGIN = "login", "Login"
    API_KEY = "api_key", "API key"
    DATABASE = "database", "Database"
    SSH_KEY = "ssh_key", "SSH key"
    CERTIFICATE = "certificate", "Certificate"
    NOTE = "note", "Note"
    FILE = "file", "File"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a payload. Everything in a payload is encrypted, a user name as well as a password."""

    name: str
    label: str
    multiline: bool = False
    required: bool = False
    generated: bool = False  # offers the password generator
    help: str = ""


FIELDS: dict[Kind, tuple[Field, ...]] = {
    Kind.VALUE: (Field("value", "Value", multiline=True, generated=True),),
    Kind.LOGIN: (
        Field("username", "User name"),
        Field("password", "Password", required=True, generated=True),
        Field("url", "Web address"),
        Field("totp", "One-time code key", help="The key or otpauth:// address the site shows with its QR code."),
        Field("notes", "Notes", multiline=True),
    ),
    Kind.API_KEY: (
        Field("key", "API key", required=True),
        Field("secret", "API secret"),
        Field("url", "Web address"),
        Field("notes", "Notes", multiline=True),
    ),
    Kind.DATABASE: (
        Field("engine", "Engine", help="Such as postgresql or mysql."),
        Field("host", "Host"),
        Field("port", "Port"),
        Field("database", "Database"),
        Field("username", "User name"),
        Field("password", "Password", required=True, generated=True),
        Field("notes", "Notes", multiline=True),
    ),
    Kind.SSH_KEY: (
        Field("private_key", "Private key", multiline=True, required=True),
        Field("public_key", "Public key", multiline=True),
        Field("passphrase", "Passphrase", generated=True),
        Field("notes", "Notes", multiline=True),
    ),
    Kind.CERTIFICATE: (
        Field("certificate", "Certificate", multiline=True, required=True, help="PEM."),
        Field("private_key", "Private key", multiline=True, help="PEM."),
        Field("chain", "Chain", multiline=True, help="PEM, the intermediate certificates."),
        Field("notes", "Notes", multiline=True),
    ),
    Kind.NOTE: (Field("note", "Note", multiline=True, required=True),),
    # `content` is base64: a payload is text.
    Kind.FILE: (Field("filename", "File name"), Field("content", "File", required=True)),
}


def field_names(kind: Kind) -> tuple[str, ...]:
    """The names of a kind's fields in the order of its form."""
    return tuple(field.name for field in FIELDS[kind])

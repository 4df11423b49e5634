"""The kinds of secret and the fields of each. Pure data: forms, pages and services are generated from it."""

from dataclasses import dataclass
from enum import StrEnum

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

    @property
    def in_a_sentence(self) -> str:
        """Its label inside of a sentence."""
        return _in_a_sentence(self.label)


class Content(StrEnum):
    """What a field holds, which decides how it is checked, entered and shown."""

    LINE = "line"
    """One line of text: a line break in it is refused."""
    TEXT = "text"
    """Text of several lines, kept byte for byte."""
    URL = "url"
    """A web address; only http and https become links."""
    TOTP = "totp"
    """The key of a one-time code: base32, or an otpauth:// address."""
    FILENAME = "filename"
    """The name under which a file is downloaded."""
    FILE = "file"
    """A file, as base64: a payload is text."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a payload. Everything in a payload is encrypted, a user name as well as a password."""

    name: str
    label: str
    content: Content = Content.LINE
    required: bool = False
    concealed: bool = False  # typed behind dots, like a password
    generated: bool = False  # offers the generator
    upload: bool = False  # may be filled from a text file, whose line ends are kept
    help: str = ""

    @property
    def in_a_sentence(self) -> str:
        """Its label inside of a sentence."""
        return _in_a_sentence(self.label)

    @property
    def multiline(self) -> bool:
        """Whether it is entered in a box of several lines."""
        return self.content is Content.TEXT


_NOTES = Field("notes", "Notes", Content.TEXT)
_URL = Field("url", "Web address", Content.URL, help="Starts with https:// as a rule.")

FIELDS: dict[Kind, tuple[Field, ...]] = {
    Kind.VALUE: (Field("value", "Value", Content.TEXT, generated=True, upload=True),),
    Kind.LOGIN: (
        Field("username", "User name"),
        Field("password", "Password", required=True, concealed=True, generated=True),
        _URL,
        Field(
            "totp",
            "One-time code key",
            Content.TOTP,
            concealed=True,
            help="The key, or the otpauth:// address, that the site shows with its QR code.",
        ),
        _NOTES,
    ),
    Kind.API_KEY: (
        Field("key", "API key", required=True, concealed=True),
        Field("secret", "API secret", concealed=True),
        _URL,
        _NOTES,
    ),
    Kind.DATABASE: (
        Field("engine", "Engine", help="Such as postgresql or mysql."),
        Field("host", "Host"),
        Field("port", "Port"),
        Field("database", "Database"),
        Field("username", "User name"),
        Field("password", "Password", required=True, concealed=True, generated=True),
        _NOTES,
    ),
    Kind.SSH_KEY: (
        Field("private_key", "Private key", Content.TEXT, required=True, upload=True),
        Field("public_key", "Public key", Content.TEXT, upload=True),
        Field("passphrase", "Passphrase", concealed=True, generated=True),
        _NOTES,
    ),
    Kind.CERTIFICATE: (
        Field("certificate", "Certificate", Content.TEXT, required=True, upload=True, help="PEM."),
        Field("private_key", "Private key", Content.TEXT, upload=True, help="PEM."),
        Field("chain", "Chain", Content.TEXT, upload=True, help="PEM, the intermediate certificates."),
        _NOTES,
    ),
    Kind.NOTE: (Field("note", "Note", Content.TEXT, required=True),),
    Kind.FILE: (
        Field("content", "File", Content.FILE, required=True),
        Field("filename", "File name", Content.FILENAME, help="Left blank, the name of the file you choose."),
    ),
}

METADATA_LABELS = {"name": "Name", "description": "Description", "tags": "Tags", "classification": "Classification"}
"""What is known about a secret without opening it. No field of a payload has one of these names."""

ICONS: dict[Kind, str] = {
    Kind.VALUE: "square-asterisk",
    Kind.LOGIN: "globe",
    Kind.API_KEY: "key-round",
    Kind.DATABASE: "database",
    Kind.SSH_KEY: "terminal",
    Kind.CERTIFICATE: "file-badge",
    Kind.NOTE: "sticky-note",
    Kind.FILE: "file-lock",
}

ABOUT: dict[Kind, str] = {
    Kind.VALUE: "One value, such as an environment variable.",
    Kind.LOGIN: "User name and password of a site, with its one-time codes.",
    Kind.API_KEY: "A key, and the secret that goes with it.",
    Kind.DATABASE: "Host, database, user and password.",
    Kind.SSH_KEY: "A key pair and its passphrase.",
    Kind.CERTIFICATE: "A certificate with its private key and chain.",
    Kind.NOTE: "Any text.",
    Kind.FILE: "A file of up to 1 MiB.",
}


def _in_a_sentence(label: str) -> str:
    """With a small first letter, unless the first word is an abbreviation such as SSH."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def field_names(kind: Kind) -> tuple[str, ...]:
    """The names of a kind's fields in the order of its form."""
    return tuple(field.name for field in FIELDS[kind])


def field_of(kind: Kind, name: str) -> Field | None:
    """The kind's field of that name, or None."""
    return next((field for field in FIELDS[kind] if field.name == name), None)


def label_of(kind: Kind, name: str) -> str:
    """What people read for a field of the payload or of the metadata; the bare name if the kind no longer has it."""
    field = field_of(kind, name)
    return field.label if field else METADATA_LABELS.get(name, name)

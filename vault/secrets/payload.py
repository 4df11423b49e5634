"""What a payload may hold: the checks of every field of every kind, and the sizes.

Text is kept byte for byte. Nothing is trimmed, normalized or completed; what cannot be kept is refused, and the
message names the field and the remedy, never the value.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import urlsplit

from vault.secrets.codes import CodeKey, InvalidCodeKey
from vault.secrets.kinds import FIELDS, Content, Field, Kind, field_names

TEXT_LIMIT = 256 * 1024
"""Bytes of UTF-8 in one field."""
FILE_LIMIT = 1024 * 1024
"""Bytes of a stored file, before base64."""
FILENAME_LIMIT = 150
"""Characters of a file's name; with the four bytes that a character may take it stays under 255 bytes in most cases."""

_LINK = re.compile(r"https?://", re.IGNORECASE)
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9.-]+:[0-9]{1,5}(?:[/?#].*)?", re.DOTALL)
_SCHEME = re.compile(r"[^/?#]*:")


class InvalidPayload(ValueError):
    """Some fields cannot be stored. `errors` maps each field's name to a sentence for the person."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = dict(errors)


def clean_payload(kind: Kind, values: Mapping[str, str]) -> dict[str, str]:
    """The payload to store: the fields of `values` that hold something, unchanged, in the order of the kind's form.

    Raises InvalidPayload for an unknown field, a required field that is empty, or a value that cannot be kept.
    """
    errors = dict.fromkeys(values.keys() - set(field_names(kind)), f"{kind.label} has no field of this name.")
    for field in FIELDS[kind]:
        if problem := problem_of(field, values.get(field.name, "")):
            errors[field.name] = problem
    if errors:
        raise InvalidPayload(errors)
    return {name: values[name] for name in field_names(kind) if values.get(name)}


def problem_of(field: Field, value: str) -> str | None:
    """Why `value` cannot be stored in `field`, as a sentence for the person; None if it can."""
    if not value:
        return f"{field.label} is needed." if field.required else None
    if "\0" in value:
        return f"{field.label} holds a NUL character, which text cannot hold. Remove it, or store it as a file."
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        return f"{field.label} holds half a character (a lone surrogate). Paste it again, or store it as a file."
    if field.content is Content.FILE:
        return _problem_of_file(field, value)
    if size > TEXT_LIMIT:
        return f"{field.label} is longer than {TEXT_LIMIT // 1024} KiB. Store it as a file, which may have 1 MiB."
    match field.content:
        case Content.TEXT:
            return None
        case Content.TOTP:
            return _problem_of_code_key(value)
        case Content.URL if not is_safe_address(value):
            return f"{field.label} begins with http:// or https:// (or with the host alone); nothing else is kept here."
        case Content.FILENAME if clean_filename(value) != value:
            return f"{field.label} is a plain file name of up to {FILENAME_LIMIT} characters, without folders."
    if "\n" in value or "\r" in value:
        return f"{field.label} is one line, and this has several. Remove the line break."
    return None


def _problem_of_file(field: Field, value: str) -> str | None:
    try:
        size = len(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        return f"{field.label} did not arrive whole. Choose it again."
    return f"{field.label} is larger than {FILE_LIMIT // 1024 // 1024} MiB." if size > FILE_LIMIT else None


def _problem_of_code_key(value: str) -> str | None:
    try:
        CodeKey.parse(value)
    except InvalidCodeKey as invalid:
        return str(invalid)
    return None


def is_safe_address(value: str) -> bool:
    """Whether `value` is an http(s) address or has no scheme at all: never `javascript:` and its kin (ASVS 1.2.2)."""
    if _LINK.match(value):
        return link_target(value) is not None
    return not _SCHEME.match(value) or _HOST_AND_PORT.fullmatch(value) is not None


def link_target(value: str) -> str | None:
    """`value` if it may stand in an `href`: an absolute http or https address with a host. None for all else."""
    if not _LINK.match(value) or any(character <= " " or character == "\x7f" for character in value):
        return None
    try:
        return value if urlsplit(value).hostname else None
    except ValueError:
        return None


def clean_filename(name: str) -> str:
    """`name` as it may be offered to a browser: the last part of a path, without characters that hide or reorder.

    Never empty: what has no usable name is called "file".
    """
    base = re.split(r"[/\\]", name)[-1]
    visible = "".join(c for c in base if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    cleaned = visible.strip()
    if len(cleaned) > FILENAME_LIMIT:
        stem, dot, extension = cleaned.rpartition(".")
        keep = dot + extension if stem and len(extension) <= 20 else ""
        cleaned = cleaned[: FILENAME_LIMIT - len(keep)].strip() + keep
    return "file" if cleaned.strip(". ") == "" else cleaned


def file_bytes(payload: Mapping[str, str]) -> bytes:
    """The stored file of a payload of kind `file`."""
    return base64.b64decode(payload.get("content", ""))


def with_line_feeds(text: str) -> str:
    """`text` as a text box means it: browsers submit every line end as CR LF (HTML, "append an entry"), whatever was
    pasted, so a box cannot carry a CR. A file that is uploaded keeps its bytes."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def names_in_use(kind: Kind, payload: Mapping[str, str]) -> list[str]:
    """The names of the fields that hold something, in the order of the form."""
    return [name for name in field_names(kind) if payload.get(name)]


def changed_names(kind: Kind, before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The names of the fields that differ, in the order of the form."""
    return [name for name in field_names(kind) if before.get(name, "") != after.get(name, "")]

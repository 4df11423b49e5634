"""The one way to a value: check again under lock, write the event, commit, and only then decrypt.

Whatever fails before the commit shows nothing. The event is there before the value is, so a value was never shown that
the log does not know of; the other way round, the log may name one that could not be opened.
"""

import time
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum

from django.db import transaction
from django.db.models import F

from accounts.models import User
from audit.actions import Action
from audit.services import append
from orgs.permissions import Permission
from vault.crypto.secrecy import Confidential
from vault.secrets.codes import Code, CodeKey
from vault.secrets.errors import InTrash, NoCodeKey, UnknownField, UnknownVersion
from vault.secrets.kinds import Content, Kind, field_names, field_of
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.payload import clean_filename, file_bytes
from vault.secrets.permissions import authorize


class RevealPurpose(StrEnum):
    """What somebody wants a value for, which decides what the log says."""

    REVEAL = "reveal"
    COPY = "copy"
    EDIT = "edit"
    """The current values are filled into the form for editing."""


_ACTIONS = {
    RevealPurpose.REVEAL: Action.SECRET_REVEALED,
    RevealPurpose.COPY: Action.SECRET_COPIED,
    RevealPurpose.EDIT: Action.SECRET_REVEALED,
}


class Revealed(Confidential):
    """Values that may be shown to the person who asked: `items()` gives field names and text, in the form's order.

    `version` is the number that they were read from. Its `repr` shows no value.
    """

    __slots__ = ("_values", "version")

    version: int
    _values: Mapping[str, str]

    def __init__(self, values: Mapping[str, str], *, version: int) -> None:
        self._set(_values=dict(values), version=version)

    def __getitem__(self, field: str) -> str:
        return self._values[field]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def items(self) -> Iterator[tuple[str, str]]:
        return iter(self._values.items())


class Download(Confidential):
    """A stored file: `content` byte for byte, under a `filename` that may be offered to a browser."""

    __slots__ = ("content", "filename")

    content: bytes
    filename: str

    def __init__(self, content: bytes, *, filename: str) -> None:
        self._set(content=content, filename=filename)


def reveal_secret(
    *,
    actor: User,
    secret: Secret,
    fields: Collection[str] | None = None,
    version: int | None = None,
    purpose: RevealPurpose = RevealPurpose.REVEAL,
) -> Revealed:
    """The values of `fields` (None: of all that can be shown), of the current version or of number `version`.

    A field that holds nothing comes as an empty text. A file's content is not shown but downloaded.

    Raises `AccessDenied` without `secret:reveal`, UnknownField, UnknownVersion, InTrash; `EventNotWritten` if the log
    cannot be written; `CryptoError` if the value does not open.
    """
    kind = Kind(secret.kind)
    shown = [name for name in field_names(kind) if fields is None or name in fields]
    if fields is not None and len(shown) != len(set(fields)):
        raise UnknownField(f"{kind.label} has no such field. Reload the page.")
    if kind is Kind.FILE and "content" in shown:
        if fields is not None:
            raise UnknownField("A file is not shown here. Download it.")
        shown.remove("content")
    opened = _recorded(
        actor, secret, version, _ACTIONS[purpose], {"fields": shown, "purpose": RevealPurpose(purpose).value}
    )
    payload = opened.payload
    return Revealed({name: payload.get(name, "") for name in shown}, version=opened.number)


def download_file(*, actor: User, secret: Secret, version: int | None = None) -> Download:
    """The stored file. Raises UnknownField for another kind of secret, and as `reveal_secret`."""
    if Kind(secret.kind) is not Kind.FILE:
        raise UnknownField("Only files are downloaded. Reveal this value instead.")
    payload = _recorded(actor, secret, version, Action.SECRET_DOWNLOADED, {"fields": ["content"]}).payload
    return Download(file_bytes(payload), filename=clean_filename(payload.get("filename", "")))


def show_code(*, actor: User, secret: Secret) -> Code:
    """The login's one-time code of this moment. Raises NoCodeKey, and as `reveal_secret`."""
    field = field_of(Kind(secret.kind), "totp")
    if field is None or field.content is not Content.TOTP:
        raise NoCodeKey
    payload = _recorded(actor, secret, None, Action.SECRET_CODE_SHOWN, {"field": "totp"}).payload
    if not payload.get("totp"):
        raise NoCodeKey
    return CodeKey.parse(payload["totp"]).code(time.time())


def _recorded(
    actor: User, secret: Secret, number: int | None, action: Action, details: dict[str, object]
) -> SecretVersion:
    """The version that may be opened now: its event is committed. Nothing is decrypted here."""
    with transaction.atomic(durable=True):
        authorize(actor, Permission.SECRET_REVEAL, secret)
        version = _live_version(secret, number)
        append(
            actor=actor.audit_actor,
            action=action,
            organization_id=secret.organization_id,
            resource=secret.audit_resource,
            key_id=version.payload_envelope.key_id,
            details={"version": version.number, **details},
        )
    return version


def _live_version(secret: Secret, number: int | None) -> SecretVersion:
    """The version of that number (None: the current one) of a secret that is not in the trash, as it is now."""
    wanted = F("secret__version") if number is None else number
    versions = SecretVersion.objects.filter(secret_id=secret.pk, number=wanted)
    version = next(iter(versions.filter(secret__trashed_at__isnull=True)), None)  # the number names one at most
    if version is None:
        raise InTrash if versions.exists() else UnknownVersion
    return version

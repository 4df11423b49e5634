"""The one way to a value: decide under lock, weigh what the policy of its class demands, write the event, commit, and
only then decrypt.

Nobody's authority, and no class, changes between the check and the commit: such changes wait for the organization's row
(`hold_authority`), after which the secret and its environment are read anew.

Whatever fails before the commit shows nothing. The event is there before the value is, so a value was never shown that
the log does not know of; the other way round, the log may name one that could not be opened.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.models import User
from audit.actions import Action, ResourceKind
from audit.resource import Resource
from audit.services import append
from orgs.permissions import Permission, denied_as_missing, hold_authority
from orgs.selectors import visible
from vault.crypto.secrecy import Confidential
from vault.seals import require_genuine, with_seals_of
from vault.secrets.codes import Code, CodeKey
from vault.secrets.errors import InTrash, NoCodeKey, UnknownField, UnknownVersion
from vault.secrets.evidence import NO_EVIDENCE, Evidence, demanded, weigh
from vault.secrets.kinds import Content, Kind, field_names, field_of
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.payload import clean_filename, file_bytes
from vault.secrets.permissions import authorize_opening, event_details

_QUICK = Secret.objects.select_related("environment").defer("search_text", "description")


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

    `kind` is the secret's, `version` the number that they were read from, `seconds` how long they may stay on screen.
    Its `repr` shows no value.
    """

    __slots__ = ("_values", "kind", "seconds", "version")

    kind: Kind
    version: int
    seconds: int
    _values: Mapping[str, str]

    def __init__(self, values: Mapping[str, str], *, kind: Kind, version: int, seconds: int) -> None:
        self._set(_values=dict(values), kind=kind, version=version, seconds=seconds)

    def __getitem__(self, field: str) -> str:
        return self._values[field]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def items(self) -> Iterator[tuple[str, str]]:
        return iter(self._values.items())


class ShownCode(NamedTuple):
    """A code, and for how many seconds it may stay on screen: no longer than it holds."""

    code: Code
    seconds: int


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
    secret: UUID,
    fields: Collection[str] | None = None,
    version: int | None = None,
    purpose: RevealPurpose = RevealPurpose.REVEAL,
    evidence: Evidence = NO_EVIDENCE,
) -> Revealed:
    """The values of `fields` (None: of all that can be shown), of the current version or of number `version`.

    A field that holds nothing comes as an empty text. A file's content is not shown but downloaded.

    Raises `AccessDenied` without `secret:reveal`, and for a secret that does not exist; EvidenceNeeded and
    ReasonRefused where the policy of its class asks for more than `evidence` has; UnknownField, UnknownVersion,
    InTrash; `EventNotWritten` if the log cannot be written; `CryptoError` if the value does not open;
    `SealBroken` if its place or its class is not what this program wrote.
    """

    def details_of(kind: Kind) -> Mapping[str, object]:
        return {"fields": _shown(kind, fields), "purpose": RevealPurpose(purpose).value}

    opened, seconds = _recorded(actor, secret, version, evidence, _ACTIONS[purpose], details_of)
    kind, payload = Kind(opened.secret.kind), opened.payload
    values = {name: payload.get(name, "") for name in _shown(kind, fields)}
    return Revealed(values, kind=kind, version=opened.number, seconds=seconds)


def _shown(kind: Kind, fields: Collection[str] | None) -> list[str]:
    """The fields to show, in the form's order. Raises UnknownField."""
    shown = [name for name in field_names(kind) if fields is None or name in fields]
    if fields is not None and len(shown) != len(set(fields)):
        raise UnknownField(f"{kind.label} has no such field. Reload the page.")
    if kind is Kind.FILE and "content" in shown:
        if fields is not None:
            raise UnknownField("A file is not shown here. Download it.")
        shown.remove("content")
    return shown


def download_file(
    *, actor: User, secret: UUID, version: int | None = None, evidence: Evidence = NO_EVIDENCE
) -> Download:
    """The stored file. Raises UnknownField for another kind of secret, and as `reveal_secret`."""

    def details_of(kind: Kind) -> Mapping[str, object]:
        if kind is not Kind.FILE:
            raise UnknownField("Only files are downloaded. Reveal this value instead.")
        return {"fields": ["content"]}

    opened, _ = _recorded(actor, secret, version, evidence, Action.SECRET_DOWNLOADED, details_of)
    payload = opened.payload
    return Download(file_bytes(payload), filename=clean_filename(payload.get("filename", "")))


def show_code(*, actor: User, secret: UUID, evidence: Evidence = NO_EVIDENCE) -> ShownCode:
    """The login's one-time code of this moment. Raises NoCodeKey, and as `reveal_secret`."""

    def details_of(kind: Kind) -> Mapping[str, object]:
        field = field_of(kind, "totp")
        if field is None or field.content is not Content.TOTP:
            raise NoCodeKey
        return {"field": "totp"}

    opened, seconds = _recorded(actor, secret, None, evidence, Action.SECRET_CODE_SHOWN, details_of)
    key = opened.payload.get("totp")
    if not key:
        raise NoCodeKey
    code = CodeKey.parse(key).code(time.time())
    return ShownCode(code, min(code.seconds_left, seconds))


def _recorded(
    actor: User,
    uid: UUID,
    number: int | None,
    evidence: Evidence,
    action: Action,
    details_of: Callable[[Kind], Mapping[str, object]],
) -> tuple[SecretVersion, int]:
    """The version that may be opened now, and for how many seconds it may be shown: its event is committed. Nothing is
    decrypted here.

    `details_of` gives what the event says of a secret of that kind, or raises what is wrong with the request, which
    only somebody who may open the secret is told.
    """
    with transaction.atomic(durable=True):
        found = visible(_QUICK.filter(pk=uid))
        hold_authority(uid if found is None else found.organization_id)
        version = _version(uid, number)
        if found is None:
            raise denied_as_missing(actor, Permission.SECRET_REVEAL, Resource(ResourceKind.SECRET, str(uid)))
        current = found if version is None else version.secret
        decision = authorize_opening(actor, current)
        details = details_of(Kind(current.kind))
        if version is None:
            raise UnknownVersion
        require_genuine(version)
        if current.trashed_at is not None:
            raise InTrash
        demands = demanded(decision)
        said = weigh(evidence, demands, actor)
        append(
            actor=actor.audit_actor,
            action=action,
            organization_id=current.organization_id,
            resource=current.audit_resource,
            key_id=version.payload_envelope.key_id,
            details={
                "version": version.number,
                **details,
                "classification": current.effective_classification.word,
                **event_details(decision),
                **said,
            },
        )
    return version, demands.reveal_seconds


def _version(secret: UUID, number: int | None) -> SecretVersion | None:
    """The version of that number (None: the current one) with the secret and its environment, all as they are now."""
    wanted = F("secret__version") if number is None else number
    versions = SecretVersion.objects.filter(secret_id=secret, number=wanted)
    versions = versions.select_related("secret__environment").defer("secret__search_text", "secret__description")
    versions = with_seals_of(versions, "secret", "secret__environment")
    return next(iter(versions), None)  # the number names one at most

"""Importing a `.env` text into an environment: first what it would do, then doing it in one transaction.

Comparing tells about values (a guess that comes out "same" was right), so it asks for `secret:reveal`, for what the
policies of their classes demand, and is an event, as a reveal is. What was shown is bound to what is done by a seal
over the text and every version that was compared; nothing of it is kept on the server.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from audit.actions import Action
from audit.services import append
from orgs.demands import strictest
from orgs.models import Environment
from orgs.permissions import Decision, Permission, hold_authority
from orgs.places import Place
from vault.seals import require_genuine, with_seal
from vault.secrets import env_file
from vault.secrets.env_file import Entry, EnvFile, Mistake
from vault.secrets.errors import LinesNotImportable, NothingToImport, PreviewOutdated
from vault.secrets.evidence import NO_EVIDENCE, Evidence, demanded, weigh
from vault.secrets.kinds import FIELDS, Kind
from vault.secrets.metadata import clean_metadata
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.payload import problem_of
from vault.secrets.permissions import authorize_all
from vault.secrets.services.versions import lock_environment

_FIELD = FIELDS[Kind.VALUE][0]


class State(StrEnum):
    """What an import does with a line."""

    NEW = "new"
    CHANGED = "changed"
    EQUAL = "equal"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a preview: no value, and for an invalid line only the reason."""

    line: int
    name: str
    state: State
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do, in the order of the lines, and the `seal` that the import must bring back."""

    rows: Sequence[Row]
    seal: str

    def count(self, state: State) -> int:
        return sum(row.state is state for row in self.rows)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows are in each state."""
        return {state.value: self.count(state) for state in State}

    @property
    def importable(self) -> int:
        """How many secrets the import would create or change."""
        return self.count(State.NEW) + self.count(State.CHANGED)


@dataclass(frozen=True, slots=True)
class Imported:
    """How many secrets an import created, changed and found equal."""

    new: int
    changed: int
    equal: int


def preview_env_import(
    *, actor: User, environment: Environment, text: str, evidence: Evidence = NO_EVIDENCE
) -> Preview:
    """What importing `text` would do. The comparison is an event, committed before anything is decrypted.

    Raises `AccessDenied` without `secret:write` and `secret:reveal`, EvidenceNeeded and ReasonRefused where the policy
    of what is compared asks for more than `evidence` has, UnreadableFile for a text as a whole, NothingToImport;
    `EventNotWritten` if the log cannot be written.
    """
    parsed = _parsed(text)
    with transaction.atomic(durable=True):
        hold_authority(environment.organization_id)
        # Held, so that what is compared is what the event names: nobody renames or purges one in between.
        environment = lock_environment(Permission.SECRET_WRITE, environment)
        existing = _existing(environment, parsed.entries)
        opening = _authorize(actor, environment, parsed.entries, existing)
        said = weigh(evidence, strictest([demanded(each) for each in opening]), actor) if opening else {}
        versions = _current_versions(existing)
        append(
            actor=actor.audit_actor,
            action=Action.SECRETS_COMPARED,
            organization_id=environment.organization_id,
            resource=environment.audit_resource,
            details={"names": sorted(existing), "count": len(existing), **_reasons(opening), **said},
        )
    rows = [_row(entry, existing, versions) for entry in parsed.entries]
    rows += [Row(mistake.line, mistake.name, State.INVALID, mistake.reason) for mistake in parsed.mistakes]
    seal = _seal(actor, environment, env_file.normalize(text), existing, reasoned="justification" in said)
    return Preview(sorted(rows, key=lambda row: row.line), seal)


def import_env(
    *,
    actor: User,
    environment: Environment,
    text: str,
    seal: str,
    accept_invalid: bool = False,
    evidence: Evidence = NO_EVIDENCE,
) -> Imported:
    """Does what the preview with this `seal` showed: all of it, or nothing.

    Lines that cannot be imported are left out only with `accept_invalid`. A reason that was given for the preview is
    not asked for again; one that is demanded only since then is, and is kept with this event. Raises PreviewOutdated if
    the text, or any secret that it names or its class, differs from what was shown, LinesNotImportable, and as
    `preview_env_import`.
    """
    parsed = _parsed(text)
    try:
        with transaction.atomic():
            hold_authority(environment.organization_id)
            # Held, so that nobody adds a name, or deletes the environment, between the comparison and the import.
            place = lock_environment(Permission.SECRET_WRITE, environment)
            existing = _existing(place, parsed.entries)
            opening = _authorize(actor, place, parsed.entries, existing)
            reasoned = _reasoned(seal, actor, place, env_file.normalize(text), existing)
            said: Mapping[str, object] = {}
            if opening:
                demands = strictest([demanded(each) for each in opening])
                asked = demands.reason_required and not reasoned
                said = weigh(evidence, replace(demands, reason_required=asked), actor)
            versions = _current_versions(existing)
            rows = {entry.name: _row(entry, existing, versions) for entry in parsed.entries}
            invalid = len(parsed.mistakes) + sum(row.state is State.INVALID for row in rows.values())
            if invalid and not accept_invalid:
                raise LinesNotImportable(invalid)
            new = [entry for entry in parsed.entries if rows[entry.name].state is State.NEW]
            changed = [entry for entry in parsed.entries if rows[entry.name].state is State.CHANGED]
            _write(actor, place, new, changed, existing)
            equal = len(rows) - len(new) - len(changed) - (invalid - len(parsed.mistakes))
            append(
                actor=actor.audit_actor,
                action=Action.SECRETS_IMPORTED,
                organization_id=place.organization_id,
                resource=place.audit_resource,
                details={
                    "source": "env",
                    "names": [entry.name for entry in (*new, *changed)],
                    "new": len(new),
                    "changed": len(changed),
                    "equal": equal,
                    "invalid": invalid,
                    **said,
                },
            )
    except IntegrityError as error:  # a name that was taken past the lock, by a restore from the trash
        raise PreviewOutdated from error
    return Imported(len(new), len(changed), equal)


def _parsed(text: str) -> EnvFile:
    """The entries that can be stored, and all mistakes. Raises NothingToImport, UnreadableFile."""
    entries, mistakes = env_file.parse(text)
    if not entries and not mistakes:
        raise NothingToImport
    good: list[Entry] = []
    for entry in entries:
        problem = problem_of(_FIELD, entry.value)
        if problem is None:
            good.append(entry)
        else:
            mistakes.append(Mistake(entry.line, problem, entry.name))
    return EnvFile(good, mistakes)


def _authorize(
    actor: User, environment: Environment, entries: Sequence[Entry], existing: Mapping[str, Secret]
) -> Sequence[Decision]:
    """Whoever imports compares, and a comparison tells whether a value is known: both are asked for, for every name.

    Returns the decisions that allow to open what is going to be compared. Raises AccessDenied, SealBroken.
    """
    places = [
        existing[entry.name].place
        if entry.name in existing
        else environment.place.secret(entry.name, environment.classification)
        for entry in entries
    ]
    decisions = authorize_all(actor, (Permission.SECRET_WRITE, Permission.SECRET_REVEAL), environment, places)
    for row in (environment, *existing.values()):
        require_genuine(row)
    opened: list[Place] = [secret.place for secret in existing.values() if secret.kind == Kind.VALUE]
    return [decisions[Permission.SECRET_REVEAL, place] for place in opened]


def _reasons(opening: Sequence[Decision]) -> dict[str, object]:
    """How the event says why the comparison was allowed: each way that was used."""
    if not opening:
        return {}
    grants = sorted({str(each.grant) for each in opening if each.grant})
    because = sorted({each.because for each in opening})
    return {"because": because, **({"grant": grants} if grants else {})}


def _existing(environment: Environment, entries: Sequence[Entry]) -> dict[str, Secret]:
    """The live secrets of the environment that the entries name, by name, locked."""
    named = Secret.objects.filter(
        environment=environment, trashed_at__isnull=True, name__in=[entry.name for entry in entries]
    ).order_by("uid")
    found = {secret.name: secret for secret in with_seal(named.select_for_update(of=("self",), no_key=True))}
    for secret in found.values():
        secret.environment = environment
    return found


def _current_versions(existing: Mapping[str, Secret]) -> dict[str, SecretVersion]:
    """The current versions of generic values, by name; only these are compared."""
    comparable = [secret.pk for secret in existing.values() if secret.kind == Kind.VALUE]
    versions = SecretVersion.objects.filter(secret_id__in=comparable, number=F("secret__version"))
    return {version.secret.name: version for version in versions.select_related("secret")}


def _row(entry: Entry, existing: Mapping[str, Secret], versions: Mapping[str, SecretVersion]) -> Row:
    secret = existing.get(entry.name)
    if secret is None:
        return Row(entry.line, entry.name, State.NEW)
    if secret.kind != Kind.VALUE:
        reason = f"There is a secret of this name, of the kind {Kind(secret.kind).label}. Rename one of the two."
        return Row(entry.line, entry.name, State.INVALID, reason)
    same = versions[entry.name].payload.get(_FIELD.name, "") == entry.value
    return Row(entry.line, entry.name, State.EQUAL if same else State.CHANGED)


def _write(
    actor: User,
    environment: Environment,
    new: Sequence[Entry],
    changed: Sequence[Entry],
    existing: Mapping[str, Secret],
) -> None:
    """All new secrets, all new versions: a handful of statements, however many lines there are."""
    now = timezone.now()
    created = [_secret(actor, environment, entry) for entry in new]
    Secret.objects.bulk_create(created)
    renewed = [existing[entry.name] for entry in changed]
    Secret.objects.filter(pk__in=[secret.pk for secret in renewed]).update(
        version=F("version") + 1, updated_at=now, updated_by=actor
    )
    SecretVersion.objects.bulk_create(
        SecretVersion(  # type: ignore[misc]  # the stubs know `payload` by its attname only
            uid=uuid4(),
            organization_id=environment.organization_id,
            secret_id=secret.pk,
            number=number,
            payload={_FIELD.name: entry.value} if entry.value else {},
            field_names=[_FIELD.name] if entry.value else [],
            changed_fields=[_FIELD.name],
            created_at=now,
            created_by=actor,
        )
        for entry, secret, number in (
            *((entry, secret, 1) for entry, secret in zip(new, created, strict=True)),
            *((entry, secret, secret.version + 1) for entry, secret in zip(changed, renewed, strict=True)),
        )
    )


def _secret(actor: User, environment: Environment, entry: Entry) -> Secret:
    metadata = clean_metadata(name=entry.name, description="", tags=())
    return Secret(
        organization_id=environment.organization_id,
        project_id=environment.project_id,
        environment=environment,
        kind=Kind.VALUE,
        name=metadata.name,
        name_key=metadata.name_key,
        search_text=metadata.search_text,
        version=1,
        created_by=actor,
        updated_by=actor,
    )


def _reasoned(seal: str, actor: User, place: Environment, text: str, existing: Mapping[str, Secret]) -> bool:
    """Whether a reason was given for the preview with this seal. Raises PreviewOutdated if it is not of this import."""
    for reasoned in (False, True):
        if constant_time_compare(_seal(actor, place, text, existing, reasoned=reasoned), seal):
            return reasoned
    raise PreviewOutdated


def _seal(actor: User, environment: Environment, text: str, existing: Mapping[str, Secret], *, reasoned: bool) -> str:
    """An HMAC over who imports what, where, over which versions of which classes, and whether a reason was given.

    The page carries it; it is stored nowhere.
    """
    seen = sorted(
        (secret.uid.hex, secret.version, name, int(secret.effective_classification))
        for name, secret in existing.items()
    )
    message = json.dumps([str(actor.pk), str(environment.pk), text, seen, reasoned])
    return salted_hmac("vault.secrets.env_import", message, algorithm="sha256").hexdigest()

"""Creating, editing and restoring secrets."""

import time
from collections.abc import Collection, Iterable, Mapping
from enum import Enum

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.services import Proof
from audit.actions import Action
from audit.services import append
from orgs.classification import Classification
from orgs.demands import LOWERING_MINUTES
from orgs.models import Environment
from orgs.permissions import Permission, hold_authority
from orgs.places import Place
from orgs.services.authority import lock_organization
from vault.crypto.errors import DamagedValue
from vault.seals import require_genuine
from vault.secrets.errors import Conflict, EvidenceNeeded, NameTaken
from vault.secrets.kinds import Kind
from vault.secrets.metadata import clean_metadata
from vault.secrets.models import Secret
from vault.secrets.payload import changed_names, clean_payload, names_in_use, with_line_feeds
from vault.secrets.permissions import authorize, authorize_lowering, refuse_gain
from vault.secrets.services.versions import (
    add_version,
    advance,
    lock_environment,
    lock_secret,
    refuse_if_newer,
    set_tags,
    version_of,
)


class Keep(Enum):
    """That something stays as it is, where None means something of its own."""

    KEEP = "keep"


def create_secret(
    *,
    actor: User,
    environment: Environment,
    kind: Kind,
    name: str,
    description: str = "",
    tags: Iterable[str] = (),
    classification: Classification | None = None,
    values: Mapping[str, str],
) -> Secret:
    """A secret with its first version; `values` maps the kind's field names to text (a file's to base64).

    `classification`: None for that of the environment; one below it takes `project:configure`. Raises `AccessDenied`
    without `secret:write`, NameTaken, InvalidPayload, TooManyTags, `ValidationError`.
    """
    kind = Kind(kind)
    metadata = clean_metadata(name=name, description=description, tags=tags)
    payload = clean_payload(kind, values)
    try:
        with transaction.atomic():
            hold_authority(environment.organization_id)
            place = lock_environment(Permission.SECRET_WRITE, environment)
            inherited = Classification(place.classification)
            own = inherited if classification is None else Classification(classification)
            there = place.place.secret(metadata.name, own)
            authorize(actor, Permission.SECRET_WRITE, place, place=there, held=True)
            if own < inherited:
                for each in (there, place.place.secret(metadata.name, inherited)):
                    authorize(actor, Permission.PROJECT_CONFIGURE, place, place=each, held=True)
            require_genuine(place)
            refuse_if_taken(place, metadata.name)
            secret = Secret(
                organization_id=place.organization_id,
                project_id=place.project_id,
                environment=place,
                kind=kind,
                name=metadata.name,
                name_key=metadata.name_key,
                description=metadata.description,
                search_text=metadata.search_text,
                classification=classification,
                version=1,
                created_by=actor,
                updated_by=actor,
            )
            secret.save(force_insert=True)
            add_version(secret, payload, changed_fields=names_in_use(kind, payload))
            set_tags(secret, metadata.tags)
            append(
                actor=actor.audit_actor,
                action=Action.SECRET_CREATED,
                organization_id=secret.organization_id,
                resource=secret.audit_resource,
                details={
                    "kind": kind.value,
                    "environment": place.name,
                    "fields": names_in_use(kind, payload),
                    "classification": own.word,
                },
            )
    except IntegrityError as error:
        raise NameTaken(metadata.name) from error
    return secret


def update_secret(
    *,
    actor: User,
    secret: Secret,
    base_version: int,
    name: str,
    description: str,
    tags: Iterable[str],
    classification: Classification | Keep | None = Keep.KEEP,
    values: Mapping[str, str],
    clear: Collection[str] = (),
    from_browser: bool = False,
    proof: Proof | None = None,
) -> Secret:
    """A new version, based on version `base_version`; nothing happens when nothing differs.

    `values` has the fields that get a new value; those that are missing or empty keep theirs, those in `clear` lose it.
    With `from_browser` a value that differs from the stored one in its line ends only is the stored one, because a
    text box rewrites line ends. `classification`: None for that of the environment; what then counts may be less than
    what counts now for those only who have `project:configure` there, before and after, and a `proof` of the last
    LOWERING_MINUTES.

    Raises Conflict when somebody was faster, `AccessDenied` without `secret:write`, InTrash, EvidenceNeeded without the
    proof, and as `create_secret`.
    """
    metadata = clean_metadata(name=name, description=description, tags=tags)
    reclassifying = not isinstance(classification, Keep) and classification != secret.classification
    try:
        with transaction.atomic():
            # Class and name (by path) say who reaches it: whoever opens it now is done, or sees the new ones.
            if reclassifying or metadata.name != secret.name:
                lock_organization(secret.organization_id)
            locked = lock_secret(actor, Permission.SECRET_WRITE, secret)
            refuse_if_newer(locked, base_version)
            if locked.classification != secret.classification and not isinstance(classification, Keep):
                raise Conflict(locked.version, [])  # classified in this very moment
            words_before = _class_words(locked)
            kind = Kind(locked.kind)
            before = version_of(locked, locked.version).payload
            payload = clean_payload(kind, _merged(before, values, clear, from_browser=from_browser))
            changed = [
                label
                for label, differs in (
                    ("name", metadata.name != locked.name),
                    ("description", metadata.description != locked.description),
                    ("tags", list(metadata.tags) != sorted(locked.tags.values_list("name", flat=True))),
                    ("classification", reclassifying),
                )
                if differs
            ] + changed_names(kind, before, payload)
            if not changed:
                return locked
            before_that = locked.place
            if not isinstance(classification, Keep):
                locked.classification = classification
            there = locked.environment.place.secret(metadata.name, locked.effective_classification)
            lowered = _authorize_move(actor, locked, before_that, there)
            if lowered and (proof is None or not proof.holds(actor, minutes=LOWERING_MINUTES, now=time.time())):
                raise EvidenceNeeded(step_up=True, reason=False, act="lower the classification")
            if "name" in changed:
                refuse_if_taken(locked.environment, metadata.name)
            advance(locked, actor)
            add_version(locked, payload, changed_fields=changed)
            renamed_from = locked.name
            locked.name, locked.name_key = metadata.name, metadata.name_key
            locked.description, locked.search_text = metadata.description, metadata.search_text
            locked.save(update_fields=_columns(changed))
            if "tags" in changed:
                set_tags(locked, metadata.tags)
            renaming = {"from": renamed_from, "to": locked.name} if "name" in changed else {}
            if changed != ["classification"]:
                append(
                    actor=actor.audit_actor,
                    action=Action.SECRET_UPDATED,
                    organization_id=locked.organization_id,
                    resource=locked.audit_resource,
                    details={"version": locked.version, "changed_fields": changed, **renaming},
                )
            if reclassifying:
                append(
                    actor=actor.audit_actor,
                    action=Action.SECRET_DECLASSIFIED if lowered else Action.SECRET_CLASSIFIED,
                    organization_id=locked.organization_id,
                    resource=locked.audit_resource,
                    details={"version": locked.version, "from": words_before, "to": _class_words(locked)},
                )
    except IntegrityError as error:
        raise NameTaken(metadata.name) from error
    return locked


@transaction.atomic
def restore_version(*, actor: User, secret: Secret, number: int) -> Secret:
    """A new version with the values of version `number`, encrypted anew; name, description and tags stay.

    Nothing happens when the current values are the same. A current value that is damaged is no obstacle: going back to
    one that opens is the way out. Raises `AccessDenied` without `secret:write`, InTrash, UnknownVersion.
    """
    locked = lock_secret(actor, Permission.SECRET_WRITE, secret)
    kind = Kind(locked.kind)
    wanted = version_of(locked, number).payload
    try:
        changed = changed_names(kind, version_of(locked, locked.version).payload, wanted)
    except DamagedValue:
        changed = names_in_use(kind, wanted)
    if not changed:
        return locked
    advance(locked, actor)
    add_version(locked, wanted, changed_fields=changed, restored_from=number)
    locked.save(update_fields=_columns(()))
    append(
        actor=actor.audit_actor,
        action=Action.SECRET_RESTORED,
        organization_id=locked.organization_id,
        resource=locked.audit_resource,
        details={"version": locked.version, "restored_from": number, "changed_fields": changed},
    )
    return locked


def _authorize_move(actor: User, locked: Secret, before: Place, after: Place) -> bool:
    """Whether a change of name or class lowers the class, which takes `project:configure` on the secret as it was and
    as it is going to be, as high as it was. Raises AccessDenied, also for a name by which the actor gains anything."""
    if after != before:
        authorize(actor, Permission.SECRET_WRITE, locked, place=after)
    lowered = (after.classification or 0) < (before.classification or 0)
    if lowered:
        for place in (before, after):
            authorize_lowering(actor, locked, place, Classification(before.classification or 0))
    if after.name is not None and after.name != before.name:
        refuse_gain(actor, locked, before, after.name)
    return lowered


def _columns(changed: Collection[str]) -> list[str]:
    """What a new version writes of the secret's own row: what is sealed only if it differs, for a seal is made anew."""
    always = ["version", "updated_at", "updated_by", "description", "search_text"]
    return always + [each for each in ("name", "name_key", "classification") if each.removesuffix("_key") in changed]


def _class_words(secret: Secret) -> str:
    """The class as an event says it."""
    word = secret.effective_classification.word
    return f"{word}, inherited" if secret.classification is None else word


def refuse_if_taken(environment: Environment, name: str) -> None:
    """Raises NameTaken if a live secret of the environment has this name. The database has the last word."""
    if Secret.objects.filter(environment=environment, name=name, trashed_at__isnull=True).exists():
        raise NameTaken(name)


def _merged(
    before: Mapping[str, str], values: Mapping[str, str], clear: Collection[str], *, from_browser: bool
) -> dict[str, str]:
    merged = {name: text for name, text in before.items() if name not in clear}
    for name, text in values.items():
        if text:
            kept = before.get(name, "")
            same = from_browser and with_line_feeds(kept) == with_line_feeds(text)
            merged[name] = kept if same else text
    return merged

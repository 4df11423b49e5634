"""To the trash, back, and out of it for good."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from audit.actions import Action
from audit.actor import Actor
from audit.services import append
from orgs.permissions import Permission
from vault.seals import locked_row
from vault.secrets.errors import ConfirmationMismatch, NameTaken, NotInTrash
from vault.secrets.metadata import clean_metadata
from vault.secrets.models import Secret
from vault.secrets.permissions import authorize, refuse_gain
from vault.secrets.services.versions import add_version, advance, lock_secret, version_of
from vault.secrets.services.writing import refuse_if_taken


@transaction.atomic
def trash_secret(*, actor: User, secret: Secret) -> Secret:
    """Out of use at once; `settings.TRASH_DAYS` later it is purged. Raises `AccessDenied` without `secret:delete`,
    InTrash if it is there already."""
    locked = lock_secret(actor, Permission.SECRET_DELETE, secret)
    locked.trashed_at, locked.trashed_by = timezone.now(), actor
    locked.save(update_fields=["trashed_at", "trashed_by"])
    append(
        actor=actor.audit_actor,
        action=Action.SECRET_TRASHED,
        organization_id=locked.organization_id,
        resource=locked.audit_resource,
        details={"version": locked.version, "days": settings.TRASH_DAYS},
    )
    return locked


def untrash_secret(*, actor: User, secret: Secret, name: str | None = None) -> Secret:
    """Back to where it was, under another `name` if one is given (which makes a version, as every renaming does).

    Raises NameTaken if a live secret has the name by now, `AccessDenied` without `secret:delete`, and for another name
    as renaming does; NotInTrash, `ValidationError` for the name.
    """
    wanted = secret.name
    try:
        with transaction.atomic():
            locked = lock_secret(actor, Permission.SECRET_DELETE, secret, trashed=None)
            if locked.trashed_at is None:
                raise NotInTrash
            before = locked.name
            wanted = before if name is None else _rename(locked, name, actor)
            refuse_if_taken(locked.environment, wanted)
            locked.trashed_at = locked.trashed_by = None
            locked.save()
            append(
                actor=actor.audit_actor,
                action=Action.SECRET_UNTRASHED,
                organization_id=locked.organization_id,
                resource=locked.audit_resource,
                details={"version": locked.version, **({"from": before, "to": wanted} if wanted != before else {})},
            )
    except IntegrityError as error:
        raise NameTaken(wanted) from error
    return locked


@transaction.atomic
def purge_secret(*, actor: User, secret: Secret, confirmation: str) -> None:
    """Destroys a secret in the trash with all its versions; `confirmation` is its name, typed.

    Raises `AccessDenied` without `secret:purge`, NotInTrash, ConfirmationMismatch.
    """
    locked = lock_secret(actor, Permission.SECRET_PURGE, secret, trashed=None)
    if locked.trashed_at is None:
        raise NotInTrash
    if confirmation.strip() != locked.name:
        raise ConfirmationMismatch
    _purge(locked, actor.audit_actor, reason="asked")


def purge_expired_trash() -> int:
    """Purges what has been in the trash for `settings.TRASH_DAYS`; how many. One transaction and one event each.

    For the system's own housekeeping: it asks nobody's permission. What is not genuine, such as a secret that somebody
    has put there with SQL, stays, and is reported: a purge would take its seal along, and nothing would be missed.
    """
    expired_before = timezone.now() - timedelta(days=settings.TRASH_DAYS)
    uids = list(
        Secret.objects.filter(trashed_at__lte=expired_before).order_by("trashed_at").values_list("pk", flat=True)
    )
    return sum(_purge_if_expired(uid, expired_before) for uid in uids)


def _purge_if_expired(uid: UUID, expired_before: datetime) -> bool:
    with transaction.atomic():
        locked = locked_row(Secret, uid)
        # Restored or purged by somebody meanwhile: then there is nothing to do.
        expired = locked is not None and locked.trashed_at is not None and locked.trashed_at <= expired_before
        if locked is not None and expired:
            _purge(locked, Actor.system(), reason="expired")
        return expired


def _purge(locked: Secret, actor: Actor, *, reason: str) -> None:
    resource = locked.audit_resource
    locked.delete()
    append(
        actor=actor,
        action=Action.SECRET_PURGED,
        organization_id=locked.organization_id,
        resource=resource,
        details={"version": locked.version, "kind": locked.kind, "reason": reason},
    )


def _rename(locked: Secret, name: str, actor: User) -> str:
    tags = locked.tags.values_list("name", flat=True)
    metadata = clean_metadata(name=name, description=locked.description, tags=tags)
    if metadata.name != locked.name:
        before = locked.place
        for place in (before, replace(before, name=metadata.name)):
            authorize(actor, Permission.SECRET_WRITE, locked, place=place)
        refuse_gain(actor, locked, before, metadata.name)
        payload = version_of(locked, locked.version).payload
        advance(locked, actor)
        add_version(locked, payload, changed_fields=["name"])
        locked.name, locked.name_key = metadata.name, metadata.name_key
        locked.search_text = metadata.search_text
    return metadata.name

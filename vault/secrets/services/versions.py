"""What the writing services have in common: locking a secret, adding a version, keeping its tags."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from audit.actions import ResourceKind
from audit.resource import Resource
from orgs.models import Environment
from orgs.permissions import NOTHING_THERE, AccessDenied, Permission
from vault.seals import require_genuine, with_seal
from vault.secrets.errors import Change, Conflict, InTrash, UnknownVersion
from vault.secrets.kinds import Kind, label_of
from vault.secrets.models import Secret, SecretVersion, Tag
from vault.secrets.payload import names_in_use
from vault.secrets.permissions import authorize


def lock_secret(actor: User, permission: Permission, secret: Secret, *, trashed: bool | None = False) -> Secret:
    """The secret as it is now, locked until the end of the transaction, for somebody who may do `permission` to it.

    `trashed`: whether it must be in the trash (None: either). Raises AccessDenied, InTrash; a secret that was purged
    meanwhile is one that does not exist. Raises SealBroken if its place or its class is not what this program wrote.
    """
    asked = secret.place
    authorize(actor, permission, secret, place=asked)
    secrets = Secret.objects.select_for_update(of=("self",), no_key=True).select_related("environment")
    locked = with_seal(secrets.filter(pk=secret.pk), "environment").first()
    if locked is None:
        raise _missing(permission, Resource(ResourceKind.SECRET, str(secret.pk)))
    if locked.place != asked:  # renamed or classified anew since it was fetched
        authorize(actor, permission, locked)
    require_genuine(locked)
    if trashed is False and locked.trashed_at is not None:
        raise InTrash
    return locked


def lock_environment(permission: Permission, environment: Environment) -> Environment:
    """The environment as it is now, held until the end of the transaction: nobody deletes it under a new secret.

    One that was deleted meanwhile does not exist: raises AccessDenied. The caller authorizes, and then calls
    `require_genuine`.
    """
    environments = Environment.objects.select_for_update(of=("self",), no_key=True).filter(pk=environment.pk)
    locked = with_seal(environments).first()
    if locked is None:
        raise _missing(permission, Resource(ResourceKind.ENVIRONMENT, str(environment.pk)))
    return locked


def _missing(permission: Permission, resource: Resource) -> AccessDenied:
    return AccessDenied(NOTHING_THERE, permission, resource)


def version_of(secret: Secret, number: int) -> SecretVersion:
    """The version of that number. Raises UnknownVersion."""
    try:
        return SecretVersion.objects.get(secret_id=secret.pk, number=number)
    except SecretVersion.DoesNotExist:
        raise UnknownVersion from None


def advance(secret: Secret, author: User) -> None:
    """Counts a locked secret's version up and signs it with the author; the caller saves it."""
    secret.version += 1
    secret.updated_at, secret.updated_by = timezone.now(), author


def add_version(
    secret: Secret, payload: Mapping[str, str], *, changed_fields: Sequence[str], restored_from: int | None = None
) -> SecretVersion:
    """The version of the secret's current number, by who updated it last."""
    return SecretVersion.objects.create(  # type: ignore[misc]  # the stubs know `payload` by its attname only
        organization_id=secret.organization_id,
        secret=secret,
        number=secret.version,
        payload=payload,
        field_names=names_in_use(Kind(secret.kind), payload),
        changed_fields=list(changed_fields),
        restored_from=restored_from,
        created_at=secret.updated_at,
        created_by_id=secret.updated_by_id,
    )


def set_tags(secret: Secret, names: Sequence[str]) -> None:
    """Gives the secret these tags, making those that the organization does not have."""
    carried = {"organization_id": secret.organization_id}
    secret.tags.set(tags_named(secret.organization_id, names), through_defaults=carried)


def tags_named(organization_id: UUID, names: Sequence[str]) -> list[Tag]:
    """The organization's tags of these cleaned names; two people may make the same one at once."""
    if not names:
        return []
    Tag.objects.bulk_create([Tag(organization_id=organization_id, name=name) for name in names], ignore_conflicts=True)
    return list(Tag.objects.filter(organization_id=organization_id, name__in=names))


def refuse_if_newer(secret: Secret, base_version: int) -> None:
    """Raises Conflict, with who changed what, unless `base_version` is still the current one."""
    if base_version == secret.version:
        return
    meanwhile = (
        SecretVersion.objects.filter(secret_id=secret.pk, number__gt=base_version)
        .select_related("created_by")
        .defer("payload")
        .order_by("number")
    )
    kind = Kind(secret.kind)
    raise Conflict(
        secret.version,
        [
            Change(
                version.number,
                version.created_by.name if version.created_by else "Somebody whose account is gone",
                version.created_at,
                [label_of(kind, name) for name in version.changed_fields],
            )
            for version in meanwhile
        ],
    )

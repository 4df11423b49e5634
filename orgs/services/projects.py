"""Creating, describing and deleting projects."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from accounts.models import User
from audit.actions import Action, ResourceKind
from audit.services import append
from orgs.errors import InvalidEnvironments, NameTaken, NotEmpty
from orgs.models import Environment, Grant, Organization, Project
from orgs.names import ENVIRONMENT_NAME_LENGTH, PROJECT_DESCRIPTION_LENGTH, PROJECT_NAME_LENGTH, clean_named
from orgs.permissions import Permission
from orgs.roles import Role
from orgs.selectors import object_for, require
from orgs.services.authority import lock_organization
from orgs.services.openness import RESTRICTED, keep_for_its_maker, open_project
from vault.names import clean_text

DEFAULT_ENVIRONMENTS = ("Development", "Staging", "Production")
PASSWORDS_ENVIRONMENT = "Default"
MOST_ENVIRONMENTS = 12
"""More columns than this no screen shows side by side."""


@transaction.atomic
def create_project(
    *,
    actor: User,
    organization: Organization,
    kind: Project.Kind,
    name: str,
    description: str = "",
    environments: Sequence[str] = DEFAULT_ENVIRONMENTS,
    open_as: Role | None = Role.MEMBER,
) -> Project:
    """A project with its environments; one of shared passwords always has a single one, which is not shown.

    `open_as`: the role that every member has in it; None for a restricted one, which is reached by grants, and by
    owners and admins. Whoever makes a restricted project without being one of these manages it.

    Raises `AccessDenied` without `project:create`, `NameTaken`, `InvalidEnvironments`, `ValidationError`, `ValueError`
    for a role that a project cannot be open as.
    """
    kind = Project.Kind(kind)
    organization = lock_organization(organization.pk)
    require(actor, Permission.PROJECT_CREATE, organization, kind=ResourceKind.ORGANIZATION)
    name, name_key = clean_named(name, field="Project name", max_length=PROJECT_NAME_LENGTH)
    description = clean_text(description, field="Description", max_length=PROJECT_DESCRIPTION_LENGTH)
    named = clean_environments([PASSWORDS_ENVIRONMENT] if kind == Project.Kind.PASSWORDS else environments)
    project = Project(
        organization=organization, kind=kind, name=name, name_key=name_key, description=description, created_by=actor
    )
    _save(project)
    Environment.objects.bulk_create(
        Environment(organization=organization, project=project, name=each, name_key=key, position=position)
        for position, (each, key) in enumerate(named)
    )
    if open_as is not None:
        open_project(project, open_as, by=actor)
    else:
        keep_for_its_maker(project, actor)
    append(
        actor=actor.audit_actor,
        action=Action.PROJECT_CREATED,
        organization_id=organization.uid,
        resource=project.audit_resource,
        details={"kind": kind, "names": [each for each, _ in named], "role": open_as or RESTRICTED},
    )
    return project


@transaction.atomic
def update_project(*, actor: User, project: Project, name: str, description: str) -> Project:
    """Renames or describes a project; nothing happens when nothing differs.

    Raises `AccessDenied` without `project:configure`, `NameTaken`, `ValidationError`.
    """
    locked = _lock(actor, Permission.PROJECT_CONFIGURE, project)
    name, name_key = clean_named(name, field="Project name", max_length=PROJECT_NAME_LENGTH)
    description = clean_text(description, field="Description", max_length=PROJECT_DESCRIPTION_LENGTH)
    details: dict[str, object] = {}
    if name != locked.name:
        details |= {"from": locked.name, "to": name}
    if description != locked.description:
        details["description_changed"] = True
    if not details:
        return locked
    locked.name, locked.name_key, locked.description = name, name_key, description
    _save(locked)
    append(
        actor=actor.audit_actor,
        action=Action.PROJECT_UPDATED,
        organization_id=locked.organization_id,
        resource=locked.audit_resource,
        details=details,
    )
    return locked


@transaction.atomic
def delete_project(*, actor: User, project: Project) -> None:
    """Deletes a project that holds no secret, not even in the trash.

    Raises `AccessDenied` without `project:delete`, `NotEmpty`.
    """
    lock_organization(project.organization_id)  # grants go with it
    locked = _lock(actor, Permission.PROJECT_DELETE, project)
    # A secret under way holds its environment, and needs the project's row after it: taken in the same order here,
    # whichever is second waits, and neither waits for the other.
    list(locked.environments.select_for_update())
    refuse_if_holding_secrets(locked)
    for grant in Grant.objects.filter(project=locked):
        grant.delete()
    resource = locked.audit_resource
    locked.delete()
    append(
        actor=actor.audit_actor,
        action=Action.PROJECT_DELETED,
        organization_id=project.organization_id,
        resource=resource,
        details={"kind": locked.kind},
    )


def clean_environments(names: Sequence[str]) -> list[tuple[str, str]]:
    """The names with their folded keys, in order. Raises `InvalidEnvironments` or `ValidationError`."""
    named = [
        clean_named(name, field="Environment name", max_length=ENVIRONMENT_NAME_LENGTH)
        for name in names
        if name.strip()
    ]
    if not named:
        raise InvalidEnvironments("Enter at least one environment, one per line.")
    if len(named) > MOST_ENVIRONMENTS:
        raise InvalidEnvironments(f"A project has at most {MOST_ENVIRONMENTS} environments. Remove some lines.")
    seen: set[str] = set()
    for name, key in named:
        if key in seen:
            raise InvalidEnvironments(f"{name} is listed twice. Remove one of the lines.")
        seen.add(key)
    return named


def refuse_if_holding_secrets(holder: Project | Environment) -> None:
    """Raises `NotEmpty` with what to do if there is a secret in it or in its trash."""
    kept = holder.secrets.filter(trashed_at__isnull=True).count()
    trashed = holder.secrets.filter(trashed_at__isnull=False).count()
    if kept:
        raise NotEmpty(
            f"{holder.name} still holds {_secrets(kept)}"
            f"{f' and {trashed} in the trash' if trashed else ''}. Move or delete them, then empty the trash."
        )
    if trashed:
        raise NotEmpty(
            f"{holder.name} still holds {_secrets(trashed)} in the trash. Restore or purge them in the trash first."
        )


def _lock(actor: User, permission: Permission, project: Project) -> Project:
    """The project's row, held until the end of the transaction. One that was deleted meanwhile does not exist."""
    projects = Project.objects.select_for_update(no_key=True)
    return object_for(actor, permission, projects, project.pk, kind=ResourceKind.PROJECT)


def _secrets(number: int) -> str:
    return f"{number:,} secret{'' if number == 1 else 's'}"


def _save(project: Project) -> None:
    try:
        with transaction.atomic():
            project.save()
    except IntegrityError as error:
        taken = Project.objects.filter(organization_id=project.organization_id, name_key=project.name_key)
        if not taken.exclude(pk=project.pk).exists():
            raise
        raise NameTaken("There is a project with this name already. Choose another name.") from error

"""Creating, naming, ordering and deleting the environments of a project.

Every service locks the project's row first, so that its environments change one at a time.
"""

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet

from accounts.models import User
from audit.actions import Action, ResourceKind
from audit.services import append
from orgs.errors import InvalidEnvironments, LastEnvironment, NameTaken
from orgs.models import Environment, Grant, Project
from orgs.names import ENVIRONMENT_NAME_LENGTH, clean_named
from orgs.permissions import Permission
from orgs.selectors import object_for
from orgs.services.authority import lock_organization
from orgs.services.projects import MOST_ENVIRONMENTS, refuse_if_holding_secrets


@transaction.atomic
def create_environment(*, actor: User, project: Project, name: str) -> Environment:
    """Adds an environment at the end.

    Raises `AccessDenied` without `project:configure`, `NameTaken`, `InvalidEnvironments` for a project of shared
    passwords or with too many of them, `ValidationError`.
    """
    locked = _lock(actor, project)
    if locked.environments.count() >= MOST_ENVIRONMENTS:
        raise InvalidEnvironments(f"A project has at most {MOST_ENVIRONMENTS} environments.")
    name, name_key = clean_named(name, field="Environment name", max_length=ENVIRONMENT_NAME_LENGTH)
    last = locked.environments.aggregate(last=Max("position"))["last"]
    environment = Environment(
        organization_id=locked.organization_id,
        project=locked,
        name=name,
        name_key=name_key,
        position=0 if last is None else last + 1,
    )
    _save(environment)
    _append(actor, Action.ENVIRONMENT_CREATED, environment, locked)
    return environment


@transaction.atomic
def rename_environment(*, actor: User, environment: Environment, name: str) -> Environment:
    """Gives an environment another name; nothing happens when it is the one it has.

    Raises `AccessDenied` without `project:configure`, `NameTaken`, `InvalidEnvironments`, `ValidationError`.
    """
    project = _lock(actor, environment.project)
    locked = _found(actor, project.environments.all(), environment)
    name, name_key = clean_named(name, field="Environment name", max_length=ENVIRONMENT_NAME_LENGTH)
    if name == locked.name:
        return locked
    before, locked.name, locked.name_key = locked.name, name, name_key
    _save(locked)
    _append(actor, Action.ENVIRONMENT_RENAMED, locked, project, {"from": before, "to": name})
    return locked


@transaction.atomic
def move_environment(*, actor: User, environment: Environment, up: bool) -> Environment:
    """Swaps an environment with the one before (`up`) or after it; nothing happens at the end of the row.

    Raises `AccessDenied` without `project:configure`, `InvalidEnvironments`.
    """
    project = _lock(actor, environment.project)
    _found(actor, project.environments.all(), environment)
    order = list(project.environments.all())
    old = order.index(environment)
    new = old - 1 if up else old + 1
    if not 0 <= new < len(order):
        return order[old]
    order[old], order[new] = order[new], order[old]
    for position, each in enumerate(order):
        each.position = position
    Environment.objects.bulk_update(order, ["position"])
    _append(actor, Action.ENVIRONMENT_MOVED, order[new], project, {"from": old + 1, "to": new + 1})
    return order[new]


@transaction.atomic
def delete_environment(*, actor: User, environment: Environment) -> None:
    """Deletes an environment that holds no secret, not even in the trash.

    Raises `AccessDenied` without `project:configure`, `NotEmpty`, `LastEnvironment`, `InvalidEnvironments`.
    """
    lock_organization(environment.organization_id)  # grants go with it
    project = _lock(actor, environment.project)
    locked = _found(actor, project.environments.select_for_update(), environment)
    refuse_if_holding_secrets(locked)
    if project.environments.count() == 1:
        raise LastEnvironment(f"{locked.name} is the only environment. A project keeps at least one.")
    _append(actor, Action.ENVIRONMENT_DELETED, locked, project)
    for grant in Grant.objects.filter(environment=locked):
        grant.delete()
    locked.delete()


def _lock(actor: User, project: Project) -> Project:
    """The project's row, held until the end of the transaction. One that was deleted meanwhile does not exist."""
    projects = Project.objects.select_for_update(no_key=True)
    locked = object_for(actor, Permission.PROJECT_CONFIGURE, projects, project.pk, kind=ResourceKind.PROJECT)
    if locked.kind == Project.Kind.PASSWORDS:
        raise InvalidEnvironments("A project of shared passwords has no environments of its own.")
    return locked


def _found(actor: User, environments: "QuerySet[Environment]", environment: Environment) -> Environment:
    """The environment as it is now. One that was deleted meanwhile does not exist."""
    return object_for(actor, Permission.PROJECT_CONFIGURE, environments, environment.pk, kind=ResourceKind.ENVIRONMENT)


def _append(
    actor: User, action: Action, environment: Environment, project: Project, details: dict[str, object] | None = None
) -> None:
    append(
        actor=actor.audit_actor,
        action=action,
        organization_id=environment.organization_id,
        resource=environment.audit_resource,
        details={"project": project.name, **(details or {})},
    )


def _save(environment: Environment) -> None:
    try:
        with transaction.atomic():
            environment.save()
    except IntegrityError as error:
        taken = Environment.objects.filter(project=environment.project, name_key=environment.name_key)
        if not taken.exclude(pk=environment.pk).exists():
            raise
        raise NameTaken("This project has an environment with this name already. Choose another name.") from error

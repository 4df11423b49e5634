"""What a command names: by uid, or people by their address and places as `organization/project/environment/name`."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, Q

from accounts.models import User
from orgs.models import Environment, Machine, Membership, Organization, Project
from orgs.permissions import Actor
from orgs.places import Place
from vault.names import fold_name
from vault.secrets.models import Secret

N = TypeVar("N", Project, Environment)


class NotFound(ValueError):
    """A name that names nothing, or more than one thing. The message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Named:
    """A place by its name. `secret`: its uid, if it is one."""

    place: Place
    label: str
    kind: str
    secret: UUID | None = None


def place_named(name: str) -> Named:
    """The organization, project, environment or secret (outside of the trash) of this name or uid. Raises NotFound.

    In a project of shared passwords, whose one environment nobody sees, the environment may be left out.
    """
    with suppress(ValueError):
        return _by_uid(UUID(name))
    slug, _, rest = name.partition("/")
    organization = Organization.objects.filter(slug=slug).first()
    if organization is None:
        raise NotFound(f"There is no organization {slug!r}. `manage.py keys status` lists the slugs.")
    if not rest:
        return _organization(organization)
    found = list(_inside(organization, rest))
    if not found:
        raise NotFound(
            f"There is no project, environment or secret {rest!r} in {slug}. Write project/environment/name."
        )
    if len(found) > 1:
        raise NotFound(f"{rest!r} is the name of {len(found)} places in {slug}. Use a uid: they are in the addresses.")
    return found[0]


def actor_named(name: str, organization: UUID) -> Actor:
    """A person by address or uid (of the account or the membership), or a machine of the organization by name or uid.

    Raises NotFound. Somebody who is no member is found as well: what is missing is a part of the answer.
    """
    person = User.objects.filter(email_key=name.strip().lower()).first()
    if person is not None:
        return person
    machine = Q(name_key=fold_name(name))
    with suppress(ValueError):
        uid = UUID(name)
        membership = Membership.objects.select_related("user").filter(pk=uid, organization_id=organization).first()
        if membership is not None:
            return membership.user
        person = User.objects.filter(pk=uid).first()
        if person is not None:
            return person
        machine |= Q(pk=uid)
    found: Machine | None = Machine.objects.filter(machine, organization_id=organization).first()
    if found is None:
        raise NotFound(f"There is no person with the address, and no machine with the name or uid {name!r}.")
    return found


def _by_uid(uid: UUID) -> Named:
    for secret in Secret.objects.select_related("environment", "project", "organization").filter(pk=uid):
        return _secret(secret)
    for environment in Environment.objects.select_related("project", "organization").filter(pk=uid):
        return _environment(environment)
    for project in Project.objects.select_related("organization").filter(pk=uid):
        return _project(project)
    for organization in Organization.objects.filter(pk=uid):
        return _organization(organization)
    raise NotFound(f"There is no organization, project, environment or secret with the uid {uid}.")


def _inside(organization: Organization, rest: str) -> Iterable[Named]:
    """Every reading of the rest of a name: names of projects and of environments may hold slashes as well."""
    projects = Project.objects.select_related("organization").filter(organization=organization)
    for project, below in _beginning(projects, rest):
        if not below:
            yield _project(project)
            continue
        environments = list(project.environments.select_related("project", "organization"))
        for environment, name in _beginning(environments, below):
            if not name:
                yield _environment(environment)
            else:
                yield from _secrets(environment, name)
        if project.kind == Project.Kind.PASSWORDS and len(environments) == 1:
            yield from _secrets(environments[0], below)


def _beginning(rows: Iterable[N], text: str) -> Sequence[tuple[N, str]]:
    """The rows whose names `text` begins with, as whole parts, and what follows."""
    parts = text.split("/")
    cuts = [("/".join(parts[:end]), "/".join(parts[end:])) for end in range(1, len(parts) + 1)]
    return [(row, below) for row in rows for name, below in cuts if fold_name(name) == row.name_key]


def _secrets(environment: Environment, name: str) -> Iterable[Named]:
    secrets = Secret.objects.select_related("environment", "project", "organization")
    yield from map(_secret, secrets.filter(environment=environment, name=name, trashed_at__isnull=True))


def _organization(organization: Organization) -> Named:
    return Named(Place(organization.uid), organization.name, "organization")


def _project(project: Project) -> Named:
    return Named(project.place, _label(project.organization, project), "project")


def _environment(environment: Environment) -> Named:
    return Named(environment.place, _label(environment.organization, environment.project, environment), "environment")


def _secret(secret: Secret) -> Named:
    label = _label(secret.organization, secret.project, secret.environment, secret)
    return Named(secret.place, label, "secret", secret.pk)


def _label(*rows: Model) -> str:
    return " / ".join(map(str, rows))

"""Gaining access by writing where secrets are, what they are called, and of which class: what grants are about."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from orgs.classification import Classification
from orgs.models import Environment, Project
from orgs.permissions import AccessDenied
from orgs.services import create_project
from tests.cast import Cast, signed_in_client
from tests.invariants import attacker as sql
from tests.invariants.attacks.grants import closed_project, grant_for
from tests.invariants.attacks.stage import SEAL, attack, seal_of
from tests.sealing import change
from vault.seals import SealBroken
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.services import create_secret, preview_env_import, purge_expired_trash, trash_secret, update_secret

SECRET, ENVIRONMENT, PROJECT = "secrets_secret", "orgs_environment", "orgs_project"
VALUE = "hunter2-of-production"
INTERNAL, SENSITIVE, CRITICAL = Classification


def opens(cast: Cast, secret: Secret) -> bool:
    """Whether bob is shown the value, as he would be in his browser."""
    client = signed_in_client(cast.bob, raise_request_exception=False)
    found = client.post(reverse("secrets:reveal", args=[secret.pk]), headers={"accept": "application/json"})
    return VALUE in found.content.decode()


def refused(act: Callable[[], object]) -> bool:
    """Whether a service refuses what it was asked for."""
    try:
        act()
    except (AccessDenied, SealBroken):
        return True
    return False


def stored(cast: Cast, project: Project, *, name: str = "DB_PASSWORD", **fields: Any) -> Secret:
    """A secret in the first environment of a project."""
    environment = project.environments.get(position=0)
    secret = create_secret(
        actor=cast.alice, environment=environment, kind=Kind.VALUE, name=name, values={"value": VALUE}, **fields
    )
    return Secret.objects.get(pk=secret.pk)


def open_project_of(cast: Cast) -> Project:
    """A project that bob reaches, as every member does."""
    return create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind.APPLICATION, name="Open")


def reached_up_to(cast: Cast, highest: Classification) -> Project:
    """A project that bob reaches up to a class."""
    project = closed_project(cast)
    grant_for(cast, project, highest=highest)
    return project


@attack("lower the class of a secret")
def lower_secret(cast: Cast) -> Iterator[bool]:
    secret = stored(cast, reached_up_to(cast, SENSITIVE), classification=CRITICAL)
    assert not opens(cast, secret)
    sql.update(SECRET, {"uid": secret.uid}, classification=INTERNAL)
    yield opens(cast, secret)


@attack("have a secret inherit the class of its environment")
def inherit_class(cast: Cast) -> Iterator[bool]:
    secret = stored(cast, reached_up_to(cast, SENSITIVE), classification=CRITICAL)
    sql.update(SECRET, {"uid": secret.uid}, classification=None)
    yield opens(cast, secret)


@attack("lower the class of an environment")
def lower_environment(cast: Cast) -> Iterator[bool]:
    project = reached_up_to(cast, SENSITIVE)
    change(Environment.objects.filter(project=project), classification=CRITICAL)
    secret = stored(cast, project)
    assert not opens(cast, secret)
    sql.update(ENVIRONMENT, {"uid": secret.environment_id}, classification=INTERNAL)
    yield opens(cast, secret)


@attack("bring back the class that a secret had before")
def old_class(cast: Cast) -> Iterator[bool]:
    secret = stored(cast, reached_up_to(cast, SENSITIVE), classification=INTERNAL)
    old = sql.one(SECRET, uid=secret.uid)
    change([secret], classification=CRITICAL)
    sql.put_back(SECRET, old, "uid")
    yield opens(cast, secret)


@attack("bring back the class that a secret had before, with its seal", refused=False)
def old_class_and_seal(cast: Cast) -> Iterator[bool]:
    secret = stored(cast, reached_up_to(cast, SENSITIVE), classification=INTERNAL)
    old, seal = sql.one(SECRET, uid=secret.uid), seal_of(secret)
    change([secret], classification=CRITICAL)
    sql.put_back(SECRET, old, "uid")
    sql.put_back(SEAL, seal, "id")
    yield opens(cast, secret)


@attack("move a secret into an open project")
def move_secret(cast: Cast) -> Iterator[bool]:
    secret, there = stored(cast, closed_project(cast)), open_project_of(cast)
    assert not opens(cast, secret)
    place = there.environments.get(position=0)
    sql.update(SECRET, {"uid": secret.uid}, environment_id=place.uid, project_id=there.uid)
    yield opens(cast, secret)


@attack("move an environment into an open project")
def move_environment(cast: Cast) -> Iterator[bool]:
    secret, there = stored(cast, closed_project(cast)), open_project_of(cast)
    for place in there.environments.all():
        place.delete()
    sql.update(ENVIRONMENT, {"uid": secret.environment_id}, project_id=there.uid)
    yield opens(cast, secret)


@attack("rename a secret to where a path is open")
def rename_secret(cast: Cast) -> Iterator[bool]:
    project = closed_project(cast)
    secret = stored(cast, project, name="vault/key")
    grant_for(cast, project, environment=secret.environment, path="shared")
    assert not opens(cast, secret)
    sql.update(SECRET, {"uid": secret.uid}, name="shared/key")
    yield opens(cast, secret)


@attack("take a secret out of the trash")
def untrash(cast: Cast) -> Iterator[bool]:
    secret = stored(cast, open_project_of(cast))
    assert opens(cast, secret)
    trash_secret(actor=cast.alice, secret=secret)
    sql.update(SECRET, {"uid": secret.uid}, trashed_at=None)
    yield opens(cast, secret)


@attack("bring back a secret that was purged")
def old_secret(cast: Cast) -> Iterator[bool]:
    secret = stored(cast, open_project_of(cast))
    row, versions = sql.one(SECRET, uid=secret.uid), sql.select("secrets_secretversion", secret_id=secret.uid)
    Secret.objects.get(pk=secret.pk).delete()
    sql.insert(SECRET, row)
    for version in versions:
        sql.insert("secrets_secretversion", version)
    yield opens(cast, secret)


@attack("put a copy of a secret into an open project")
def copy_secret(cast: Cast) -> Iterator[bool]:
    secret, there = stored(cast, closed_project(cast)), open_project_of(cast)
    row, version = sql.one(SECRET, uid=secret.uid), sql.one("secrets_secretversion", secret_id=secret.uid)
    copy, place = sql.new_uid(), there.environments.get(position=0)
    sql.insert(SECRET, row, uid=copy, environment_id=place.uid, project_id=there.uid)
    sql.insert("secrets_secretversion", version, uid=sql.new_uid(), secret_id=copy)
    yield opens(cast, Secret.objects.get(environment=place))


@attack("put the value of one secret into another", noticed=False)
def copy_value(cast: Cast) -> Iterator[bool]:
    secret, mine = stored(cast, closed_project(cast)), stored(cast, open_project_of(cast), name="MINE")
    assert opens(cast, mine)
    envelope = SecretVersion.objects.filter(secret=secret).values_list("payload", flat=True).get()
    sql.update("secrets_secretversion", {"secret_id": mine.uid}, payload=bytes(envelope))
    yield opens(cast, mine)


@attack("guess the value of a secret whose class was lowered, by importing")
def compare_lowered(cast: Cast) -> Iterator[bool]:
    secret = stored(cast, reached_up_to(cast, SENSITIVE), classification=CRITICAL)
    sql.update(SECRET, {"uid": secret.uid}, classification=INTERNAL)
    text = f"{secret.name}={VALUE}"
    yield not refused(lambda: preview_env_import(actor=cast.bob, environment=secret.environment, text=text))


@attack("write into a project that is closed, as its environment were in an open one")
def write_into_moved(cast: Cast) -> Iterator[bool]:
    project, there = closed_project(cast), open_project_of(cast)
    for each in there.environments.all():
        each.delete()
    place = project.environments.get(position=0)
    sql.update(ENVIRONMENT, {"uid": place.uid}, project_id=there.uid)
    place.refresh_from_db()
    values = {"value": "of the attacker"}
    yield not refused(
        lambda: create_secret(actor=cast.bob, environment=place, kind=Kind.VALUE, name="NEW", values=values)
    )


@attack("overwrite a secret of a closed project")
def overwrite_moved(cast: Cast) -> Iterator[bool]:
    secret, there = stored(cast, closed_project(cast)), open_project_of(cast)
    place = there.environments.get(position=0)
    sql.update(SECRET, {"uid": secret.uid}, environment_id=place.uid, project_id=there.uid)
    moved = Secret.objects.select_related("environment").get(pk=secret.pk)
    values = {"value": "of the attacker"}
    yield not refused(
        lambda: update_secret(
            actor=cast.bob, secret=moved, base_version=1, name=moved.name, description="", tags=(), values=values
        )
    )


@attack("say that a project is one of shared passwords")
def change_project(cast: Cast) -> Iterator[bool]:
    project = open_project_of(cast)
    sql.update(PROJECT, {"uid": project.uid}, kind=Project.Kind.PASSWORDS.value)
    client = signed_in_client(cast.alice)
    yield client.get(reverse("orgs:project_settings", args=[project.uid])).status_code == 200


@attack("have a secret purged by the application, which takes its seal along")
def purge_by_housekeeping(cast: Cast) -> Iterator[bool]:
    secret = stored(cast, closed_project(cast))
    sql.update(SECRET, {"uid": secret.uid}, trashed_at=timezone.now() - timedelta(days=365))
    yield bool(purge_expired_trash())

"""Somebody to be, somewhere to be it: what the benchmarks of pages start from."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.test import Client, override_settings

from accounts.models import Instance, User
from orgs.models import Environment, Organization, Project
from orgs.roles import Role
from orgs.services import create_project
from tests.cast import make_organization, make_person, signed_in_client
from vault.keys.services import ensure_system_keys


def make_owner() -> User:
    """A person with an account of their own in a database that is migrated."""
    ensure_system_keys()
    Instance.objects.get_or_create(pk=1)
    return make_person(f"bench-{uuid.uuid4().hex[:12]}")


def make_place(owner: User) -> Environment:
    """An environment of shared passwords in an organization of its own."""
    organization: Organization = make_organization("Bench", {Role.OWNER: owner})
    project = create_project(
        actor=owner, organization=organization, kind=Project.Kind.PASSWORDS, name="Bench", description=""
    )
    return project.environments.get()


def browser_of(owner: User) -> Client:
    """Signed in, verified, against the whole stack of middleware."""
    return signed_in_client(owner, SERVER_NAME="127.0.0.1")


@contextmanager
def uncollected_static_files() -> Iterator[None]:
    """Pages without `collectstatic`: the addresses of files by their plain names."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        yield

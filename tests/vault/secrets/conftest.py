"""Places for secrets in acme, and one secret of each kind of interest."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from orgs.models import CustomRole, Environment, Grant, Membership, Project
from orgs.permissions import Permission
from orgs.services import create_project
from tests.cast import Cast
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.services import create_secret

StoreSecret = Callable[..., Secret]
Give = Callable[..., None]


def make_environment(cast: Cast, name: str = "Website", kind: str = "application") -> Environment:
    """The first environment of a new project of acme."""
    project = create_project(actor=cast.alice, organization=cast.acme, kind=Project.Kind(kind), name=name)
    return project.environments.get(position=0)


@pytest.fixture
def development(cast: Cast) -> Environment:
    """The first of three environments of an application's configuration."""
    return make_environment(cast)


@pytest.fixture
def passwords(cast: Cast) -> Environment:
    """The one environment of shared passwords."""
    return make_environment(cast, "Team passwords", "passwords")


@pytest.fixture
def foreign(cast: Cast) -> Environment:
    """Charlie's, in initech."""
    project = create_project(
        actor=cast.charlie, organization=cast.initech, kind=Project.Kind.PASSWORDS, name="Initech passwords"
    )
    return project.environments.get()


@pytest.fixture
def store(cast: Cast, development: Environment) -> StoreSecret:
    """`store("NAME", "value")`, or `store("name", kind=Kind.LOGIN, values={…}, environment=…, actor=…)`."""

    def stored(
        name: str,
        value: str = "a value nobody knows",
        *,
        kind: Kind = Kind.VALUE,
        values: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Secret:
        options.setdefault("actor", cast.alice)
        options.setdefault("environment", development)
        return create_secret(name=name, kind=kind, values=values or {"value": value}, **options)

    return stored


@pytest.fixture
def give(cast: Cast, development: Environment) -> Give:
    """`give(person, path, *permissions)`: grants in an environment. Nobody has anything there because it is open."""
    for opening in Grant.objects.filter(subject_kind="everyone"):
        opening.delete()

    now = timezone.now()

    def given(
        person: User,
        path: str,
        *permissions: Permission,
        environment: Environment = development,
        approvals: int = 0,
        hours: int = 1,
    ) -> None:
        name = f"Role {CustomRole.objects.count()}"
        role = CustomRole.objects.create(
            organization=cast.acme, name=name, name_key=name.lower(), permissions=sorted(permissions)
        )
        Grant(
            organization=cast.acme,
            subject_kind=Grant.SubjectKind.MEMBER,
            membership=Membership.objects.get(organization=cast.acme, user=person),
            custom_role=role,
            project_id=environment.project_id,
            environment=environment,
            path=path,
            approvals=approvals,
            ends_at=now + timedelta(hours=hours),
            granted_by=cast.alice,
        ).save()

    return given


@pytest.fixture
def secret(store: StoreSecret) -> Secret:
    """A generic value of acme."""
    return store("STRIPE_API_KEY", "sk_live_canary")


@pytest.fixture
def login(store: StoreSecret, passwords: Environment) -> Secret:
    """A login with everything."""
    return store(
        "Mail server",
        kind=Kind.LOGIN,
        environment=passwords,
        values={
            "username": "postmaster",
            "password": " with spaces ",
            "url": "https://mail.example.com/login?a=1",
            "totp": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            "notes": "first line\nsecond line\n",
        },
    )


class Watched:
    """The descriptor of `SecretVersion.payload`, which notes whether a transaction was open when it was read."""

    def __init__(self, descriptor: Any) -> None:
        self.descriptor = descriptor
        self.reads: list[bool] = []

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is not None:
            self.reads.append(connection.in_atomic_block)
        return self.descriptor.__get__(instance, owner)

    def __set__(self, instance: Any, value: Any) -> None:
        self.descriptor.__set__(instance, value)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Every reading of a payload during the test: whether it was inside a transaction."""
    watched = Watched(SecretVersion.__dict__["payload"])
    monkeypatch.setattr(SecretVersion, "payload", watched)
    return watched.reads

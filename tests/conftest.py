"""What all tests stand on: keys and a database of their own, and the cast (tests/cast.py).

Cryptography is the real one; only password hashing is made cheap, except where Argon2 itself is tested.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.db.backends.base.operations import BaseDatabaseOperations

from tests.harness.chromium import chromium  # noqa: F401 - a fixture
from tests.harness.postgresql import APPLICATION, OWNER
from tests.harness.roles import as_table_owner, sign_in_as_suite
from tests.harness.tenants import touch_every_organization, touch_none
from vault import tenancy

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.plugin import DjangoDbBlocker

    from accounts.models import User
    from orgs.models import Organization
    from tests.cast import Cast

ARGON2_HASHERS = list(settings.PASSWORD_HASHERS)


def pytest_configure(config: pytest.Config) -> None:
    """Settings that every test shares; a root key that no instance has."""
    from hypothesis import settings as hypothesis_settings

    from vault.crypto.rootkey import generate_root_key_text

    # How long an example takes says how busy the machine is, not whether the property holds.
    hypothesis_settings.register_profile("holdfast", deadline=None)
    hypothesis_settings.load_profile("holdfast")
    settings.ROOT_KEY, settings.ROOT_KEY_FILE = generate_root_key_text(), None
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STATIC_ROOT = None  # whitenoise warns of a folder that is not there yet
    BaseCommand.execute = _narrowed(BaseCommand.execute)  # type: ignore[method-assign]  # a patch
    BaseDatabaseOperations.execute_sql_flush = _flush_and_seed  # type: ignore[method-assign,assignment]  # a patch


def _narrowed(execute: Callable[..., Any]) -> Callable[..., Any]:
    """A command that a test calls starts as one that an operator calls: it may touch no organization."""

    @wraps(execute)
    def narrowed(*args: Any, **options: Any) -> Any:
        with tenancy.within():
            return execute(*args, **options)

    return narrowed


def _seed() -> None:
    """What migrations and the first start put into a database: the same keys each time."""
    from tests.seed import seed
    from vault.keys import keyrings
    from vault.seals import reporting, seen

    keyrings.forget()
    seen.forget()
    reporting.forget()
    seed()


_flush = BaseDatabaseOperations.execute_sql_flush


def _flush_and_seed(operations: Any, statements: Iterable[str]) -> None:
    """Django empties the tables after a test that commits, which is the owner's to do. Events and decisions of reviews
    refuse it, so their triggers step aside for it.
    """
    from audit import triggers as of_events
    from vault.access import triggers as of_reviews

    with transaction.atomic(), as_table_owner():
        for triggers in (of_events, of_reviews):
            triggers.remove(connection)
        _flush(operations, statements)
        for triggers in (of_events, of_reviews):
            triggers.install(connection)
    _seed()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite in a file: several threads and processes cannot share one in memory. Nothing here outlives the power.

    PostgreSQL: the database is made by the owner of its tables.
    """
    if connection.vendor == "sqlite":
        options = connection.settings_dict["OPTIONS"]
        options["init_command"] = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
        if not os.environ.get("HOLDFAST_TEST_IN_MEMORY"):  # so that a fork has one of its own (tests/mutation)
            connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
    else:
        sign_in_as_suite(OWNER)


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_modify_db_settings: None, django_db_setup: None, django_db_blocker: "DjangoDbBlocker"
) -> Iterator[None]:
    """The database that the pass names, migrated and seeded; on PostgreSQL every test is the application's role.

    A test and its threads may touch every organization. What narrows itself does so as it does in production.
    """
    expected = os.environ.get("HOLDFAST_TEST_DATABASE", "sqlite")
    assert connection.vendor == expected, f"the settings were loaded for {connection.vendor}, not for {expected}"
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            sign_in_as_suite(APPLICATION)
        call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True)  # seeds
    touch_every_organization()
    yield
    touch_none()
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            sign_in_as_suite(OWNER)


@pytest.fixture(autouse=True)
def _real_password_hashing(request: pytest.FixtureRequest) -> Iterator[None]:
    """Argon2 where it is tested: below a path that has `argon` in it."""
    if "argon" not in str(request.path):
        yield
        return
    from django.test import override_settings

    with override_settings(PASSWORD_HASHERS=ARGON2_HASHERS):
        yield


@pytest.fixture
def cast(db: None) -> "Cast":
    """Everybody at once. With `@pytest.mark.django_db(transaction=True)` their rows are committed."""
    from tests.cast import make_cast

    return make_cast()


@pytest.fixture
def transactional_cast(transactional_db: None, cast: "Cast") -> "Cast":
    """Everybody, committed: for tests with threads or processes, and for those that roll back."""
    return cast


@pytest.fixture
def alice(cast: "Cast") -> "User":
    """Owner of acme, and an administrator of the instance."""
    return cast.alice


@pytest.fixture
def adam(cast: "Cast") -> "User":
    """Admin of acme."""
    return cast.adam


@pytest.fixture
def bob(cast: "Cast") -> "User":
    """Member of acme."""
    return cast.bob


@pytest.fixture
def vera(cast: "Cast") -> "User":
    """Viewer of acme: sees names, never values."""
    return cast.vera


@pytest.fixture
def charlie(cast: "Cast") -> "User":
    """Owner of initech, a stranger to acme."""
    return cast.charlie


@pytest.fixture
def sam(cast: "Cast") -> "User":
    """Support staff, member of nothing."""
    return cast.sam


@pytest.fixture
def acme(cast: "Cast") -> "Organization":
    """The organization of most tests."""
    return cast.acme


@pytest.fixture
def initech(cast: "Cast") -> "Organization":
    """Charlie's organization."""
    return cast.initech


@pytest.fixture
def client_for() -> Callable[..., "Client"]:
    """`client_for(user)`: a browser signed in with a verified second factor; `verified=False`: without."""
    from tests.cast import signed_in_client

    return signed_in_client

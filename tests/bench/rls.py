"""What keeping organizations apart in PostgreSQL costs: the list of secrets and a reveal, with it ÷ without.

Both are the same pages for the same person over the same rows, asked for in turns through the whole stack. "Without" is
a copy of the database whose policies are disabled, asked through Django's own backend, so that what ours sends in front
of statements is a part of what is measured.
"""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

from django.conf import settings
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import DatabaseWrapper as DjangosWrapper
from django.urls import reverse

from tests.bench.listing import fill
from tests.bench.people import browser_of, make_owner, make_place, uncollected_static_files
from tests.bench.result import Result
from tests.bench.tables import analyze
from vault import tenancy
from vault.database.owner import as_owner
from vault.database.tables import tenant_tables
from vault.secrets.kinds import Kind
from vault.secrets.services import create_secret

OTHERS, SECRETS = 20, 10_000
ROUNDS = 200
BOUND = 1.15


def run() -> list[Result]:
    """The two ratios on PostgreSQL; nothing on SQLite, which has no policies."""
    if connection.vendor != "postgresql":
        return []
    with uncollected_static_files():
        owner = make_owner()
        for _ in range(OTHERS):
            fill(make_place(make_owner()), SECRETS // OTHERS)
        place = make_place(owner)
        fill(place, SECRETS)
        secret = create_secret(
            actor=owner, environment=place, kind=Kind.VALUE, name="BENCH", values={"value": "v" * 48}
        )
        client = browser_of(owner)
        analyze()

        def listed() -> int:
            return client.get(reverse("secrets:list", args=[place.organization_id])).status_code

        def revealed() -> int:
            url = reverse("secrets:reveal", args=[secret.pk])
            return client.post(url, {"field": "value"}, headers={"accept": "application/json"}).status_code

        pages = {"the list of 10,000 secrets": listed, "a reveal": revealed}
        with _unguarded_copy() as without:
            return [
                Result(f"Time of {name}, with row-level security ÷ without", _ratio(page, without), BOUND)
                for name, page in pages.items()
            ]


def _ratio(page: Callable[[], int], without: BaseDatabaseWrapper) -> float:
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 10):
        for database, measured in zip((connections["default"], without), times, strict=True):
            with _default(database):
                gc.collect()
                started = time.perf_counter()
                if page() != 200:
                    raise RuntimeError("The page was not shown.")
                if number >= 10:  # the first ones fill caches
                    measured.append(time.perf_counter() - started)
    return median(times[0]) / median(times[1])


@contextmanager
def _default(database: BaseDatabaseWrapper) -> Iterator[None]:
    before = connections["default"]
    connections["default"] = database
    try:
        yield
    finally:
        connections["default"] = before


@contextmanager
def _unguarded_copy() -> Iterator[BaseDatabaseWrapper]:
    """A copy of the database without policies, to which everybody has the rights that he had."""
    guarded, copied = connections["default"].settings_dict["NAME"], "unguarded"
    with tenancy.within(), as_owner("default") as owner:  # a database is not made in a transaction
        owner.settings_dict["NAME"] = "postgres"
        with owner.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{copied}" TEMPLATE "{guarded}"')
        owner.close()
        owner.settings_dict["NAME"] = copied
        with owner.cursor() as cursor:
            for table in tenant_tables():
                cursor.execute(f'ALTER TABLE "{table.name}" NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY')
            cursor.execute("ANALYZE")
    without = DjangosWrapper({**settings.DATABASES["default"], "NAME": copied}, alias="default")
    try:
        yield without
    finally:
        without.close()

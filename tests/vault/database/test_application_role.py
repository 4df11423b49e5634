"""What the application's role can do to PostgreSQL when somebody is signed in as it, past all of our code.

On a connection of the driver alone: no backend, no roles of the suite.
"""

import os
from collections.abc import Iterator
from typing import Any, LiteralString
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from orgs.models import Project
from orgs.services import create_project
from tests.cast import Cast
from tests.harness.postgresql import OWNER
from vault.database.policies import APPEND_ONLY, READ_ONLY
from vault.database.tables import tenant_tables
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret
from vault.secrets.services import create_secret

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has neither policies nor roles"),
]

APPLICATION = Project.Kind.APPLICATION
SET = "SELECT set_config('app.tenant', %s, true)"
LOCAL = sql.SQL("SELECT count(*) FROM {table} WHERE {column} IS NOT NULL")


@pytest.fixture
def raw() -> Iterator["psycopg.Connection[Any]"]:
    """The application signed in by itself, to the database of the tests."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    with psycopg.connect(url, autocommit=True) as signed_in:
        yield signed_in


@pytest.fixture
def cast_with_secrets(transactional_cast: Cast) -> Cast:
    """A secret in each of two organizations, committed."""
    for owner, organization in (
        (transactional_cast.alice, transactional_cast.acme),
        (transactional_cast.charlie, transactional_cast.initech),
    ):
        project = create_project(actor=owner, organization=organization, kind=APPLICATION, name="Website")
        create_secret(
            actor=owner, environment=project.environments.all()[0], kind=Kind.VALUE, name="NAME", values={"value": "v"}
        )
    return transactional_cast


def count(raw: "psycopg.Connection[Any]", table: str, column: str) -> int:
    """How many rows of organizations a statement finds."""
    found = raw.execute(LOCAL.format(table=sql.Identifier(table), column=sql.Identifier(column))).fetchone()
    assert found is not None
    return int(found[0])


def secrets_seen(raw: "psycopg.Connection[Any]") -> int:
    return count(raw, "secrets_secret", "organization_id")


def test_a_statement_that_says_nothing_finds_nothing(cast_with_secrets: Cast, raw: "psycopg.Connection[Any]") -> None:
    assert Secret.objects.count() == 2
    for table in tenant_tables():
        assert count(raw, table.name, table.column) == 0
    with raw.transaction():
        assert secrets_seen(raw) == 0


def test_what_is_set_ends_with_its_transaction(cast_with_secrets: Cast, raw: "psycopg.Connection[Any]") -> None:
    acme = str(cast_with_secrets.acme.pk)
    raw.execute(SET, [acme])  # a transaction of its own, which is over
    assert secrets_seen(raw) == 0
    with raw.transaction():
        raw.execute(SET, [acme])
        assert secrets_seen(raw) == 1
    assert secrets_seen(raw) == 0
    with raw.transaction(force_rollback=True):
        raw.execute(SET, [acme])
        assert secrets_seen(raw) == 1
    assert secrets_seen(raw) == 0


def test_switching_the_policies_off_is_an_error_and_not_more_rows(raw: "psycopg.Connection[Any]") -> None:
    raw.execute("SET row_security = off")
    with pytest.raises(InsufficientPrivilege, match="would be affected by row-level security"):
        secrets_seen(raw)


@pytest.mark.parametrize(
    "statement",
    [
        f"SET ROLE {OWNER}",
        "SET ROLE postgres",
        f"SET SESSION AUTHORIZATION {OWNER}",
        f"GRANT {OWNER} TO CURRENT_USER",
        "ALTER ROLE CURRENT_USER BYPASSRLS",
        "ALTER ROLE CURRENT_USER SET app.tenant = '*'",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        f"ALTER ROLE {OWNER} PASSWORD 'x'",
        "ALTER TABLE secrets_secret DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE secrets_secret NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE secrets_secret OWNER TO CURRENT_USER",
        "ALTER TABLE secrets_secret DROP CONSTRAINT secrets_secret_environment_id_same_tenant",
        "ALTER POLICY tenant ON secrets_secret USING (true)",
        "CREATE POLICY more ON secrets_secret USING (true)",
        "DROP POLICY tenant ON secrets_secret",
        "TRUNCATE secrets_secret CASCADE",
        "DROP TABLE secrets_secret CASCADE",
        "CREATE TABLE stray (organization_id uuid)",
        "CREATE VIEW stray AS SELECT * FROM secrets_secret",
        "CREATE FUNCTION stray() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA stray",
        "CREATE EXTENSION dblink",
        "CREATE TRIGGER stray AFTER INSERT ON secrets_secret EXECUTE FUNCTION audit_event_refuse()",
        "ALTER TABLE audit_event DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "DROP FUNCTION audit_event_refuse() CASCADE",
        "COPY secrets_secret TO PROGRAM 'cat'",
        "UPDATE django_migrations SET name = name",
    ],
)
def test_it_is_refused_what_is_the_owners(raw: "psycopg.Connection[Any]", statement: LiteralString) -> None:
    with pytest.raises(InsufficientPrivilege):
        raw.execute(statement)


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
@pytest.mark.parametrize("verb", ["UPDATE {} SET organization_id = NULL", "DELETE FROM {}", "TRUNCATE {}"])
def test_it_is_refused_to_change_what_is_written_once(
    raw: "psycopg.Connection[Any]", table: str, verb: LiteralString
) -> None:
    with pytest.raises(InsufficientPrivilege, match="permission denied"):
        raw.execute(sql.SQL(verb).format(sql.Identifier(table)))


def test_what_refuses_changes_by_a_trigger_refuses_them_by_rights_too(raw: "psycopg.Connection[Any]") -> None:
    guarded = raw.execute(
        "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgtype & 24 = 24"
    )  # both for UPDATE (16) and for DELETE (8)
    assert {name for (name,) in guarded.fetchall()} == set(APPEND_ONLY)


def test_its_rights_to_each_table_are_those_that_it_needs(raw: "psycopg.Connection[Any]") -> None:
    """Asked of the catalogue, so that a right which it has through PUBLIC or another role counts."""
    found = raw.execute(
        """
        SELECT relname, array_agg(verb ORDER BY verb) FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE',
            'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS verb
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
        AND has_table_privilege(oid, verb) AND relname NOT LIKE 'fields_app_%'
        GROUP BY relname
        """
    )
    for name, verbs in found.fetchall():
        allowed = ["INSERT", "SELECT"] if name in APPEND_ONLY else ["DELETE", "INSERT", "SELECT", "UPDATE"]
        assert verbs == (["SELECT"] if name in READ_ONLY else allowed), name

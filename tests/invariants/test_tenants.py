"""What PostgreSQL itself promises of tenants: a policy on every table, two roles, and nothing that goes around them."""

from typing import Any

import pytest
from django.db import connection

from tests.harness.postgresql import APPLICATION, OWNER
from tests.harness.roles import as_table_owner
from vault.database import policies
from vault.database.tables import tenant_tables

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has neither policies nor roles"),
]

# Tables of the tests of encrypted fields, which are of models that no installation has.
THROWAWAY = "fields_app_%"

OWNED = {"class": "relowner", "proc": "proowner", "namespace": "nspowner", "type": "typowner"}
GUARDED = """
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname NOT LIKE %s
    AND (c.relname = 'orgs_organization' OR EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped))
"""
UNGUARDED = f"""
    {GUARDED} AND NOT (
        c.relrowsecurity AND c.relforcerowsecurity
        AND (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) = 1
        AND EXISTS (
            SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*' AND p.polpermissive
            AND p.polroles = '{{0}}' AND pg_get_expr(p.polqual, p.polrelid) LIKE '%%app.tenant%%'
            AND pg_get_expr(p.polqual, p.polrelid) = pg_get_expr(p.polwithcheck, p.polrelid)))
"""  # noqa: S608 - put together of constants


def fetched(statement: str, *parameters: str) -> list[Any]:
    """The first column of what the database answers."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return [row[0] for row in cursor.fetchall()]


def test_every_table_with_an_organization_has_its_policy() -> None:
    assert fetched(UNGUARDED, THROWAWAY) == []
    assert set(fetched(GUARDED, THROWAWAY)) == {table.name for table in tenant_tables()}


@pytest.mark.parametrize(
    "undo",
    [
        "CREATE TABLE stray (organization_id uuid)",
        "ALTER TABLE secrets_secret NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE secrets_secret DISABLE ROW LEVEL SECURITY",
        "ALTER POLICY tenant ON secrets_secret WITH CHECK (true)",
        "ALTER POLICY tenant ON secrets_secret USING (true) WITH CHECK (true)",
        "CREATE POLICY more ON secrets_secret USING (true)",
        "DROP POLICY tenant ON secrets_secret",
    ],
)
def test_a_table_that_is_not_guarded_is_found(undo: str) -> None:
    with as_table_owner(), connection.cursor() as cursor:
        cursor.execute(undo)
    assert fetched(UNGUARDED, THROWAWAY) == ["stray" if "stray" in undo else "secrets_secret"]


def test_installing_again_changes_nothing() -> None:
    def state() -> list[Any]:
        return [
            *fetched("SELECT row(tablename, policyname, cmd, qual, with_check)::text FROM pg_policies ORDER BY 1"),
            *fetched("SELECT row(conname, pg_get_constraintdef(oid))::text FROM pg_constraint ORDER BY 1"),
            *fetched("SELECT row(relname, relacl)::text FROM pg_class WHERE relacl IS NOT NULL ORDER BY 1"),
        ]

    before = state()
    with as_table_owner():
        policies.install(connection, role=APPLICATION)
    assert state() == before


def test_the_suite_is_a_role_that_policies_bind_and_that_owns_nothing() -> None:
    assert fetched("SELECT current_user") == [APPLICATION]
    assert fetched("SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)") == []
    for catalogue, owner in OWNED.items():
        owned = f"SELECT oid FROM pg_{catalogue} WHERE {owner} = current_user::regrole"  # noqa: S608 - constants
        assert fetched(owned) == []
    assert fetched("SELECT roleid::regrole::text FROM pg_auth_members WHERE member = current_user::regrole") == []
    assert fetched("SELECT has_schema_privilege(current_user, current_schema(), 'CREATE')") == [False]
    assert set(fetched("SELECT tableowner FROM pg_tables WHERE schemaname = current_schema()")) == {OWNER}


def test_the_application_may_change_rows_and_nothing_else() -> None:
    rights = """
        SELECT table_name || ': ' || privilege_type FROM information_schema.role_table_grants
        WHERE grantee = current_user AND table_name NOT LIKE %s
        AND privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    """
    assert fetched(rights, THROWAWAY) == []
    allowed = "SELECT privilege_type::text FROM information_schema.role_table_grants WHERE table_name = %s"
    assert sorted(fetched(allowed + " AND grantee = current_user", "audit_event")) == ["INSERT", "SELECT"]
    assert fetched(allowed + " AND grantee = current_user", "django_migrations") == ["SELECT"]


def test_nothing_lends_the_rights_of_its_owner() -> None:
    """A function with SECURITY DEFINER and a view without security_invoker bypass the policies of their caller."""
    here = "current_schema()::regnamespace"
    assert fetched(f"SELECT proname FROM pg_proc WHERE pronamespace = {here} AND prosecdef") == []  # noqa: S608
    assert fetched(f"SELECT relname FROM pg_class WHERE relnamespace = {here} AND relkind IN ('v', 'm')") == []  # noqa: S608

"""No row points to a row of another organization: its foreign keys carry the organization along."""

from uuid import uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, connection
from django.db.models import ForeignKey

from tests.harness.roles import as_table_owner
from tests.vault.database.rows import anything_goes, insert
from vault.database.tables import Reference, references, tenant_tables

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no composite foreign keys here"),
]

REFERENCES = sorted(references(), key=lambda reference: reference.name)
ACME, INITECH = uuid4(), uuid4()


def test_there_are_such_relations() -> None:
    names = {reference.name for reference in REFERENCES}
    assert "secrets_secret_environment_id_same_tenant" in names
    assert all(len(name) <= 63 for name in names)  # PostgreSQL cuts longer ones


# Columns without a key: the table keeps a line about what was there, in the words of that time, and the row that it
# points to may go. It is followed through the policies, which show nothing of another organization; the line is sealed.
UNBOUND = {
    "access_accessrequest.team_id": "a team may be dissolved after somebody asked for it",
    "access_accessrequest.custom_role_id": "a role may be deleted after it was asked for",
    "access_accessrequest.project_id": "a request outlives the place that it was about",
    "access_accessrequest.environment_id": "a request outlives the place that it was about",
    "access_accessrequest.grant_id": "a grant goes with its project; that it was approved stays",
    "access_breakglassperson.project_id": "who was named stays known after the project",
    "access_breakglassuse.project_id": "that the glass was broken stays known after the project",
    "access_breakglassuse.grant_id": "a grant goes with its project; that it was taken stays",
    "access_campaign.project_id": "what was decided in a review stays known after the project",
}

BETWEEN = """
    SELECT k.conrelid::regclass || '.' || a.attname
    FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
    WHERE k.contype = 'f' AND array_length(k.conkey, 1) = 1 AND k.connamespace = current_schema()::regnamespace
    AND EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = k.confrelid AND t.attname = 'organization_id')
"""
TOGETHER = """
    SELECT k.conrelid::regclass || '.' || b.attname
    FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
    JOIN pg_attribute b ON b.attrelid = k.conrelid AND b.attnum = k.conkey[2]
    JOIN pg_attribute t ON t.attrelid = k.confrelid AND t.attnum = k.confkey[1]
    WHERE k.contype = 'f' AND array_length(k.conkey, 1) = 2 AND k.convalidated
    AND a.attname = 'organization_id' AND t.attname = 'organization_id'
"""


def fetched(statement: str) -> set[str]:
    """The first column of what the database answers."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return {name for (name,) in cursor.fetchall()}


def test_every_key_between_two_such_tables_has_one_with_the_organization_beside_it() -> None:
    """Asked of the database, which knows of tables that no model is for. A table without an organization that points
    to one with it would show whose that row is, so it counts as one that lacks the key."""
    assert fetched(BETWEEN) == fetched(TOGETHER) == {f"{each.table}.{each.column}" for each in REFERENCES}


@pytest.mark.parametrize(
    "stray",
    [
        "CREATE TABLE stray (organization_id uuid, tag_id uuid REFERENCES secrets_tag (uid))",
        "CREATE TABLE stray (secret_id uuid REFERENCES secrets_secret (uid))",
    ],
    ids=["with its organization", "without one"],
)
def test_a_table_that_points_to_another_alone_is_found(stray: str) -> None:
    with as_table_owner(), connection.cursor() as cursor:
        cursor.execute(stray)
    assert {name.partition(".")[0] for name in fetched(BETWEEN) - fetched(TOGETHER)} == {"stray"}


def test_every_column_without_a_key_has_a_reason() -> None:
    tenants = {table.name for table in tenant_tables()}
    unbound = {
        f"{model._meta.db_table}.{field.column}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_fields
        if isinstance(field, ForeignKey)
        and not field.db_constraint  # type: ignore[attr-defined]  # not in the stubs
        and field.related_model._meta.db_table in tenants
    }
    assert unbound == set(UNBOUND)


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: reference.name)
def test_an_insert_that_points_across_is_refused(reference: Reference) -> None:
    anything_goes(reference.table)
    anything_goes(reference.target)
    target, another = (insert(reference.target, organization_id=ACME)[reference.target_column] for _ in range(2))
    check = f'SET CONSTRAINTS "{reference.name}" IMMEDIATE'
    with connection.cursor() as cursor:
        insert(reference.table, **{"organization_id": ACME, reference.column: target})
        cursor.execute(check)
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        insert(reference.table, **{"organization_id": INITECH, reference.column: another})
        with pytest.raises(IntegrityError, match=reference.name):
            cursor.execute(check)
    connection.set_rollback(True)

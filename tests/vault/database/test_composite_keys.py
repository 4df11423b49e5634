"""No row points to a row of another organization: its foreign keys carry the organization along."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection

from tests.vault.database.rows import anything_goes, insert
from vault.database.tables import Reference, references

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

"""PostgreSQL holds every table with an organization to it, whatever the application asks."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from django.db import ProgrammingError, connection, transaction
from psycopg import sql

from tests.vault.database.rows import anything_goes, insert, tenants_seen
from vault import tenancy
from vault.database.policies import APPEND_ONLY
from vault.database.tables import TenantTable, tenant_tables

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no policies"),
]

TABLES = sorted(tenant_tables(), key=lambda table: table.name)
ACME, INITECH = uuid4(), uuid4()
every_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@pytest.fixture(autouse=True)
def _rows(table: TenantTable) -> Iterator[None]:
    """A row of each of two tenants; of the instance, too, where there are such. What they point to does not exist."""
    anything_goes(table.name)
    for uid in (ACME, INITECH, None) if table.shared else (ACME, INITECH):
        insert(table.name, **{table.column: uid})
    yield
    transaction.set_rollback(True)


def refused(table: TenantTable, statement: str, *parameters: UUID) -> bool:
    """Whether the database refuses it for its policy."""
    composed = sql.SQL(statement).format(table=sql.Identifier(table.name), column=sql.Identifier(table.column))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(composed, parameters)
    except ProgrammingError as error:
        return "row-level security policy" in str(error)
    return False


def changed(table: TenantTable, statement: str, *parameters: UUID) -> int:
    """How many rows a statement changes, which is undone."""
    composed = sql.SQL(statement).format(table=sql.Identifier(table.name), column=sql.Identifier(table.column))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(composed, parameters)
        rows = int(cursor.rowcount)
        transaction.set_rollback(True)
    return rows


@every_table
def test_outside_of_any_organization_nothing_is_there(table: TenantTable) -> None:
    with tenancy.within():
        assert tenants_seen(table.name, table.column) == ({None} if table.shared else set())


@every_table
def test_within_one_its_rows_are_there_and_no_others(table: TenantTable) -> None:
    with tenancy.within(ACME):
        assert tenants_seen(table.name, table.column) - {None} == {ACME}
    with tenancy.within(ACME, INITECH):
        assert tenants_seen(table.name, table.column) - {None} == {ACME, INITECH}


@every_table
def test_everywhere_all_rows_are_there(table: TenantTable) -> None:
    assert tenants_seen(table.name, table.column) >= {ACME, INITECH}


@every_table
def test_nothing_of_another_is_changed_or_removed(table: TenantTable) -> None:
    if table.name in APPEND_ONLY:
        pytest.skip("nothing of it is changed or removed by anybody")
    delete, update = "DELETE FROM {table} WHERE {column} = %s", "UPDATE {table} SET {column} = %s WHERE {column} = %s"
    with tenancy.within(INITECH):
        assert changed(table, delete, ACME) == 0
        assert changed(table, update, INITECH, ACME) == 0
        assert changed(table, delete, INITECH) >= 1


@every_table
def test_no_row_is_given_to_another(table: TenantTable) -> None:
    with tenancy.within(INITECH):
        with pytest.raises(ProgrammingError, match="row-level security policy"), transaction.atomic():
            insert(table.name, **{table.column: ACME if table.column != "uid" else uuid4()})
        if table.name not in APPEND_ONLY:
            assert refused(table, "UPDATE {table} SET {column} = %s WHERE {column} = %s", ACME, INITECH)
    with tenancy.within(), pytest.raises(ProgrammingError, match="row-level security policy"), transaction.atomic():
        insert(table.name, **{table.column: uuid4()})

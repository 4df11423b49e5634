"""What PostgreSQL itself holds every statement to: whose rows it may touch, and what the application's role may do.

For every table with an organization (`vault.database.tables`): row-level security that binds the owner of the table
as well (FORCE), one policy for what is read (USING) and what is written (WITH CHECK), and foreign keys that carry the
organization along, so that no row can point into another. `install` is run by `migrate` (vault/management), as the
owner's role: a new model gets all of it by itself, and the application gets its rights to a table in the transaction in
which the table gets its policy.
"""

from collections.abc import Iterable, Iterator

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from vault.database.postgresql.base import SETTING
from vault.database.tables import TenantTable, references, tenant_tables

POLICY = "tenant"
APPEND_ONLY = frozenset({"audit_event", "access_reviewline", "access_reviewdecision"})
"""Nothing in these is ever changed or removed."""
READ_ONLY = frozenset({"django_migrations"})
_RIGHTS = "SELECT, INSERT, UPDATE, DELETE"


def install(connection: BaseDatabaseWrapper, *, role: str) -> None:
    """Install everything, again if it is there already. `connection`: as the owner; `role`: the application's.

    One transaction: nobody sees a table with rights and without its policy. A table that has no organization yet,
    because not all migrations are applied, gets neither. Raises ImproperlyConfigured if the tables belong to somebody
    else.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, tableowner, pg_has_role(tableowner, 'USAGE') FROM pg_tables "
            "WHERE schemaname = current_schema()"
        )
        tables = cursor.fetchall()
        if foreign := sorted({owner for _, owner, ours in tables if not ours}):
            raise ImproperlyConfigured(
                f"The tables belong to {', '.join(foreign)} and not to the role of HOLDFAST_OWNER_DATABASE_URL. Give "
                "them to it: docs/operators/upgrade.md."
            )
        existing = {name for name, _, _ in tables}
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        )
        columns = set(cursor.fetchall())
        guarded = [table for table in tenant_tables() if (table.name, table.column) in columns]
        unguarded = {table.name for table in tenant_tables()} - {table.name for table in guarded}
        cursor.execute("SELECT conname FROM pg_constraint WHERE connamespace = current_schema()::regnamespace")
        constraints = {name for (name,) in cursor.fetchall()}
        for statement in (
            *_policies(guarded),
            *_composite_keys({table.name for table in guarded}, constraints),
            *_rights(sorted(existing - unguarded), role),
        ):
            cursor.execute(statement)


def _policies(tables: Iterable[TenantTable]) -> Iterator[sql.Composed]:
    for table in tables:
        name, policy = sql.Identifier(table.name), sql.Identifier(POLICY)
        yield sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY").format(name)
        yield sql.SQL("DROP POLICY IF EXISTS {} ON {}").format(policy, name)
        yield sql.SQL("CREATE POLICY {policy} ON {name} USING ({rule}) WITH CHECK ({rule})").format(
            policy=policy, name=name, rule=_rule(table)
        )


def _rule(table: TenantTable) -> sql.Composed:
    """Whether a row is of a tenant that `app.tenant` names.

    The sub-selects depend on no row, so they run once in a statement and not once for each row; and the star is never
    cast, because it is no uid. What was never set is NULL, and what was set in an earlier transaction is empty: neither
    opens anything.
    """
    setting = sql.SQL("(SELECT current_setting({}, true))").format(sql.Literal(SETTING))
    uids = sql.SQL("(SELECT string_to_array(NULLIF(NULLIF(current_setting({0}, true), ''), '*'), ',')::uuid[])").format(
        sql.Literal(SETTING)
    )
    column = sql.Identifier(table.column)
    rule = sql.SQL("{column} = ANY ({uids}::uuid[]) OR {setting} = '*'").format(
        column=column, uids=uids, setting=setting
    )
    return sql.SQL("{} IS NULL OR {}").format(column, rule) if table.shared else rule


def _composite_keys(guarded: set[str], constraints: set[str]) -> Iterator[sql.Composed]:
    """A key over organization and row on each table that is pointed to, and a foreign key to it from each that does.

    Checked when the transaction ends, as Django's own foreign keys are.
    """
    for reference in references():
        if not {reference.table, reference.target} <= guarded:
            continue
        if reference.target_name not in constraints:
            constraints.add(reference.target_name)
            yield sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} UNIQUE (organization_id, {})").format(
                *map(sql.Identifier, (reference.target, reference.target_name, reference.target_column))
            )
        if reference.name not in constraints:
            yield sql.SQL(
                "ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY (organization_id, {}) REFERENCES {} "
                "(organization_id, {}) DEFERRABLE INITIALLY DEFERRED"
            ).format(
                *map(
                    sql.Identifier,
                    (reference.table, reference.name, reference.column, reference.target, reference.target_column),
                )
            )


def _rights(existing: list[str], role: str) -> Iterator[sql.Composable]:
    """To the application's role: rows, and not the tables themselves (no TRUNCATE, REFERENCES or TRIGGER)."""
    application = sql.Identifier(role)
    yield sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC")  # as PostgreSQL 15 and later have it from the start
    yield sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(application)
    for name in existing:
        rights = "SELECT" if name in READ_ONLY else "SELECT, INSERT" if name in APPEND_ONLY else _RIGHTS
        yield sql.SQL("REVOKE ALL ON {} FROM {}").format(sql.Identifier(name), application)
        yield sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(rights), sql.Identifier(name), application)

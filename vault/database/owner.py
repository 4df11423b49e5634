"""The two roles: one owns the tables and changes them, the other is the application's and owns nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from vault import tenancy
from vault.database.postgresql.base import SETTING

_LOGIN = ("USER", "PASSWORD", "HOST", "PORT", "OPTIONS")

_STANDING = """
    SELECT current_user, rolsuper, rolbypassrls,
        EXISTS (SELECT FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relowner = pg_roles.oid),
        EXISTS (SELECT FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND proowner = pg_roles.oid)
            OR EXISTS (SELECT FROM pg_namespace WHERE nspname = current_schema() AND nspowner = pg_roles.oid)
            OR EXISTS (SELECT FROM pg_database WHERE datname = current_database() AND datdba = pg_roles.oid),
        has_schema_privilege(current_schema(), 'CREATE'),
        EXISTS (SELECT FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
            AND relowner <> pg_roles.oid AND pg_has_role(relowner, 'MEMBER')),
        COALESCE(current_setting(%s, true), '') <> '',
        current_database()
    FROM pg_roles WHERE rolname = current_user
"""

NO_OWNER = (
    "HOLDFAST_OWNER_DATABASE_URL is missing: the role that owns the tables, as postgresql://owner:password@host/name. "
    "The application's own role in DATABASE_URL cannot change them (docs/operators/install.md, and upgrade.md for a "
    "database that has one role so far)."
)


def excess_of_role(connection: BaseDatabaseWrapper) -> list[str]:
    """What the role of the connection may do beyond changing rows, each with its remedy; empty if policies bind it."""
    with tenancy.within(), connection.cursor() as cursor:  # nothing is set here, so what is found is a default
        cursor.execute(_STANDING, [SETTING])
        role, superuser, bypasses, owns, owns_more, creates, becomes_owner, preset, database = cursor.fetchone()
    remedies = {
        f"is a superuser: ALTER ROLE {role} NOSUPERUSER": superuser,
        f"bypasses row-level security: ALTER ROLE {role} NOBYPASSRLS": bypasses,
        f"owns tables: REASSIGN OWNED BY {role} TO the owner's role": owns,
        f"owns the database, its schema or functions: REASSIGN OWNED BY {role} TO the owner's role": owns_more
        and not (superuser or owns),
        f"may create tables: REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}": creates
        and not (superuser or owns or owns_more),
        f"is a member of the owner's role: REVOKE that role FROM {role}": becomes_owner and not superuser,
        f"begins with {SETTING} set, so that forgetting to set it opens rows: ALTER ROLE {role} RESET {SETTING}, and "
        f"ALTER DATABASE {database} RESET {SETTING}": preset,
    }
    return [f"The application's role {role} {remedy}." for remedy, needed in remedies.items() if needed]


def sees_every_organization(owner: BaseDatabaseWrapper) -> bool:
    """Whether a backup made by the owner's role has the rows of every organization; without the setting it has none."""
    with tenancy.within(), owner.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [SETTING])
        return bool(cursor.fetchone()[0] == "*")


@contextmanager
def as_owner(alias: str) -> Iterator[BaseDatabaseWrapper]:
    """The connection signs in as the owner, and afterwards again as the application.

    Raises ImproperlyConfigured if no owner is configured.
    """
    if not settings.OWNER_DATABASE:
        raise ImproperlyConfigured(NO_OWNER)
    connection = connections[alias]
    application = connection.settings_dict
    connection.close()
    connection.settings_dict = {**application, **{part: settings.OWNER_DATABASE[part] for part in _LOGIN}}
    try:
        yield connection
    finally:
        connection.close()
        connection.settings_dict = application

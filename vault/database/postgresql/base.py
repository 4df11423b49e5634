"""Django's backend for PostgreSQL, with the tenants of `vault.tenancy` in front of what it sends.

`SELECT set_config('app.tenant', '…', true); <statement>` goes out as one text in one round trip. The setting is local
to the transaction and is never one of the session, so nothing stays behind in a connection that is kept, pooled or
handed on by PgBouncer between transactions:

- Without a transaction, each statement carries it: PostgreSQL runs several statements of one text in one implicit
  transaction (protocol, "Multiple Statements in a Simple Query"), so the setting holds for exactly that statement.
- In a transaction, the first statement carries it, and each one before which the tenants have changed or a savepoint
  was rolled back, because the setting goes back with it.

Where there are no tenants and nothing was set, nothing goes in front: an unset setting opens no row.
"""

import re
from collections.abc import Iterable
from contextlib import _GeneratorContextManager
from typing import Any, Self

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import NotSupportedError, connections
from django.db.backends.postgresql import base, operations
from django.db.backends.utils import CursorWrapper
from psycopg.pq import TransactionStatus
from psycopg.sql import SQL, Composable

from vault import tenancy

SETTING = "app.tenant"
_IN_FRONT = re.compile(rf"\ASELECT pg_catalog\.set_config\('{re.escape(SETTING)}', '[0-9a-f,*-]*', true\); ")

# A rollback, to a savepoint or altogether, takes the setting back; SET TRANSACTION comes before any other statement.
_ABOUT_TRANSACTIONS = ("ROLLBACK", "SET TRANSACTION")


def _set(value: str) -> str:
    """The statement; `value` is uids in hexadecimal or a star (`vault.tenancy.Tenants`), so it needs no quoting."""
    return f"SELECT pg_catalog.set_config('{SETTING}', '{value}', true); "


class TenantSetting:
    """What `app.tenant` is on one connection, as far as this side knows."""

    def __init__(self) -> None:
        self.known: str | None = ""

    def forget(self) -> None:
        """What is set is not known any more: the next statement sets it, whatever it was."""
        self.known = None

    def missing(self, connection: "psycopg.Connection[Any]") -> str | None:
        """What has to be set before the next statement; None if nothing."""
        status = connection.pgconn.transaction_status
        if status == TransactionStatus.IDLE:
            self.known = ""  # the setting ended with its transaction
        elif status == TransactionStatus.INERROR:
            return None  # only a rollback is taken now
        wanted = tenancy.current().setting
        return None if wanted == self.known else wanted


class Cursor(base.CursorMixin, psycopg.ClientCursor[Any]):
    """Django's cursor, whose statements are merged with their parameters here and may therefore be several.

    `setting` is missing from a cursor that was not made by the backend below: such a one sets nothing.
    """

    setting: TenantSetting | None = None

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        if self.setting is None:
            return super().execute(query, params, **options)
        if isinstance(query, str) and query.lstrip().upper().startswith(_ABOUT_TRANSACTIONS):
            self.setting.forget()
            return super().execute(query, params, **options)
        value = self.setting.missing(self.connection)
        if value is None:
            return super().execute(query, params, **options)
        self.setting.forget()
        super().execute(_in_front(_set(value), query), params, **options)
        self.nextset()
        self.setting.known = value
        return self

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        self._set_apart()
        super().executemany(query, params_seq, **options)

    def copy(self, statement: Any, params: Any = None, **options: Any) -> "_GeneratorContextManager[psycopg.Copy]":
        self._set_apart()
        return super().copy(statement, params, **options)

    def stream(self, query: Any, params: Any = None, **options: Any) -> Any:
        self._set_apart()
        return super().stream(query, params, **options)

    def _set_apart(self) -> None:
        """Before what the driver sends in another way, where nothing fits in front."""
        value = self.setting.missing(self.connection) if self.setting else None
        if self.setting is None or value is None:
            return
        if self.connection.autocommit and self.connection.pgconn.transaction_status == TransactionStatus.IDLE:
            raise NotSupportedError("Only within a transaction.atomic can this be told whose rows it may touch.")
        super().execute(_set(value))
        self.setting.known = value


def _in_front(setting: str, query: Any) -> Any:
    if isinstance(query, str):
        return setting + query
    if isinstance(query, Composable):
        return SQL(setting) + query
    return setting.encode("ascii") + query


class DatabaseOperations(operations.DatabaseOperations):
    """Django's, which shows the statements of its log as they were written."""

    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> Any:
        sent = super().last_executed_query(cursor, sql, params)
        return _IN_FRONT.sub("", sent, count=1) if sent else sent


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, with the cursor above, and without what would go around it."""

    ops_class = DatabaseOperations

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tenant_setting = TenantSetting()

    def get_connection_params(self) -> dict[str, Any]:
        parameters = super().get_connection_params()
        if self.settings_dict["OPTIONS"].get("server_side_binding"):
            raise ImproperlyConfigured("Leave server_side_binding out of the database's OPTIONS.")
        return {**parameters, "cursor_factory": Cursor}

    def create_cursor(self, name: str | None = None) -> Any:
        if name:
            raise NotSupportedError("A named cursor cannot be told whose rows it may touch.")
        cursor = super().create_cursor()
        cursor.setting = self.tenant_setting
        return cursor

    def chunked_cursor(self) -> CursorWrapper:
        """An ordinary cursor: one of the server's outlives its statement, and with it what was set for that."""
        return self.cursor()

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # the stubs leave it out
        self.tenant_setting.forget()

    def set_tenants(self) -> None:
        """For statements of this transaction that go around the cursors of Django."""
        with self.cursor() as cursor:
            cursor.cursor._set_apart()


def set_tenants() -> None:
    """Tell the default database whose rows may be touched, for statements that go around the cursors of Django.

    In a transaction, before each of them. Raises NotSupportedError outside of one.
    """
    connection = connections["default"]
    if isinstance(connection, DatabaseWrapper):
        connection.set_tenants()

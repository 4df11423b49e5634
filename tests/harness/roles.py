"""As which role of PostgreSQL the suite's statements run: the application's, except where a test is the owner."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from django.db import connection
from psycopg.pq import TransactionStatus

from tests.harness.postgresql import APPLICATION, OWNER


def sign_in_as_suite(role: str) -> None:
    """From the next statement on, the default connection is the suite's and has taken on `role`."""
    url = urlsplit(os.environ["HOLDFAST_TEST_SUITE_URL"])
    connection.close()
    connection.settings_dict["USER"], connection.settings_dict["PASSWORD"] = url.username, url.password
    connection.settings_dict["OPTIONS"]["assume_role"] = role


@contextmanager
def as_table_owner() -> Iterator[None]:
    """Statements of this connection are the owner's. Nothing on SQLite, which has no roles."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {OWNER}")
        try:
            yield
        finally:
            if connection.connection.pgconn.transaction_status != TransactionStatus.INERROR:  # else it is rolled back
                cursor.execute(f"SET ROLE {APPLICATION}")

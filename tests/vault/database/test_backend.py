"""The backend tells PostgreSQL with each statement whose rows it may touch, and leaves nothing behind."""

import threading
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, NotSupportedError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from vault import tenancy
from vault.database.postgresql.base import set_tenants
from vault.models import Counter

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no policies"),
]

READ = "SELECT current_setting('app.tenant', true)"
ACME, INITECH = UUID(int=1), UUID(int=2)


def setting() -> str:
    """What a statement of this moment runs under."""
    with connection.cursor() as cursor:
        cursor.execute(READ)
        return str(cursor.fetchone()[0] or "")


def left_behind() -> str:
    """What a statement finds that goes around the backend, on the same connection."""
    return str(connection.connection.cursor(row_factory=psycopg.rows.tuple_row).execute(READ).fetchone()[0] or "")


@pytest.fixture(autouse=True)
def _nobody() -> Iterator[None]:
    """Nothing holds, as in production."""
    with tenancy.within():
        yield


def test_a_statement_without_tenants_runs_under_nothing() -> None:
    assert setting() == ""


def test_a_statement_of_its_own_carries_the_tenants_and_leaves_none_behind() -> None:
    with tenancy.within(ACME):
        assert setting() == str(ACME)
        assert left_behind() == ""
    assert setting() == ""


def test_several_tenants_and_every_tenant_have_their_spelling() -> None:
    with tenancy.within(INITECH, ACME):
        assert setting() == f"{ACME},{INITECH}"
    with tenancy.everywhere("the test asks"):
        assert setting() == "*"


def test_a_transaction_is_told_once_and_again_when_the_tenants_change() -> None:
    with tenancy.within(ACME), transaction.atomic():
        assert setting() == left_behind() == str(ACME)
        assert setting() == str(ACME)
        with tenancy.within(INITECH):
            assert setting() == str(INITECH)
        assert setting() == str(ACME)
        with tenancy.within():
            assert setting() == ""
    assert left_behind() == ""


def test_the_next_transaction_is_told_again() -> None:
    with tenancy.within(ACME):
        for _ in range(2):
            with transaction.atomic():
                assert setting() == str(ACME)


@pytest.mark.parametrize("inner", [(INITECH,), ()])
def test_a_savepoint_that_is_rolled_back_takes_no_wider_setting_back_with_it(inner: tuple[UUID, ...]) -> None:
    spelled = ",".join(map(str, inner))
    with tenancy.everywhere("the test asks"), transaction.atomic():
        assert setting() == "*"
        savepoint = transaction.savepoint()
        with tenancy.within(*inner):
            assert setting() == spelled
            transaction.savepoint_rollback(savepoint)
            assert left_behind() == "*"  # PostgreSQL has gone back to what it was
            assert setting() == spelled


def test_what_is_said_about_the_transaction_itself_comes_first() -> None:
    with tenancy.within(ACME), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        assert setting() == left_behind() == str(ACME)


def test_a_statement_that_fails_in_a_savepoint_leaves_the_rest_under_its_tenants() -> None:
    with tenancy.within(ACME), transaction.atomic():
        with tenancy.within(INITECH), pytest.raises(DatabaseError), transaction.atomic():
            Counter.objects.extra(where=["1/0 = 1"]).exists()
        assert setting() == str(ACME)


def test_a_statement_that_fails_alone_leaves_nothing_behind() -> None:
    with tenancy.within(ACME):
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")
        assert left_behind() == ""
        assert setting() == str(ACME)


def test_a_statement_whose_parameters_cannot_be_sent_is_followed_by_one_that_is_told() -> None:
    with tenancy.within(ACME), transaction.atomic(), connection.cursor() as cursor:
        with pytest.raises(ProgrammingError):
            cursor.execute("SELECT %s", [object()])  # type: ignore[list-item]  # the point of the test
        assert setting() == str(ACME)


def test_rolling_back_altogether_is_followed_by_a_statement_that_is_told() -> None:
    connection.set_autocommit(False)
    try:
        with tenancy.within(ACME):
            assert setting() == str(ACME)
            connection.rollback()
            assert setting() == str(ACME)
    finally:
        connection.rollback()
        connection.set_autocommit(True)


def test_it_is_no_query_of_its_own_in_djangos_count() -> None:
    with tenancy.within(ACME), CaptureQueriesContext(connection) as queries:
        setting()
        with transaction.atomic():
            setting()
    assert [query["sql"] for query in queries if query["sql"] not in {"BEGIN", "COMMIT"}] == [READ, READ]


def test_what_a_statement_gives_is_its_own_result() -> None:
    with tenancy.within(ACME), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE told (a int) ON COMMIT DROP")
    with tenancy.within(ACME), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE told (a int, b text) ON COMMIT DROP")
        with tenancy.within(INITECH):
            cursor.execute("INSERT INTO told VALUES (%s, %s), (2, '%%') RETURNING b", [1, "%s"])
            assert cursor.fetchall() == [("%s",), ("%",)]
        cursor.execute("UPDATE told SET a = a + 1")
        assert (cursor.rowcount, cursor.description) == (2, None)
        with tenancy.within(INITECH):
            cursor.execute("SELECT a, b FROM told WHERE b LIKE '%'")
        assert [column.name for column in cursor.description] == ["a", "b"]
        assert cursor.fetchone() == (2, "%s")
        assert cursor.nextset() is None


def test_composed_statements_carry_it_too() -> None:
    with tenancy.within(ACME), connection.cursor() as cursor:
        cursor.execute(psycopg.sql.SQL("SELECT {}, current_setting('app.tenant')").format(7))
        assert cursor.fetchone() == (7, str(ACME))
        cursor.execute(READ.encode())  # type: ignore[arg-type]  # the driver takes it
        assert cursor.fetchone() == (str(ACME),)


def test_executing_many_times_is_told_in_a_transaction_and_refused_outside() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE heard (tenant text)")
        insert = "INSERT INTO heard SELECT current_setting('app.tenant') || %s"
        with tenancy.within(ACME):
            with pytest.raises(NotSupportedError):
                cursor.executemany(insert, [["a"]])
            with transaction.atomic():
                cursor.executemany(insert, [["a"], ["b"]])
                assert cursor.rowcount == 2
        cursor.execute("SELECT tenant FROM heard")
        assert cursor.fetchall() == [(f"{ACME}a",), (f"{ACME}b",)]
        cursor.execute("DROP TABLE heard")


def test_copying_is_told_in_a_transaction_and_refused_outside() -> None:
    statement = f"COPY ({READ}) TO STDOUT"
    with tenancy.within(ACME), connection.cursor() as cursor:
        with pytest.raises(NotSupportedError):
            cursor.copy(statement)
        with transaction.atomic(), cursor.copy(statement) as copied:
            assert b"".join(map(bytes, copied)).strip() == str(ACME).encode()


def test_no_cursor_of_the_servers_outlives_its_statement() -> None:
    with pytest.raises(NotSupportedError):
        connection.create_cursor("named")
    with tenancy.within(ACME), connection.chunked_cursor() as cursor:
        cursor.execute(READ)
        assert cursor.fetchone() == (str(ACME),)


def test_what_goes_around_the_cursors_is_told_in_a_transaction() -> None:
    with tenancy.within(ACME):
        with pytest.raises(NotSupportedError):
            set_tenants()
        with transaction.atomic():
            set_tenants()
            assert left_behind() == str(ACME)
            with tenancy.within(INITECH):
                set_tenants()
                assert left_behind() == str(INITECH)


def test_another_thread_and_another_connection_have_nothing() -> None:
    heard = []

    def listen() -> None:
        try:
            heard.append(tenancy.current().setting)
            with tenancy.within(INITECH):
                heard.append(setting())
        finally:
            connection.close()

    with tenancy.within(ACME):
        thread = threading.Thread(target=listen)
        thread.start()
        thread.join()
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute(READ)
                heard.append(cursor.fetchone()[0])
        finally:
            other.close()
    # The tests let every thread in that nobody has narrowed; production lets none.
    assert heard == [tenancy._default.setting, str(INITECH), str(ACME)]


def test_parameters_are_never_bound_by_the_server() -> None:
    other = connection.copy()
    other.settings_dict = {**other.settings_dict, "OPTIONS": {"server_side_binding": True}}
    with pytest.raises(ImproperlyConfigured):
        other.get_connection_params()


def test_nothing_but_a_uid_becomes_part_of_a_statement() -> None:
    class Forged(UUID):
        def __str__(self) -> str:
            return "*"

    assert tenancy.Tenants(frozenset({Forged(int=1)})).setting == str(ACME)
    with pytest.raises(AttributeError), tenancy.within("*"):  # type: ignore[arg-type]  # the point of the test
        pass
    with pytest.raises(ValueError, match="why"), tenancy.everywhere(""):
        pass
    assert not tenancy.NOTHING.covers(uuid4())
    assert tenancy.NOTHING.covers(None)

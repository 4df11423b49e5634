"""Two questions that machines ask."""

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.harness.roles import as_table_owner
from vault import health
from vault.keys.providers import RootKeyProblem


def test_it_is_alive_without_a_database(client: Client) -> None:
    # No database mark: a query would fail the test.
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_it_is_alive_without_a_database_for_a_browser_that_is_signed_in(client: Client) -> None:
    client.cookies[settings.SESSION_COOKIE_NAME] = "s" * 32
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_it_is_ready_when_database_migrations_and_keys_are_there(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"ready\n")


@pytest.mark.django_db
def test_it_is_not_ready_without_a_migration(client: Client) -> None:
    with as_table_owner(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'audit'")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"not ready\n")


@pytest.mark.django_db
def test_it_is_not_ready_without_a_root_key_and_does_not_say_which(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RootKeyProblem("The tenant keys in the database need the root key 0001-0203-0405-0607.")

    monkeypatch.setattr(health, "verify_root_keys", fail)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"not ready\n")
    assert "0001" not in str(answer.headers)


@pytest.mark.django_db(transaction=True)
def test_it_is_not_ready_without_its_tables(client: Client) -> None:
    with as_table_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE keys_wrappedkey RENAME TO keys_wrappedkey_away")
    try:
        answer = client.get("/readyz")
    finally:
        with as_table_owner(), connection.cursor() as cursor:
            cursor.execute("ALTER TABLE keys_wrappedkey_away RENAME TO keys_wrappedkey")
    assert (answer.status_code, answer.content) == (503, b"not ready\n")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_it_reveals_and_changes_nothing(client: Client, path: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"{path}?verbose=1&debug=1", headers={"Accept": "application/json"})
    assert len(answer.content) < 12
    assert not answer.cookies
    assert answer["Cache-Control"] == "no-store"
    assert not [query for query in queries if not query["sql"].lstrip().upper().startswith(("SELECT", "PRAGMA"))]
    assert client.post(path).status_code in {200, 405}

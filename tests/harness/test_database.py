"""The suite runs where it says it runs: the settings could have been loaded before the database was chosen."""

import os

import pytest
from django.db import connection


@pytest.mark.django_db
def test_it_runs_on_the_database_that_the_pass_names() -> None:
    assert connection.vendor == os.environ.get("HOLDFAST_TEST_DATABASE", "sqlite")


@pytest.mark.django_db
def test_it_runs_as_a_role_that_row_level_policies_bind() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no roles")
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False)

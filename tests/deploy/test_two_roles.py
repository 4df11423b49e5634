"""The role that owns the tables, and the application's: made by deploy/database, and refused when they are one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest

from tests.deploy.instance import Instance
from tests.harness.environment import ROOT, clean_environment
from tests.harness.postgresql import SUPERUSER, ScratchPostgresql, find_binaries

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(
        os.environ.get("HOLDFAST_TEST_DATABASE", "sqlite") != "sqlite", reason="it brings its databases: once is enough"
    ),
]

SCRIPT = ROOT / "deploy" / "database" / "10-application.sh"
PASSWORDS = {"database-password": token_hex(16), "database-owner-password": token_hex(16)}


@pytest.fixture
def server() -> Iterator[ScratchPostgresql]:
    """A server without any database or role of an installation's."""
    if not (find_binaries() / "psql").exists():
        pytest.skip("these PostgreSQL binaries come without psql")
    with ScratchPostgresql() as running:
        superuser = running.url("postgres", role=SUPERUSER)
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute("DROP DATABASE holdfast")
            connection.execute("DROP ROLE holdfast, holdfast_owner, holdfast_suite")
        yield running


def run_script(server: ScratchPostgresql, secrets: Path) -> None:
    """As the entry point of the image does, or an operator who upgrades."""
    for name, password in PASSWORDS.items():
        (secrets / name).write_text(password, encoding="ascii")
    password = server.url("postgres", role=SUPERUSER).partition("//")[2].partition("@")[0].partition(":")[2]
    environment = clean_environment() | {
        "PATH": os.pathsep.join([str(find_binaries()), os.environ["PATH"]]),
        "PGHOST": "127.0.0.1", "PGPORT": str(server.port), "PGPASSWORD": password, "SECRETS": str(secrets),
    }  # fmt: skip
    ran = subprocess.run(["sh", str(SCRIPT)], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def instance(server: ScratchPostgresql, folder: Path, *, one_role: bool = False) -> Instance:
    """A development installation on that server."""
    address = f"127.0.0.1:{server.port}/holdfast"
    application = f"postgresql://holdfast:{PASSWORDS['database-password']}@{address}"
    owner = f"postgresql://holdfast_owner:{PASSWORDS['database-owner-password']}@{address}"
    urls = {"DATABASE_URL": application, "HOLDFAST_OWNER_DATABASE_URL": application if one_role else owner}
    return Instance(folder, **urls)


def manage(holdfast: Instance, *words: str, code: int = 0, **variables: str) -> str:
    """What a command says on both streams."""
    ran = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT, env=holdfast.environment | variables, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def roles(server: ScratchPostgresql) -> set[tuple[str, bool, bool, bool, bool]]:
    """The installation's roles, and what they may do."""
    with psycopg.connect(server.url("postgres", role=SUPERUSER)) as connection:
        found = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles "
            "WHERE rolname LIKE 'holdfast%'"
        )
        return set(found.fetchall())


def owners(server: ScratchPostgresql) -> set[str]:
    """Who owns the tables, the functions and the database."""
    with psycopg.connect(server.url("holdfast", role=SUPERUSER)) as connection:
        found = connection.execute(
            "SELECT tableowner::text FROM pg_tables WHERE schemaname = 'public' "
            "UNION SELECT proowner::regrole::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace "
            "UNION SELECT datdba::regrole::text FROM pg_database WHERE datname = 'holdfast'"
        )
        return {name for (name,) in found.fetchall()}


def test_a_new_installation_has_two_roles(server: ScratchPostgresql, tmp_path: Path) -> None:
    run_script(server, tmp_path)
    nothing = (False, False, False, False)
    assert roles(server) == {("holdfast", *nothing), ("holdfast_owner", *nothing)}
    holdfast = instance(server, tmp_path)
    assert "none of their rows" not in manage(holdfast, "migrate", "--verbosity", "0")
    assert owners(server) == {"holdfast_owner"}
    manage(holdfast, "check", "--database", "default")
    manage(holdfast, "setup_link")
    with psycopg.connect(server.url("holdfast", role=SUPERUSER)) as connection:
        connection.execute("ALTER ROLE holdfast_owner RESET app.tenant")
    assert "none of their rows" in manage(holdfast, "migrate", "--verbosity", "0")
    said = manage(holdfast, "migrate", code=1, HOLDFAST_OWNER_DATABASE_URL="")
    assert "HOLDFAST_OWNER_DATABASE_URL is missing" in said
    assert "Traceback" not in said
    manage(holdfast, "migrate", "--check", HOLDFAST_OWNER_DATABASE_URL="")  # the server's own question


def test_an_installation_with_one_role_is_refused_and_gets_the_other(server: ScratchPostgresql, tmp_path: Path) -> None:
    with psycopg.connect(server.url("postgres", role=SUPERUSER), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE holdfast LOGIN PASSWORD '{PASSWORDS['database-password']}'".encode())
        connection.execute("CREATE DATABASE holdfast OWNER holdfast")
    before = instance(server, tmp_path, one_role=True)
    manage(before, "migrate", "--skip-checks", "--verbosity", "0")
    manage(before, "setup_link")
    said = manage(before, "check", "--database", "default", code=1)
    assert "owns tables: REASSIGN OWNED BY holdfast" in said
    said = before.refused()
    assert "owns tables" in said
    assert "Traceback" not in said

    run_script(server, tmp_path)
    holdfast = instance(server, tmp_path)
    manage(holdfast, "migrate", "--verbosity", "0")
    assert owners(server) == {"holdfast_owner"}
    manage(holdfast, "check", "--database", "default")
    manage(holdfast, "setup_link")
    run_script(server, tmp_path)  # again, and nothing changes
    manage(holdfast, "setup_link")


TOO_MUCH = [
    ("ALTER ROLE holdfast SUPERUSER", "ALTER ROLE holdfast NOSUPERUSER", "is a superuser: ALTER ROLE holdfast NOSUPER"),
    ("ALTER ROLE holdfast BYPASSRLS", "ALTER ROLE holdfast NOBYPASSRLS", "bypasses row-level security: ALTER ROLE"),
    ("GRANT holdfast_owner TO holdfast", "REVOKE holdfast_owner FROM holdfast", "is a member of the owner's role"),
    (
        "GRANT CREATE ON SCHEMA public TO holdfast",
        "REVOKE CREATE ON SCHEMA public FROM holdfast",
        "may create tables: REVOKE CREATE",
    ),
    (
        "ALTER DATABASE holdfast OWNER TO holdfast",
        "ALTER DATABASE holdfast OWNER TO holdfast_owner; GRANT CONNECT ON DATABASE holdfast TO holdfast",
        "owns the database, its schema or functions: REASSIGN OWNED",
    ),
    (
        "ALTER FUNCTION audit_event_refuse() OWNER TO holdfast",
        "ALTER FUNCTION audit_event_refuse() OWNER TO holdfast_owner",
        "owns the database, its schema or functions: REASSIGN OWNED",
    ),
    (
        "ALTER ROLE holdfast SET app.tenant = '*'",
        "ALTER ROLE holdfast RESET app.tenant",
        "begins with app.tenant set, so that forgetting to set it opens rows: ALTER ROLE holdfast RESET app.tenant",
    ),
    (
        "ALTER DATABASE holdfast SET app.tenant = '*'",
        "ALTER DATABASE holdfast RESET app.tenant",
        "begins with app.tenant set",
    ),
]


def test_a_role_that_policies_do_not_bind_for_certain_does_not_serve(server: ScratchPostgresql, tmp_path: Path) -> None:
    run_script(server, tmp_path)
    holdfast = instance(server, tmp_path)
    manage(holdfast, "migrate", "--verbosity", "0")

    def started() -> tuple[int, str]:
        ran = subprocess.run(
            [sys.executable, "-c", "import vault.wsgi"],
            cwd=ROOT, env=holdfast.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in ran.stderr
        return ran.returncode, ran.stderr

    with psycopg.connect(server.url("holdfast", role=SUPERUSER), autocommit=True) as connection:
        for change, undo, said in TOO_MUCH:
            connection.execute(change.encode())
            code, words = started()
            assert (code, said in words) == (4, True), change + words
            connection.execute(undo.encode())
        assert started()[0] == 0
        connection.execute(b"ALTER ROLE holdfast BYPASSRLS")
    assert "bypasses row-level security" in manage(holdfast, "check", "--database", "default", code=1)

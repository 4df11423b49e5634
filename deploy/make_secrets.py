"""Makes every secret of an installation, once: `docker compose run --rm setup` runs it.

    python deploy/make_secrets.py FOLDER

Each file belongs to the one service that reads it, and to nobody else. An existing file is never changed, so running
this again is harmless. The root key is worth as much as all secrets together: keep a copy of it away from this
machine, and away from the database's backups.
"""

import argparse
import os
import secrets
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from vault.crypto.rootkey import generate_root_key_text

APPLICATION_UID = 10001  # deploy/Dockerfile
DATABASE_UID = 999  # the user postgres of the image postgres
DATABASE_HOST = "database"  # its name in compose.yaml, and in its certificate
CERTIFICATE_DAYS = 3650


def _write(path: Path, text: str, owner: int) -> None:
    """Create `path` for its owner's eyes alone; as an ordinary user, for one's own."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
    if os.geteuid() == 0:
        os.chown(path, owner, owner)


def _once(path: Path, text: str, owner: int) -> str:
    """The text of `path`, written now if there is no such file."""
    if not path.exists():
        _write(path, text, owner)
        sys.stdout.write(f"made {path}\n")
    return path.read_text(encoding="ascii").strip()


def _make_certificate(folder: Path, hosts: list[str]) -> None:
    """A certificate that signs itself, for the way from the application to the database: P-256, ten years.

    The application pins it (`sslmode=verify-full`), so no authority has to vouch for it.
    """
    key, certificate = folder / "database-key.pem", folder / "database-certificate.pem"
    if key.exists() and certificate.exists():
        return
    names = ",".join(f"{'IP' if host[0].isdigit() else 'DNS'}:{host}" for host in hosts)
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
         "-days", str(CERTIFICATE_DAYS), "-subj", f"/CN={hosts[0]}", "-addext", f"subjectAltName={names}",
         "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", "-", "-out", "-"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    private, _, public = made.stdout.partition("-----BEGIN CERTIFICATE-----")
    key.unlink(missing_ok=True)
    certificate.unlink(missing_ok=True)
    _write(key, private, DATABASE_UID)
    _write(certificate, f"-----BEGIN CERTIFICATE-----{public}", DATABASE_UID)
    certificate.chmod(0o444)
    sys.stdout.write(f"made {key}\nmade {certificate}\n")


def make_secrets(folder: Path, *, mounted_at: Path, hosts: list[str]) -> None:
    """Make what is missing in `folder`.

    :param mounted_at: where the application will find the files.
    :param hosts: the database server's names; the first is the one that the application connects to.
    """
    folder.mkdir(mode=0o711, exist_ok=True)
    _once(folder / "root-key", f"{generate_root_key_text()}\n", APPLICATION_UID)
    _once(folder / "secret-key", secrets.token_urlsafe(64), APPLICATION_UID)
    _once(folder / "database-superuser-password", secrets.token_urlsafe(32), DATABASE_UID)
    password = _once(folder / "database-password", secrets.token_urlsafe(32), DATABASE_UID)
    owner_password = _once(folder / "database-owner-password", secrets.token_urlsafe(32), DATABASE_UID)
    for name, role, word in (
        ("database-url", "holdfast", password),
        ("database-owner-url", "holdfast_owner", owner_password),
    ):
        _once(
            folder / name,
            f"postgresql://{role}:{word}@{hosts[0]}:5432/holdfast"
            f"?sslmode=verify-full&sslrootcert={mounted_at / 'database-certificate.pem'}",
            APPLICATION_UID,
        )
    _make_certificate(folder, hosts)


def main() -> None:
    """Parse the folder and fill it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    make_secrets(arguments.folder, mounted_at=Path("/run/secrets"), hosts=[DATABASE_HOST])


if __name__ == "__main__":
    main()

"""Prepares the installation and becomes its web server: what `make serve` and the container run.

In development everything is done here: the database is brought up to date, the static files are collected, and the
one-time set-up link is printed until there is an owner. In production nothing is changed: an operator migrates when
he chooses to (docs/operators/upgrade.md), and this says what is missing.
"""

import argparse
import errno
import io
import ipaddress
import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from vault.environment import Environment
from vault.process import protect_process

ROOT = Path(__file__).resolve().parent.parent


class CannotServe(Exception):
    """Holdfast cannot be served; the message says why, and what to do."""


def check_address(host: str, port: int, *, production: bool) -> None:
    """That the address may be served and is free.

    :raises CannotServe: for an address that development must not serve, that does not exist here, or that is taken.
    """
    if not production and not _is_loopback(host):
        raise CannotServe(
            f"Development serves this machine alone, and {host} can be reached from others. Use HOST=127.0.0.1, or "
            "install Holdfast for production: docs/operators/install.md."
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does: a port in TIME_WAIT is free
        try:
            probe.bind((host, port))
        except socket.gaierror:
            raise CannotServe(f"HOST is {host}, which names no address of this machine.") from None
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotServe(
                    f"Port {port} on {host} is in use. Stop what uses it, or choose another: make serve PORT={port + 1}"
                ) from None
            raise CannotServe(f"{host} port {port} cannot be served: {os.strerror(error.errno or 0)}.") from None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def prepare_development() -> None:
    """Bring the database up to date, collect the static files, and print the set-up link while nobody is owner."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    call_command("check", databases=["default"], stdout=io.StringIO())
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("setup_link")


def check_production() -> None:
    """That nothing has to be done before production can serve.

    :raises CannotServe: naming the command to run.
    """
    from django.conf import settings
    from django.core.management import call_command
    from django.db import ProgrammingError

    if not (settings.STATIC_ROOT / "staticfiles.json").is_file():
        raise CannotServe(f"There are no static files in {settings.STATIC_ROOT}. Run: manage.py collectstatic")
    try:
        call_command("migrate", check_unapplied=True, verbosity=0)
    except (SystemExit, ProgrammingError):  # it is behind, or it was never said what the application's role may do
        raise CannotServe(
            "The database is not up to date. Back it up, then run: manage.py migrate (docs/operators/upgrade.md)"
        ) from None
    call_command("check", deploy=True, databases=["default"], stdout=io.StringIO())


def become_gunicorn(bind: str) -> NoReturn:
    """Replace this process, so that whoever started it signals the server itself."""
    os.environ["HOLDFAST_BIND"] = bind
    sys.stdout.flush()
    os.execv(  # noqa: S606 - no shell is wanted, and every argument is ours
        sys.executable,
        [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "deploy" / "gunicorn.conf.py"), "vault.wsgi"],
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"{text} is no port: use a number from 1 to 65535")
    return int(text)


def serve(host: str, port: int) -> NoReturn:
    """Prepare, then serve until stopped.

    :raises CannotServe: when the address or the installation does not allow it.
    """
    os.umask(0o077)  # for all that is started here as well: files for their owner alone
    protect_process()
    os.chdir(ROOT)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vault.settings")
    # Resolved here, because it may be in a file, and gunicorn's configuration asks for it, too.
    os.environ["HOLDFAST_ENV"] = Environment().text("HOLDFAST_ENV", "development")
    production = os.environ["HOLDFAST_ENV"] == "production"
    check_address(host, port, production=production)
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if not production:
        os.environ.setdefault("HOLDFAST_BASE_URL", f"http://{address}")

    import django
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management.base import CommandError
    from django.db import OperationalError

    try:
        django.setup()
        check_production() if settings.PRODUCTION else prepare_development()
    except (ImproperlyConfigured, CommandError) as error:
        raise CannotServe(str(error)) from None
    except OperationalError as error:
        raise CannotServe(f"The database cannot be used: {error}") from None
    become_gunicorn(address)


def main() -> NoReturn:
    """Parse the address and serve."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", default=8000, type=_port)
    arguments = parser.parse_args()
    try:
        serve(arguments.host, arguments.port)
    except CannotServe as refusal:
        sys.exit(str(refusal))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()

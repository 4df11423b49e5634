"""The entry point for gunicorn, which refuses to serve when a key is missing. Importing it is starting."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from vault.bodies import MeasuredBody
from vault.process import protect_process

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vault.settings")

EXIT_CONFIGURATION = 4
"""gunicorn stops for good on a worker that exits with 4 (APP_LOAD_ERROR), instead of starting it again and again."""


def _application() -> MeasuredBody:
    """The application, or an exit with a message that names what to configure, without a traceback around it."""
    protect_process()
    try:
        django_application = get_wsgi_application()
        from django.conf import settings

        _check_role()
        _check_keys()
    except ImproperlyConfigured as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - there may be no logging yet
        sys.exit(EXIT_CONFIGURATION)
    return MeasuredBody(django_application, settings.REQUEST_BODY_LIMIT)


def _check_role() -> None:
    """Raises ImproperlyConfigured if the database's policies do not bind the role that the application signs in as."""
    from django.db import DatabaseError, connection

    from vault.database.owner import excess_of_role

    try:
        excess = excess_of_role(connection) if connection.vendor == "postgresql" else []
    except DatabaseError:
        return  # not there yet: see below
    if excess:
        listed = "\n".join(f"  - {problem}" for problem in excess)
        raise ImproperlyConfigured(f"Holdfast cannot start (docs/operators/upgrade.md, Two roles):\n{listed}")


def _check_keys() -> None:
    """Raises ImproperlyConfigured if a root key is missing that the database needs; makes the instance's own keys.

    Writes down which root keys there are, and that this process has them.
    """
    from django.db import DatabaseError, connection

    from audit.system_keys import make_system_keys
    from vault.crypto.errors import CryptoError
    from vault.keys import processes
    from vault.keys.rootkeys import record_root_keys
    from vault.keys.startup import verify_root_keys

    processes.announce()
    try:
        verify_root_keys()
        record_root_keys()
        make_system_keys()
        processes.seen()
    except CryptoError as problem:
        raise ImproperlyConfigured(f"Holdfast cannot start:\n  - {problem}") from problem
    except DatabaseError:
        # Not there yet, or not migrated: pages answer 503 and /readyz says so until it is.
        pass
    finally:
        connection.close()  # a worker that is forked from here must not share it


application = _application()

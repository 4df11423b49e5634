"""Two questions that machines ask: is the process alive, and can it serve. The answers are yes or no, nothing else."""

import logging

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse

from vault.crypto.errors import CryptoError
from vault.keys import processes
from vault.keys.startup import verify_root_keys

logger = logging.getLogger(__name__)


def healthz(request: HttpRequest) -> HttpResponse:
    """Whether the process answers. Asks nothing of the database: a database that is down is not mended by a restart."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Whether the process can serve: database reachable and migrated, every root key that is needed there. Else 503."""
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        verify_root_keys()
        processes.seen()  # a process that only waits still needs the next root key before the old one goes
    except (DatabaseError, CryptoError, ImproperlyConfigured) as error:
        logger.warning("Not ready: %s", type(error).__name__)
        return _not_ready()
    if pending:
        logger.warning("Not ready: %d migrations are not applied", len(pending))
        return _not_ready()
    return HttpResponse("ready\n", content_type="text/plain")


def _not_ready() -> HttpResponse:
    return HttpResponse("not ready\n", status=503, content_type="text/plain")

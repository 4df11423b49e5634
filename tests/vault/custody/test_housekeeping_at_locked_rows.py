"""Housekeeping beside a session of the database that holds rows and does not end: it comes to its own end."""

from datetime import timedelta
from threading import Event
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tests.cast import Cast
from tests.orgs.parallel import in_parallel
from vault.custody import services
from vault.custody.kinds import OperationKind
from vault.custody.models import KeyOperation
from vault.custody.services import keeping
from vault.custody.services.authority import OPERATOR
from vault.keys.purposes import Purpose
from vault.secrets.models import Secret, SecretVersion

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("compromised", [False, True])
def test_it_tells_what_it_could_not_move_and_ends(
    transactional_cast: Cast, stored: list[Secret], compromised: bool
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time, and no locks of rows")
    scope = transactional_cast.acme.key_scope
    if compromised:
        operation = services.declare_compromise(actor=OPERATOR, scope=scope)
    else:
        services.rotate_key(actor=OPERATOR, scope=scope, purpose=Purpose.DATA)
        operation = services.start_operation(
            actor=OPERATOR, kind=OperationKind.REWRAP, scope=scope, purpose=Purpose.DATA
        )
    KeyOperation.objects.update(heartbeat_at=timezone.now() - timedelta(hours=1))
    held, over, told = Event(), Event(), []

    def hung() -> None:
        with transaction.atomic():
            SecretVersion.objects.select_for_update().get(secret=stored[0])
            held.set()
            over.wait(60)

    def housekeeping() -> None:
        held.wait(30)
        try:
            with patch.object(keeping, "_STRETCH", 0.3), patch.object(keeping, "_AT_MOST", 2.0):
                told.append(keeping.keep_keys())
        finally:
            over.set()

    assert in_parallel(hung, housekeeping) == [None, None]
    operation.refresh_from_db()
    assert (told[0].operations_finished, operation.running) == (0, True)
    if not compromised:
        assert "another session of the database holds its rows" in " ".join(told[0].problems)
    KeyOperation.objects.update(heartbeat_at=timezone.now() - timedelta(hours=1))
    assert keeping.keep_keys().operations_finished >= 1
    operation.refresh_from_db()
    assert operation.state == "done"

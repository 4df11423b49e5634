"""The trash is emptied of what is still in it, not of what was in it a moment ago."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from tests.sealing import change
from vault.secrets.models import Secret
from vault.secrets.services import purge_expired_trash

pytestmark = pytest.mark.django_db


def test_it_keeps_a_secret_that_was_restored_after_the_expired_ones_were_listed(secret: Secret) -> None:
    expired = timezone.now() - timedelta(days=settings.TRASH_DAYS, seconds=1)
    change(Secret.objects.filter(pk=secret.pk), trashed_at=expired)
    restored: list[bool] = []

    def restored_just_after(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        listed = execute(sql, *arguments)
        if not restored:
            restored.append(True)
            # On a cursor of its own: the list has not been read yet.
            change(Secret.objects.filter(pk=secret.pk), trashed_at=None)
        return listed

    with connection.execute_wrapper(restored_just_after):
        purged = purge_expired_trash()
    assert restored
    assert purged == 0
    assert Secret.objects.filter(pk=secret.pk, trashed_at__isnull=True).exists()

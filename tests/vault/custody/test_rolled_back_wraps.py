"""What was wrapped in a transaction that was rolled back counts: in the inventory, and for housekeeping."""

from typing import Any

import pytest
from django.db import transaction

from vault.custody.selectors import KeyLine, lines_of
from vault.custody.services.rotation import rotate_due_keys
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, Purpose
from vault.keys.writing import keyring_to_write

pytestmark = pytest.mark.django_db(transaction=True)


def _line() -> KeyLine:
    (line,) = lines_of(WrappedKey.objects.filter(scope=SYSTEM_SCOPE, purpose=Purpose.TOTP, state="active"))
    return line


def test_the_inventory_and_housekeeping_see_it(settings: Any) -> None:
    before = _line()
    with transaction.atomic():
        keyring_to_write(SYSTEM_SCOPE, Purpose.TOTP, wraps=5000)
        transaction.set_rollback(True)
    line = _line()
    assert line.wraps >= before.wraps + 5000

    settings.KEY_WRAP_ROTATE_AT = line.wraps + 1
    assert rotate_due_keys() == []
    settings.KEY_WRAP_ROTATE_AT = line.wraps
    (rotated,) = rotate_due_keys()
    assert (rotated.purpose, rotated.version) == (Purpose.TOTP, line.version + 1)
    assert rotate_due_keys() == []

"""An instance that was read before its value was moved to another key, and saved after the former key is gone."""

from collections.abc import Callable

import pytest
from django.db import transaction

from tests.vault.fields.app.models import Seed
from tests.vault.fields.conftest import stored
from vault.crypto.envelope import key_id_of
from vault.crypto.errors import KeyUnavailable
from vault.fields import census
from vault.fields.rewrapping import Mode, advance, outstanding
from vault.keys.lifecycle import activate, add_pending_key, destroy, retire
from vault.keys.models import WrappedKey
from vault.keys.purposes import SYSTEM_SCOPE, KeyState, Purpose

pytestmark = pytest.mark.usefixtures("installed")


def _replace_key() -> WrappedKey:
    """Every value moves to a new key, and the one before is destroyed."""
    old = WrappedKey.objects.get(scope=SYSTEM_SCOPE, purpose=Purpose.TOTP, state=KeyState.ACTIVE)
    new = activate(add_pending_key(scope=SYSTEM_SCOPE, purpose=Purpose.TOTP)).active
    while outstanding(SYSTEM_SCOPE, Purpose.TOTP):
        advance(SYSTEM_SCOPE, Purpose.TOTP, mode=Mode.REWRAP)
    destroy(retire(old, rows_left=census.rows_left), rows_left=census.rows_left)
    return new


def _loaded(row: Seed) -> Seed:
    return Seed.objects.get(pk=row.pk)


def _read(row: Seed) -> Seed:
    loaded = Seed.objects.get(pk=row.pk)
    assert loaded.seed == "secret"
    return loaded


def _as_it_was_created(row: Seed) -> Seed:
    return row


@pytest.mark.parametrize("stale_from", [_read, _as_it_was_created])
def test_saving_it_does_not_bring_back_the_value_under_the_former_key(stale_from: Callable[[Seed], Seed]) -> None:
    row = Seed.objects.create(seed="secret")
    stale = stale_from(row)
    new = _replace_key()
    stale.name = "renamed"
    with transaction.atomic():
        stale.save()
    assert key_id_of(stored(row, "seed")) == bytes(new.key_id)
    after = Seed.objects.get(pk=row.pk)
    assert (after.name, after.seed) == ("renamed", "secret")


def test_saving_one_that_never_opened_its_value_is_refused_and_leaves_the_row_as_it_is() -> None:
    row = Seed.objects.create(seed="secret")
    stale = _loaded(row)
    _replace_key()
    with pytest.raises(KeyUnavailable), transaction.atomic():
        stale.save()  # whether its value belongs to this row cannot be told any more
    assert _loaded(row).seed == "secret"


def test_a_value_that_was_not_assigned_is_not_written() -> None:
    row = _loaded(Seed.objects.create(seed="secret"))
    before = stored(row, "seed")
    with transaction.atomic():
        other = Seed.objects.get(pk=row.pk)
        other.seed = "of somebody else"
        other.save()
    row.save()
    assert stored(row, "seed") != before
    assert _loaded(row).seed == "of somebody else"


def test_what_was_written_in_a_transaction_that_was_rolled_back_is_written_again() -> None:
    row = Seed.objects.create(seed="first")
    with transaction.atomic():
        row.seed = "second"
        row.save()
        transaction.set_rollback(True)
    assert _loaded(row).seed == "first"
    row.save()
    assert _loaded(row).seed == "second"

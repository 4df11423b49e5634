"""One key that cannot be had takes no other with it: only what is under it stays closed."""

from collections.abc import Callable

import pytest
from django.db import transaction
from pytest_django import Settings

from tests.vault.keys.conftest import supersede
from vault.crypto.errors import CryptoError, DamagedKey
from vault.crypto.rootkey import RootKey
from vault.keys import keyrings
from vault.keys.keyrings import WrongRootKey, keyring_for
from vault.keys.models import WrappedKey
from vault.keys.peppers import keyed_hash_candidates
from vault.keys.purposes import SYSTEM_SCOPE, KeyState, Purpose
from vault.keys.rootkeys import begin_root_rotation, next_root_key
from vault.keys.services import create_tenant_key
from vault.keys.writing import keyring_to_write

pytestmark = pytest.mark.django_db


def _damage(key: WrappedKey, column: str = "wrapped") -> None:
    wrapped = bytes(getattr(key, column))
    WrappedKey.objects.filter(pk=key.pk).update(**{column: wrapped[:-1] + bytes([wrapped[-1] ^ 1])})
    keyrings.drop()


@pytest.fixture
def old(scope: str) -> WrappedKey:
    """A key that was superseded."""
    key = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    supersede(scope, Purpose.DATA)
    key.refresh_from_db()
    return key


def test_a_damaged_older_key_is_missed_only_by_what_needs_it(
    old: WrappedKey, scope: str, caplog: pytest.LogCaptureFixture
) -> None:
    _damage(old)
    ring = keyring_for(scope, Purpose.DATA)
    assert ring.active.version == 2
    with transaction.atomic():
        assert keyring_to_write(scope, Purpose.DATA, wraps=1).active.version == 2
    assert old.fingerprint in caplog.text
    with pytest.raises(DamagedKey, match="version 1"):
        keyring_for(scope, Purpose.DATA, needing=bytes(old.key_id))


def test_so_is_one_whose_root_key_is_not_there(
    old: WrappedKey, scope: str, root_key_text: str, settings: Settings, use_root_keys: Callable[..., list[RootKey]]
) -> None:
    foreign = bytes(old.wrapped)[:1] + RootKey.from_text(root_key_text).key_id + bytes(old.wrapped)[17:]
    WrappedKey.objects.filter(pk=old.pk).update(wrapped=foreign)
    keyrings.drop()
    assert keyring_for(scope, Purpose.DATA).active.version == 2
    with pytest.raises(WrongRootKey):
        keyring_for(scope, Purpose.DATA, needing=bytes(old.key_id))


def test_restored_it_opens_again_without_a_restart(old: WrappedKey, scope: str) -> None:
    _damage(old)
    keyring_for(scope, Purpose.DATA)
    WrappedKey.objects.filter(pk=old.pk).update(wrapped=old.wrapped)
    assert bytes(old.key_id) in keyring_for(scope, Purpose.DATA, needing=bytes(old.key_id))


def test_a_damaged_active_key_is_told_at_once(old: WrappedKey, scope: str) -> None:
    _damage(WrappedKey.objects.get(scope=scope, state=KeyState.ACTIVE))
    with pytest.raises(DamagedKey, match="version 2"):
        keyring_for(scope, Purpose.DATA)


def test_a_damaged_pepper_is_no_reason_to_find_nothing_silently() -> None:
    old = WrappedKey.objects.get(scope=SYSTEM_SCOPE, purpose=Purpose.TOKEN, state=KeyState.ACTIVE)
    supersede(SYSTEM_SCOPE, Purpose.TOKEN)
    _damage(old)
    with pytest.raises(CryptoError):
        keyed_hash_candidates(Purpose.TOKEN, b"message")


def test_of_two_wrappings_the_whole_one_opens(
    scope: str, settings: Settings, root_key_text: str, use_root_keys: Callable[..., list[RootKey]]
) -> None:
    key = create_tenant_key(scope=scope, purpose=Purpose.DATA)
    use_root_keys(str(settings.ROOT_KEY), root_key_text)
    begin_root_rotation(next_root_key())
    key.refresh_from_db()
    _damage(key)
    assert keyring_for(scope, Purpose.DATA).active.key_id == bytes(key.key_id)

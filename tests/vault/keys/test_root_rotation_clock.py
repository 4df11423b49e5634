"""Which root key takes over does not depend on what the clock says."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from tests.vault.keys.test_root_rotation import under
from vault.crypto.rootkey import RootKey
from vault.keys.models import KnownRootKey, WrappedKey
from vault.keys.purposes import Purpose
from vault.keys.rootkeys import (
    begin_root_rotation,
    finish_root_rotation,
    next_root_key,
    wrapping_root_key,
    wrapping_root_keys,
)
from vault.keys.services import create_tenant_key

pytestmark = pytest.mark.django_db


def test_a_clock_that_was_set_back_does_not_turn_a_rotation_round(
    scope: str, settings: Settings, root_key_text: str, use_root_keys: Callable[..., list[RootKey]]
) -> None:
    create_tenant_key(scope=scope, purpose=Purpose.DATA)
    ahead = timezone.now() + timedelta(days=400)
    KnownRootKey.objects.update(wrapping_since=ahead)  # it began when the clock was wrong
    old, new = use_root_keys(str(settings.ROOT_KEY), root_key_text)

    assert begin_root_rotation(next_root_key()) > 0
    now, following = wrapping_root_keys()
    assert following is not None
    assert (now.key_id, following.key_id) == (old.key_id, new.key_id)
    assert wrapping_root_key().key_id == new.key_id
    assert next_root_key().key_id == new.key_id
    finish_root_rotation(new)
    assert under(new) == WrappedKey.objects.count()
    now, following = wrapping_root_keys()
    assert (now.key_id, following) == (new.key_id, None)

"""Bringing an earlier version back."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from audit.actions import Action
from audit.models import Event
from orgs.permissions import AccessDenied
from tests.cast import Cast
from tests.vault.secrets.conftest import StoreSecret
from tests.vault.secrets.test_update import edit, payload
from vault.crypto.errors import DamagedValue
from vault.secrets.errors import Conflict, InTrash, UnknownVersion
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.selectors import versions_of
from vault.secrets.services import restore_version, reveal_secret, trash_secret


def test_it_makes_a_new_version_with_the_earlier_values(cast: Cast, secret: Secret) -> None:
    second = edit(cast.bob, secret, {"value": "second"}, name="RENAMED")
    restored = restore_version(actor=cast.alice, secret=second, number=1)
    assert payload(restored) == {"value": "sk_live_canary"}
    assert (restored.version, restored.name) == (3, "RENAMED")
    version = SecretVersion.objects.get(secret=secret, number=3)
    assert (version.restored_from, version.changed_fields, version.created_by) == (1, ["value"], cast.alice)
    assert Event.objects.get(action=Action.SECRET_RESTORED).details == {
        "version": 3, "restored_from": 1, "changed_fields": ["value"],
    }  # fmt: skip


def test_it_encrypts_anew(cast: Cast, secret: Secret) -> None:
    edit(cast.bob, secret, {"value": "second"})
    restore_version(actor=cast.alice, secret=secret, number=1)
    first, third = (bytes(SecretVersion.objects.get(secret=secret, number=n).payload_envelope) for n in (1, 3))
    assert first[-32:] != third[-32:]


def test_it_does_nothing_when_the_values_are_the_same(cast: Cast, secret: Secret) -> None:
    edit(cast.bob, secret, name="RENAMED")
    assert restore_version(actor=cast.alice, secret=secret, number=1).version == 2


@pytest.mark.parametrize("number", [0, 2, 2**31, 10**30])
def test_it_refuses_a_version_that_does_not_exist(cast: Cast, secret: Secret, number: int) -> None:
    with pytest.raises(UnknownVersion):
        restore_version(actor=cast.alice, secret=secret, number=number)


def test_it_restores_nothing_in_the_trash(cast: Cast, secret: Secret) -> None:
    trash_secret(actor=cast.alice, secret=secret)
    with pytest.raises(InTrash):
        restore_version(actor=cast.alice, secret=secret, number=1)


def test_it_is_for_those_who_may_write(cast: Cast, secret: Secret) -> None:
    with pytest.raises(AccessDenied):
        restore_version(actor=cast.vera, secret=secret, number=1)


def test_it_is_the_way_out_of_a_value_that_is_damaged(cast: Cast, secret: Secret) -> None:
    second = edit(cast.bob, secret, {"value": "second"})
    version = SecretVersion.objects.get(secret=secret, number=2)
    with connection.cursor() as cursor:
        stored = bytearray(bytes(version.payload_envelope))
        stored[-1] ^= 1
        cursor.execute(
            "UPDATE secrets_secretversion SET payload = %s WHERE number = 2 AND secret_id = %s",
            [bytes(stored), SecretVersion._meta.get_field("secret").get_db_prep_value(secret.pk, connection)],
        )
    with pytest.raises(DamagedValue):
        _ = SecretVersion.objects.get(pk=version.pk).payload
    restored = restore_version(actor=cast.alice, secret=second, number=1)
    assert payload(restored) == {"value": "sk_live_canary"}


def test_a_version_that_is_not_there_has_no_page(cast: Cast, secret: Secret, client_for: Callable[..., Client]) -> None:
    client = client_for(cast.bob)
    for name in ("secrets:version", "secrets:version_restore"):
        assert client.get(reverse(name, args=[secret.pk, 1])).status_code == 200
        assert client.get(reverse(name, args=[secret.pk, 2])).status_code == 404


def test_each_secret_has_its_own_versions(cast: Cast, store: StoreSecret) -> None:
    one, other = store("ONE", "first"), store("OTHER", "second")
    edit(cast.bob, one, {"value": "third"})
    assert [version.secret for version in versions_of(other)] == [other]
    for secret, value in ((one, "third"), (other, "second")):
        assert reveal_secret(actor=cast.bob, secret=secret.pk)["value"] == value
    for secret, value in ((one, "first"), (other, "second")):
        assert reveal_secret(actor=cast.bob, secret=secret.pk, version=1)["value"] == value
    edit(cast.alice, other, {"value": "fourth"})
    with pytest.raises(Conflict) as refused:
        edit(cast.bob, other, {"value": "fifth"})
    assert len(refused.value.changes) == 1

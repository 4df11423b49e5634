"""No key, wrong key, damaged value: each is told apart, names what is needed, and never a value."""

from collections.abc import Callable
from uuid import UUID

import pytest

from tests.vault.fields.app.models import Seed, Version
from tests.vault.fields.conftest import overwrite, stored
from vault.crypto.errors import DamagedValue, KeyUnavailable, UnsupportedFormat, WrongKey
from vault.crypto.fingerprint import fingerprint
from vault.keys import keyrings
from vault.keys.models import WrappedKey
from vault.keys.providers import RootKeyProblem
from vault.keys.purposes import KeyState, Purpose
from vault.keys.services import create_tenant_key


def test_no_root_key(settings: object) -> None:
    row = Seed.objects.get(pk=Seed.objects.create(name="one", seed="secret").pk)
    settings.ROOT_KEY = settings.ROOT_KEY_FILE = None  # type: ignore[attr-defined]  # pytest-django's settings
    keyrings.forget()
    with pytest.raises(RootKeyProblem, match="There is no root key"):
        _ = row.seed


def test_a_wrong_root_key(lose_root_key: Callable[[], None]) -> None:
    row = Seed.objects.get(pk=Seed.objects.create(name="one", seed="secret").pk)
    needed = fingerprint(bytes(WrappedKey.objects.get(purpose="totp").root_key_id))
    lose_root_key()
    with pytest.raises(WrongKey, match=f"Wrong root key: the one with the fingerprint {needed} is needed"):
        _ = row.seed


def test_no_tenant_key(organization: UUID) -> None:
    created = Version.objects.create(organization_id=organization, payload={"value": "secret"})
    row = Version.objects.get(pk=created.pk)
    needed = fingerprint(row.payload_envelope.key_id)
    WrappedKey.objects.filter(scope=str(organization)).delete()
    with pytest.raises(KeyUnavailable, match=f"data key of {organization} with the fingerprint {needed} is needed"):
        _ = row.payload


def test_a_destroyed_tenant_key(organization: UUID) -> None:
    created = Version.objects.create(organization_id=organization, payload={"value": "secret"})
    WrappedKey.objects.filter(scope=str(organization)).update(state=KeyState.DESTROYED.value, wrapped=b"")
    with pytest.raises(KeyUnavailable):
        _ = Version.objects.get(pk=created.pk).payload


def test_a_damaged_value() -> None:
    row = Seed.objects.create(name="one", seed="canary-4f1a")
    envelope = stored(row, "seed")
    for broken in (envelope[:-1], envelope + b"\0", envelope[:120] + bytes([envelope[120] ^ 1]) + envelope[121:]):
        overwrite(row, "seed", broken)
        with pytest.raises(DamagedValue) as caught:
            _ = Seed.objects.get(pk=row.pk).seed
        message = str(caught.value)
        assert f"fields_app_seed.seed of row {row.uid}" in message
        assert fingerprint(envelope[1:17]) in message
        assert "canary" not in message


@pytest.mark.parametrize("broken", [b"", b"\x02" + bytes(200), b"plaintext"])
def test_bytes_of_no_known_format(broken: bytes) -> None:
    row = Seed.objects.create(name="one", seed="secret")
    overwrite(row, "seed", broken)
    with pytest.raises(UnsupportedFormat):
        _ = Seed.objects.get(pk=row.pk).seed


def test_a_failed_reading_leaves_nothing_behind() -> None:
    row = Seed.objects.create(name="one", seed="secret")
    envelope = stored(row, "seed")
    overwrite(row, "seed", envelope[:-1])
    loaded = Seed.objects.get(pk=row.pk)
    for _ in range(2):
        with pytest.raises(DamagedValue):
            _ = loaded.seed
    overwrite(row, "seed", envelope)
    loaded.refresh_from_db()
    assert loaded.seed == "secret"


def test_a_key_that_this_process_has_not_seen_yet_is_fetched(organization: UUID) -> None:
    scope = str(organization)
    Version.objects.create(organization_id=organization, number=1, payload={"value": "old"})
    remembered = {(scope, Purpose.DATA): keyrings.keyring_for(scope, Purpose.DATA)}
    WrappedKey.objects.filter(scope=scope).update(state=KeyState.DECRYPT_ONLY.value)
    create_tenant_key(scope=scope, purpose=Purpose.DATA)
    Version.objects.create(organization_id=organization, number=2, payload={"value": "new"})
    keyrings._rings.update(remembered)  # as in a process that looked before the new key was made
    assert [
        row.payload["value"] for row in Version.objects.filter(organization_id=organization).order_by("number")
    ] == [
        "old",
        "new",
    ]

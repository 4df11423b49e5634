"""`keys verify` opens all there is: values of every kind and version, files, second factors, tenant keys."""

from base64 import b64encode
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection

from accounts.models import TOTPDevice
from tests.cast import Cast, authenticator_of
from tests.vault.custody.commands import keys, keys_with_code
from vault.crypto.rootkey import RootKey
from vault.keys.models import WrappedKey
from vault.secrets.kinds import Kind
from vault.secrets.models import Secret, SecretVersion
from vault.secrets.services import create_secret, trash_secret, update_secret

pytestmark = pytest.mark.django_db


@pytest.fixture
def everything(cast: Cast, stored: list[Secret]) -> dict[str, Callable[[], str]]:
    """Seven values with a second version of one and another one in the trash, a file, a second factor. What damages
    each of them, and gives the uid of its row."""
    place = stored[0].environment
    file = create_secret(
        actor=cast.alice, environment=place, kind=Kind.FILE, name="CERTIFICATE",
        values={"filename": "server.pem", "content": b64encode(b"canary file").decode()},
    )  # fmt: skip
    update_secret(
        actor=cast.alice, secret=stored[0], base_version=1, name="NAME_0", description="", tags=(),
        values={"value": "canary again"},
    )  # fmt: skip
    trash_secret(actor=cast.alice, secret=stored[6])
    device = authenticator_of(cast.bob)

    def version(secret: Secret, number: int) -> str:
        row = SecretVersion.objects.get(secret=secret, number=number)
        _cut("secrets_secretversion", "payload", "uid", row.pk.hex if connection.vendor == "sqlite" else row.pk)
        return str(secret.uid)

    def second_factor() -> str:
        _cut("accounts_totpdevice", "key", "id", device.pk)
        return str(device.uid)

    def tenant_key() -> str:
        row = WrappedKey.objects.get(scope=cast.initech.key_scope)
        WrappedKey.objects.filter(pk=row.pk).update(wrapped=bytes(row.wrapped)[:-1] + b"\x00")
        return str(row.uid)

    return {
        "a value": lambda: version(stored[3], 1),
        "an earlier version": lambda: version(stored[0], 1),
        "a value in the trash": lambda: version(stored[6], 1),
        "a file": lambda: version(file, 1),
        "a second factor": second_factor,
        "a tenant key": tenant_key,
    }


def _cut(table: str, column: str, key: str, value: UUID | str | int) -> None:
    """Takes the last byte of a stored value away."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE {key} = %s", [value])  # noqa: S608 - names from above
        (stored,) = cursor.fetchone()
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {key} = %s", [bytes(stored)[:-1], value])  # noqa: S608 - as before


def test_it_counts_every_column(cast: Cast, everything: dict[str, Callable[[], str]]) -> None:
    document = keys("verify", "--all")
    assert document["by_table"] == {
        "secrets_secretversion.payload": {"checked": 9, "failed": 0},
        "accounts_totpdevice.key": {"checked": TOTPDevice.objects.count(), "failed": 0},
        "keys_wrappedkey.wrapped": {"checked": WrappedKey.objects.count(), "failed": 0},
    }
    assert document["checked"] == sum(each["checked"] for each in document["by_table"].values())
    assert keys("verify") | {"operation": "", "started_at": "", "finished_at": ""} == document | {
        "operation": "", "started_at": "", "finished_at": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    "damaged", ["a value", "an earlier version", "a value in the trash", "a file", "a second factor", "a tenant key"]
)
def test_it_finds_the_row_that_does_not_open(
    cast: Cast, everything: dict[str, Callable[[], str]], damaged: str
) -> None:
    uid = everything[damaged]()
    document, code = keys_with_code("verify", "--all")
    assert (code, document["failed"]) == (1, 1)
    (failure,) = document["failures"]
    assert failure["row"].replace("-", "") == uid.replace("-", "")
    assert "canary" not in str(document)


def test_it_finds_a_second_wrapping_that_does_not_open(cast: Cast, next_root: RootKey) -> None:
    """Before `keys rotate-root --finish` makes it the only one."""
    keys("rotate-root")
    row = WrappedKey.objects.get(scope=cast.initech.key_scope)
    WrappedKey.objects.filter(pk=row.pk).update(next_wrapped=bytes(row.next_wrapped or b"")[:-1] + b"\x00")
    document, code = keys_with_code("verify", "--all")
    assert (code, document["failed"]) == (1, 1)
    (failure,) = document["failures"]
    assert (failure["row"], failure["column"]) == (str(row.uid), "next_wrapped")

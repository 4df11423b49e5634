"""`keys rotate-root`: another root key takes over."""

import re

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from audit.actions import Action
from audit.models import Event
from tests.cast import Cast
from tests.vault.custody.commands import keys, keys_with_code
from vault.crypto.rootkey import RootKey
from vault.custody import services
from vault.keys import keyrings, rootkeys
from vault.keys.models import ServingProcess, WrappedKey
from vault.secrets.models import Secret
from vault.secrets.services import reveal_secret

pytestmark = pytest.mark.django_db


def test_the_next_one_wraps_beside_the_present_one_and_then_alone(
    cast: Cast, stored: list[Secret], next_root: RootKey
) -> None:
    number = WrappedKey.objects.count()
    before = rootkeys.wrapping_root_key()
    begun = keys("rotate-root")
    assert begun == {"root_key": next_root.fingerprint, "keys": number, "finished": False}
    assert reveal_secret(actor=cast.alice, secret=stored[0].pk)["value"] == "canary 0"
    finished = keys("rotate-root", "--finish")
    assert finished == {"root_key": next_root.fingerprint, "keys": number, "finished": True}
    assert not WrappedKey.objects.filter(root_key_id=before.key_id).exists()
    with override_settings(ROOT_KEY=str(settings.ROOT_KEY).split()[1]):  # the one before can go
        keyrings.forget()
        assert reveal_secret(actor=cast.alice, secret=stored[0].pk)["value"] == "canary 0"
    actions = list(Event.objects.order_by("id").values_list("action", flat=True))
    assert actions.count(Action.ROOT_KEY_ROTATION_STARTED) == actions.count(Action.ROOT_KEY_ROTATION_FINISHED) == 1


def test_it_writes_nothing_but_keys_and_the_log(cast: Cast, stored: list[Secret], next_root: RootKey) -> None:
    """So what it costs does not depend on how many secrets there are."""
    for words in (["rotate-root"], ["rotate-root", "--finish"]):
        with CaptureQueriesContext(connection) as captured:
            keys(*words)
        statements = [query["sql"] for query in captured]
        written = {
            table for sql in statements for table in re.findall(r'^(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"', sql)
        }
        assert "keys_wrappedkey" in written
        assert {table.partition("_")[0] for table in written} == {"keys", "audit"}
        assert not [sql for sql in statements if "secrets_" in sql or "accounts_totpdevice" in sql]


def test_it_does_nothing_the_second_time(cast: Cast, next_root: RootKey) -> None:
    keys("rotate-root", "--to", next_root.fingerprint)
    newest = Event.objects.latest("id").id
    assert keys("rotate-root")["keys"] == 0
    assert keys("rotate-root", "--to", next_root.fingerprint)["keys"] == 0
    assert Event.objects.latest("id").id == newest
    keys("rotate-root", "--finish")
    newest = Event.objects.latest("id").id
    assert keys("rotate-root", "--finish") == {"root_key": next_root.fingerprint, "keys": 0, "finished": True}
    assert Event.objects.latest("id").id == newest


def test_it_says_how_to_configure_the_next_one(cast: Cast) -> None:
    document, code = keys_with_code("rotate-root")
    assert code == 3
    assert "generate_root_key" in document["error"]


def test_it_is_not_finished_while_a_process_lacks_it(cast: Cast, next_root: RootKey) -> None:
    keys("rotate-root")
    ServingProcess.objects.create(host="old", pid=7, root_key_ids=[])
    document, code = keys_with_code("rotate-root", "--finish")
    assert code == 3
    assert "7 on old" in document["error"]
    assert WrappedKey.objects.filter(next_root_key_id__isnull=False).exists()
    assert keys_with_code("rotate-root", "--finish", "--force")[1] == 3  # it asks
    assert keys("rotate-root", "--finish", "--force", "--yes")["finished"]
    assert Event.objects.latest("id").details["forced"]


def test_it_is_for_instance_administrators(cast: Cast, next_root: RootKey) -> None:
    with pytest.raises(PermissionDenied):
        services.rotate_root(actor=cast.charlie)
    services.rotate_root(actor=cast.alice)
    with pytest.raises(PermissionDenied):
        services.finish_root_rotation(actor=cast.charlie)

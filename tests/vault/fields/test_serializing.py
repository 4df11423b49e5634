"""`dumpdata` takes ciphertext out, and `loaddata` brings it back to its place and to no other."""

import json
from io import StringIO
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.core import serializers
from django.core.management import call_command
from django.core.serializers.base import DeserializationError

from tests.vault.fields.app.models import Seed, Version
from tests.vault.fields.conftest import stored
from vault.crypto.errors import DamagedValue
from vault.fields import PlaintextRefused

CANARY = "canary-4f1a"

pytestmark = pytest.mark.usefixtures("installed")


@pytest.mark.parametrize("form", ["json", "jsonl", "xml", "python"])
def test_it_gives_ciphertext_in_every_form(form: str, organization: UUID) -> None:
    row = Version.objects.create(organization_id=organization, payload={"value": CANARY})
    assert row.payload["value"] == CANARY
    written = str(serializers.serialize(form, [row]))
    assert CANARY not in written
    assert "hfenvelope-" in written


def test_what_was_dumped_loads_into_its_row(tmp_path: Path, organization: UUID) -> None:
    row = Version.objects.create(organization_id=organization, payload={"value": CANARY})
    before = stored(row, "payload")
    out = StringIO()
    call_command("dumpdata", "fields_app.version", stdout=out)
    assert CANARY not in out.getvalue()
    Version.objects.all().delete()
    path = tmp_path / "dump.json"
    path.write_text(out.getvalue())
    call_command("loaddata", path, verbosity=0)
    assert stored(row, "payload") == before
    assert Version.objects.get(pk=row.pk).payload == {"value": CANARY}


def test_what_was_dumped_does_not_open_in_another_row() -> None:
    row = Seed.objects.create(name="one", seed=CANARY)
    (entry,) = json.loads(serializers.serialize("json", [row]))
    entry["pk"], entry["fields"]["uid"] = None, str(uuid4())
    for loaded in serializers.deserialize("json", json.dumps([entry])):
        loaded.save()
    with pytest.raises(DamagedValue):
        _ = Seed.objects.exclude(pk=row.pk).get().seed


@pytest.mark.parametrize("value", [CANARY, "hfenvelope-%%%", 7, ["x"]])
def test_no_plaintext_is_loaded(value: object) -> None:
    row = Seed.objects.create(name="one", seed="secret")
    (entry,) = json.loads(serializers.serialize("json", [row]))
    entry["fields"]["seed"] = value
    with pytest.raises((DeserializationError, PlaintextRefused)) as caught:
        list(serializers.deserialize("json", json.dumps([entry])))
    if isinstance(caught.value, PlaintextRefused):
        assert CANARY not in str(caught.value)
    assert Seed.objects.get(pk=row.pk).seed == "secret"


def test_a_plaintext_that_waits_for_its_save_is_not_serialized() -> None:
    row = Seed.objects.create(name="one", seed="secret")
    row.seed = CANARY
    with pytest.raises(PlaintextRefused, match="cannot be serialized before it is saved"):
        serializers.serialize("json", [row])

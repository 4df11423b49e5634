"""What the two fields take and give, byte for byte."""

import json
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.vault.fields.app.models import Note, Seed, Version
from tests.vault.fields.conftest import stored
from vault.crypto.envelope import MAX_PLAINTEXT
from vault.crypto.errors import ValueTooLarge

_rows = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
_unicode = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@_rows
@given(text=_unicode)
def test_any_text_is_given_back_as_it_was(text: str) -> None:
    row = Seed.objects.create(name="one", seed=text)
    assert Seed.objects.get(pk=row.pk).seed == text


@_rows
@given(payload=st.dictionaries(_unicode, _unicode, max_size=5))
def test_any_mapping_is_given_back_as_it_was(payload: dict[str, str], organization: UUID) -> None:
    row = Version.objects.create(organization_id=organization, payload=payload)
    read = Version.objects.get(pk=row.pk).payload
    assert dict(read) == payload
    assert list(read) == list(payload)


@pytest.mark.parametrize("text", ["", "\0", "line\r\nline\n", " spaces ", "ä é \N{SNOWMAN} \U0001f512", "x" * 100_000])
def test_nothing_is_trimmed_or_normalized(text: str, organization: UUID) -> None:
    note = Note.objects.create(organization_id=organization, body=text, footer=text)
    loaded = Note.objects.get(pk=note.pk)
    assert (loaded.body, loaded.footer) == (text, text)


def test_a_mapping_is_one_value_in_compact_json(organization: UUID) -> None:
    field = Version._meta.get_field("payload")
    assert field.to_plaintext({"a": "ä", "b": '"'}) == '{"a":"ä","b":"\\""}'.encode()


def test_a_mapping_that_is_read_cannot_be_changed(organization: UUID) -> None:
    row = Version.objects.create(organization_id=organization, payload={"value": "x"})
    for read in (row.payload, Version.objects.get(pk=row.pk).payload):
        with pytest.raises(TypeError):
            read["value"] = "y"


def test_what_becomes_of_the_callers_mapping_does_not_matter(organization: UUID) -> None:
    payload = {"value": "x"}
    row = Version(organization_id=organization, payload=payload)
    payload["value"] = "y"
    assert row.payload == {"value": "x"}
    row.save()
    payload["value"] = "z"
    assert row.payload == Version.objects.get(pk=row.pk).payload == {"value": "x"}


def test_a_mapping_that_was_read_can_be_assigned(organization: UUID) -> None:
    row = Version.objects.create(organization_id=organization, payload={"value": "x"})
    other = Version.objects.create(organization_id=organization, payload=row.payload)
    assert Version.objects.get(pk=other.pk).payload == {"value": "x"}


@pytest.mark.parametrize("broken", ["\ud800", "a\udfffb", "\udc80!"])
def test_half_of_a_surrogate_pair_is_refused(broken: str, organization: UUID) -> None:
    with pytest.raises(ValueError, match=r"fields_app\.Seed\.seed has a character that is not valid Unicode"):
        Seed(name="one", seed=broken)
    with pytest.raises(ValueError, match=r"fields_app\.Version\.payload has a character that is not valid Unicode"):
        Version(organization_id=organization, payload={"value": broken})


def test_the_size_of_a_value_has_a_limit(organization: UUID) -> None:
    row = Seed.objects.create(name="one", seed="x" * MAX_PLAINTEXT)
    assert len(Seed.objects.get(pk=row.pk).seed) == MAX_PLAINTEXT
    with pytest.raises(ValueTooLarge, match="at most 4,194,304 bytes"):
        Seed(name="one", seed="x" * (MAX_PLAINTEXT + 1))
    with pytest.raises(ValueTooLarge):
        Version(organization_id=organization, payload={"value": "é" * (MAX_PLAINTEXT // 2)})


def test_short_values_all_look_the_same_at_rest(organization: UUID) -> None:
    sizes = {
        len(stored(Seed.objects.create(name=str(uuid4()), seed="x" * length), "seed")) for length in range(0, 61, 12)
    }
    assert sizes == {201}


def test_json_that_is_stored_is_json(organization: UUID) -> None:
    row = Version.objects.create(organization_id=organization, payload={"value": "x"})
    field = Version._meta.get_field("payload")
    plaintext = field.decrypt(stored(row, "payload"), field.binding(row))
    assert json.loads(plaintext) == {"value": "x"}
